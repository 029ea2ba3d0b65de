"""Items that show a finding are sent to experts: a sample of its groups, once, by the owner."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import reverse

from annotations.models import Case, Item
from annotations.settling.asking import cases_ask, labelled_sample
from annotations.settling.doubts import doubts_follow
from fairness.monitors.doing import shown_items
from fairness.monitors.sending import finding_send
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items
from tests.fairness.test_monitor_cells import correct
from tests.fairness.test_monitors import biased, evaluate, give, make_run, watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(cast):
    watch(cast)
    biased(cast, make_run(cast).annotator, 70)
    return evaluate(cast)[0]


def test_a_sample_of_each_group_is_sent_and_twice_is_once(cast, page_client, found):
    browser = page_client(cast.olivia)
    page = reverse("fairness_finding", args=[cast.project.pk, found.pk])
    assert "Send a sample" in browser.get(page).content.decode()
    for _twice in range(2):
        assert browser.post(f"{page}send/").status_code == 302
    found.refresh_from_db()
    cases = Case.objects.filter(status="open")
    assert sorted(cases.values_list("item_id", flat=True)) == found.sent
    assert set(cases.values_list("kind", flat=True)) == {"asked"}
    groups = Item.objects.filter(pk__in=found.sent).values_list("groups__religion", flat=True)
    assert sorted(groups) == ["christian"] * 50 + ["muslim"] * 50
    assert LedgerEvent.objects.get(kind="finding.sent").data["items"] == found.sent
    text = browser.get(page).content.decode()
    assert "Send a sample" not in text
    assert "100 items were sent" in text
    queue = page_client(cast.edgar).get(reverse("cases", args=[cast.project.pk]), {"kind": "asked"})
    assert "an owner asks for an expert" in queue.content.decode()


def test_over_rest(cast, api, found):
    address = f"/api/v1/projects/{cast.project.pk}/findings/{found.pk}/send/"
    sent = api(cast.olivia).post(address).json()["sent"]
    assert len(sent) == 100
    assert api(cast.olivia).post(address).json()["sent"] == sent


def test_where_nothing_can_be_sent_that_is_said(cast, page_client, found):
    for item in Item.objects.filter(annotations__isnull=False):
        correct(item, "settle", "keep")
    with pytest.raises(DomainError, match="No item that could be sent"):
        finding_send(finding=found, actor=cast.olivia)
    page = reverse("fairness_finding", args=[cast.project.pk, found.pk])
    assert "No item that could be sent" in page_client(cast.olivia).post(f"{page}send/", follow=True).content.decode()


def test_nothing_of_a_closed_project_is_sent(cast, found):
    cast.project.status = "archived"
    cast.project.save()
    with pytest.raises(DomainError, match="closed"):
        finding_send(finding=found, actor=cast.olivia)


def test_the_sample_is_the_same_for_a_finding_and_of_labelled_items(cast):
    model = make_annotator(cast.project, kind="model")
    give(cast, model, "muslim", 5, 30)
    fresh_items(cast.project, 10, groups={"religion": "muslim"})  # without a label
    sample = [
        labelled_sample(cast.project, groups={"religion": "muslim"}, most=10, seed=seed, annotator_id=model.pk)
        for seed in ("one", "one", "other")
    ]
    assert sample[0] == sample[1] != sample[2]
    assert all(Item.objects.get(pk=pk).annotations.exists() for pk in sample[0])
    assert labelled_sample(cast.project, groups={"religion": "sikh"}, most=10, seed="one") == []
    none = make_annotator(cast.project, kind="model")
    assert labelled_sample(cast.project, groups={}, most=10, seed="one", annotator_id=none.pk) == []


def test_a_case_that_was_asked_for_outlives_a_scorer_and_gives_way_to_a_disagreement(cast):
    (item, bare) = fresh_items(cast.project, 2)
    add_label(item, make_annotator(cast.project), "keep")
    for _twice in range(2):
        with transaction.atomic():
            cases_ask(project=cast.project, item_ids=[item.pk, bare.pk])
    assert [case.kind for case in Case.objects.all()] == ["asked"]
    doubts_follow(project_id=cast.project.pk, doubts={})
    add_label(item, make_annotator(cast.project), "keep")
    assert [(case.kind, case.status) for case in Case.objects.all()] == [("asked", "open")]
    add_label(item, make_annotator(cast.project), "remove")
    assert [(case.kind, case.status) for case in Case.objects.all()] == [("human_human", "open")]


def test_items_of_a_finding_about_settlements_are_held_against_these_too(cast, page_client):
    """One is wrong by gold, one by a settlement, one is right by a settlement."""
    watch(cast)
    run = make_run(cast)
    items = fresh_items(cast.project, 3, groups={"religion": "muslim"})
    for item in items:
        add_label(item, run.annotator, "keep")
    correct(items[0], "gold", "remove")
    correct(items[1], "settle", "remove")
    correct(items[2], "settle", "keep")
    Item.objects.filter(pk__in=[item.pk for item in items]).update(groups={"religion": "muslim"})
    fold_all()
    monitor = watch(cast, measure="error", truth="settled", attribute="religion", label="", tau=0.1)
    finding = monitor.findings.create(
        project=cast.project, annotator=run.annotator, version=1, found_at=cast.project.created_at,
        certificate={"groups": ["muslim"]},
    )  # fmt: skip
    (link,) = shown_items(finding, with_givers=True)
    assert "pair=model%3Atruth" in link.url
    listed = page_client(cast.olivia).get(link.url).content.decode()
    shown = [reverse("item_detail", args=[item.pk]) in listed for item in items]
    assert shown == [True, True, False]
