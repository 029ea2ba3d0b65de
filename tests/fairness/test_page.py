"""The live page as a plain page: who may see it and what it says."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_annotator
from tests.fairness.conftest import fold_all, label_group


def address(cast, query: str = "") -> str:
    return f"/projects/{cast.project.pk}/fairness/{query}"


@pytest.mark.parametrize(
    ("name", "status"), [("olivia", 200), ("edgar", 200), ("audrey", 200), ("wanda", 403), ("stan", 404)]
)
def test_who_may_see_it(cast, page_client, name, status):
    assert page_client(getattr(cast, name)).get(address(cast)).status_code == status


def test_nobody_is_sent_to_the_login_page(cast, page_client):
    answer = page_client().get(address(cast))
    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_an_unknown_project_is_404_and_a_post_405(cast, page_client):
    assert page_client(cast.olivia).get("/projects/999999/fairness/").status_code == 404
    assert page_client(cast.olivia).post(address(cast)).status_code == 405


@pytest.mark.parametrize("query", ["?attribute=age", "?label=hate"])
def test_an_unknown_attribute_or_label_is_refused_in_words(cast, page_client, query):
    answer = page_client(cast.olivia).get(address(cast, query))
    assert answer.status_code == 400
    assert "This project has no" in answer.content.decode()


def test_the_answer_comes_first_and_in_words(cast, page_client, labelled):
    labelled(cast.project)
    text = page_client(cast.olivia).get(address(cast)).content.decode()
    assert "Across religion, people labelled items about <strong>christian</strong>" in text
    assert "<strong>28</strong> percentage points less often than items about <strong>muslim</strong>" in text
    assert "No difference is certain yet" in text
    assert "For one look alone, the 95 % interval goes from" in text
    assert 'data-verdict="unsure"' in text
    assert "50\u202f% against 78\u202f%" in text
    assert 'href="#m-circle"' in text
    assert "Insufficient data: 3 of 30 labels." in text  # the model's


def test_another_label_turns_the_answer(cast, page_client, labelled):
    labelled(cast.project)
    text = page_client(cast.olivia).get(address(cast, "?attribute=religion&label=remove")).content.decode()
    assert "items about <strong>muslim</strong> “Remove” <strong>28</strong> percentage points less often" in text


def test_before_there_is_enough_it_says_what_is_missing(cast, page_client):
    label_group(cast.project, "christian", 4, 12)
    label_group(cast.project, "muslim", 1, 3)
    fold_all()
    text = page_client(cast.olivia).get(address(cast)).content.decode()
    assert "Not enough data yet to compare the groups of religion." in text
    assert "12 of 30 labels" in text
    assert "3 of 30 labels" in text


def test_an_undefined_kappa_says_why(cast, page_client):
    model = make_annotator(cast.project, kind="model", name="smollm2")
    client, words = page_client(cast.olivia), "No item has two labels to compare yet."
    assert words in client.get(address(cast), {"model": model.pk}).content.decode()
    assert words not in client.get(address(cast)).content.decode()  # not asked for, and nothing to say


def test_groups_with_equal_rates_are_not_called_equal_while_they_may_differ(cast, page_client):
    label_group(cast.project, "christian", 20, 40)
    label_group(cast.project, "muslim", 20, 40)
    fold_all()
    text = page_client(cast.olivia).get(address(cast)).content.decode()
    assert "people so far labelled every group's items “Keep” equally often" in text
    assert 'data-verdict="unsure"' in text
    assert "groups may lie up to" in text


def test_a_project_without_attributes_says_what_to_do(cast, page_client):
    cast.project.attributes.all().delete()
    owner = page_client(cast.olivia).get(address(cast)).content.decode()
    assert "Name a protected attribute first" in owner
    assert f"/projects/{cast.project.pk}/settings" in owner
    assert "Open settings" not in page_client(cast.audrey).get(address(cast)).content.decode()


def test_names_of_groups_and_labels_are_escaped(cast, page_client):
    label_group(cast.project, "<b>x", 10, 40)
    label_group(cast.project, "{label}", 30, 40)
    fold_all()
    text = page_client(cast.olivia).get(address(cast)).content.decode()
    assert "<b>x" not in text
    assert "<strong>&lt;b&gt;x</strong>" in text
    assert "<strong>{label}</strong>" in text


def test_the_page_needs_few_queries_however_many_groups(cast, page_client, labelled):
    labelled(cast.project)
    client = page_client(cast.olivia)
    client.get(address(cast))
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(address(cast))
    for number in range(5):
        label_group(cast.project, f"group {number}", 20, 40)
        make_annotator(cast.project, kind="model")
    fold_all()
    with CaptureQueriesContext(connection) as many:
        client.get(address(cast))
    assert len(many) <= len(few) <= 34
