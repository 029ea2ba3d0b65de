"""How ratings compare with what is known: kept figures that equal a recount, and a page that counts nothing."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotations.models import Item
from annotations.settling.services import settle
from llm_workers.validating.comparing import comparison_refresh, ratings_compared
from llm_workers.validating.models import Rating, Validator, ValidatorComparison, VerifierFit
from llm_workers.validating.verifying import project_verify, unscored_projects
from tests.factories import add_label, make_annotator, make_items


@pytest.fixture
def rated(cast, llm, switch_on, work) -> Validator:
    """64 ratings of labels of gold items, half of them right."""
    llm.choose = lambda text, names: ["Disagree"] if text.endswith("Remove") else ["Agree"]
    person = make_annotator(cast.project)
    for number, item in enumerate(make_items(cast.project, 64, gold="keep", groups={"religion": "none"})):
        add_label(item, person, "remove" if number % 2 else "keep")
    switch_on()
    return work()


def counted(validator: Validator) -> list:
    return [tuple(row) for row in ValidatorComparison.objects.get(validator=validator).counts]


def test_it_is_kept_with_the_scores_and_equals_a_recount(cast, rated):
    assert not ValidatorComparison.objects.exists()
    before = timezone.now()
    project_verify(project_id=cast.project.pk)
    assert counted(rated) == ratings_compared(rated) != []
    assert ("", "", True, "agree", 32) in counted(rated)
    assert ("religion", "none", False, "disagree", 32) in counted(rated)
    kept = ValidatorComparison.objects.get()
    assert before <= kept.counted_at <= timezone.now()


def test_it_follows_settlements_gold_and_ratings_and_may_run_twice(cast, rated, labelled, work):
    project_verify(project_id=cast.project.pk)
    item = labelled("keep remove")
    work()
    settle(
        expert=cast.edgar,
        case_id=item.cases.get().pk,
        value="remove",
        cause="human_error",
        recurrent=False,
        reason="Clear.",
    )
    Item.objects.filter(pk=Item.objects.order_by("pk")[0].pk).update(gold="remove")
    assert counted(rated) != ratings_compared(rated)
    for _ in range(2):
        project_verify(project_id=cast.project.pk)
        assert counted(rated) == ratings_compared(rated)
    assert sum(row[-1] for row in counted(rated) if not row[0]) == Rating.objects.filter(status="done").count() == 66


def test_new_ratings_have_it_counted_anew_after_a_rest(cast, rated, labelled, work):
    project_verify(project_id=cast.project.pk)
    VerifierFit.objects.update(head=10**9)
    assert unscored_projects() == []
    Validator.objects.update(rated=70)
    assert unscored_projects() == []  # it was counted a moment ago
    VerifierFit.objects.update(fitted_at=timezone.now() - timezone.timedelta(minutes=5))
    assert unscored_projects() == [cast.project.pk]


def test_page_and_api_say_as_of_when_and_count_nothing(cast, rated, page_client, api):
    page, rest = reverse("validation_model", args=[cast.project.pk]), reverse("api_validator", args=[cast.project.pk])
    assert api(cast.olivia).get(rest).json()["compared_at"] is None
    assert "Not compared yet." in page_client(cast.olivia).get(page).content.decode()
    comparison_refresh(rated)
    client = page_client(cast.olivia)
    client.get(page)
    with CaptureQueriesContext(connection) as caught:
        text = client.get(page).content.decode()
        found = api(cast.olivia).get(rest).json()
    assert "As of " in text
    assert "100 % of 32" in text
    assert found["compared_at"] is not None
    assert found["compared"][0]["passed"]["total"] == 32
    assert not any("gold" in one["sql"] and "llm_workers_rating" in one["sql"] for one in caught)


def test_a_page_of_many_ratings_needs_no_more_queries(cast, rated, page_client, django_assert_max_num_queries):
    comparison_refresh(rated)
    client = page_client(cast.olivia)
    page = reverse("validation_model", args=[cast.project.pk])
    client.get(page)
    with django_assert_max_num_queries(30):
        client.get(page)


def test_a_project_without_a_validator_has_none(cast, labelled):
    labelled("keep")
    project_verify(project_id=cast.project.pk)
    assert not ValidatorComparison.objects.exists()
