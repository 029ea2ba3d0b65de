"""Cases of labels that nobody disputes but that look wrong, beside disagreements, settlements and labels taken back."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.deciding.cases import cases_follow
from annotations.deciding.fitting import consensus_refit
from annotations.models import Case, Consensus
from annotations.services.changes import item_changes
from annotations.settling.doubts import doubts_follow
from annotations.settling.services import claim, settle
from annotations.state import Doubt
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator, make_items

DOUBT = Doubt(token="keep", score=0.3, why=("validator", "others"), method="logistic")


@pytest.fixture
def item(cast):
    """An item that two people agree about."""
    made = make_items(cast.project)[0]
    for _ in range(2):
        add_label(made, make_annotator(cast.project), "keep")
    return made


def follow(cast, *items, doubt: Doubt = DOUBT):
    return doubts_follow(project_id=cast.project.pk, doubts={item.pk: doubt for item in items})


def only() -> Case:
    return Case.objects.get()


def take_back(item, annotation) -> None:
    with item_changes(project=item.project, item_ids=[item.pk]) as changes:
        annotation.status = "withdrawn"
        annotation.save()
        changes.withdraw(item_id=item.pk, annotator_id=annotation.annotator_id)


def test_a_doubt_opens_a_case_and_changes_no_consensus(cast, item):
    before = Consensus.objects.values().get()
    assert follow(cast, item).standing == 1
    case = only()
    assert (case.kind, case.status, case.priority) == ("low_score", "open", 0.7)
    assert case.doubt == DOUBT.as_json()
    assert case.minutes != 0.75  # by the length of the item, as for every case
    assert Consensus.objects.values().get() == before
    event = LedgerEvent.objects.get(kind="case.opened")
    assert event.data == {"item": item.pk, "kind": "low_score"}


def test_the_same_doubt_again_changes_nothing(cast, item):
    follow(cast, item)
    before, events = Case.objects.values().get(), LedgerEvent.objects.count()
    follow(cast, item)
    assert (Case.objects.values().get(), LedgerEvent.objects.count()) == (before, events)


def test_a_doubt_that_goes_closes_its_case(cast, item):
    follow(cast, item)
    assert follow(cast).closed == 1
    assert only().status == "dissolved"
    assert follow(cast).closed == 0


def test_a_case_in_an_expert_s_hands_stays_until_they_let_go(cast, item):
    follow(cast, item)
    claim(expert=cast.edgar, case_id=only().pk)
    assert follow(cast).closed == 0
    assert only().status == "open"
    Case.objects.update(claim_expires_at=timezone.now())
    assert follow(cast).closed == 1


def test_more_of_the_same_labels_leave_it_open(cast, item):
    follow(cast, item)
    add_label(item, make_annotator(cast.project), "keep")
    assert (only().kind, only().status, only().priority) == ("low_score", "open", 0.7)


def test_a_disagreement_takes_the_case_over_and_ends_it_when_it_goes(cast, item):
    follow(cast, item)
    other = add_label(item, make_annotator(cast.project), "remove")
    assert (only().kind, only().status, only().doubt) == ("human_human", "open", None)
    assert follow(cast, item).standing == 0  # the doubt has nothing to add to a disagreement
    assert only().kind == "human_human"
    take_back(item, other)
    assert only().status == "dissolved"
    follow(cast, item)
    assert sorted(Case.objects.values_list("kind", "status")) == [
        ("human_human", "dissolved"),
        ("low_score", "open"),
    ]


def test_a_model_that_differs_takes_it_over_too(cast, item):
    follow(cast, item)
    add_label(item, make_annotator(cast.project, kind="model"), "remove")
    assert only().kind == "human_model"


def test_without_a_label_nothing_is_left_to_settle(cast, item):
    follow(cast, item)
    for annotation in item.annotations.all():
        take_back(item, annotation)
    assert only().status == "dissolved"
    assert follow(cast, item).standing == 0


def test_settled_it_stays_settled_whatever_the_score_says(cast, item):
    follow(cast, item)
    settle(expert=cast.edgar, case_id=only().pk, value="remove", cause="human_error", recurrent=False, reason="Spam.")
    assert Consensus.objects.get().value == "remove"
    follow(cast, item)
    follow(cast)
    assert [case.status for case in Case.objects.all()] == ["settled"]


def test_an_item_that_only_a_model_has_labelled_can_be_doubted(cast):
    item = make_items(cast.project)[0]
    add_label(item, make_annotator(cast.project, kind="model"), "keep")
    follow(cast, item)
    assert only().kind == "low_score"


def test_the_next_fit_leaves_its_place_in_the_queue_alone(cast, item):
    follow(cast, item)
    consensus_refit(project_id=cast.project.pk)
    assert cases_follow(project_id=cast.project.pk, schema=cast.schema) == 0
    assert only().priority == 0.7


def test_a_closed_project_s_cases_stay_as_they_are(cast, item):
    follow(cast, item)
    cast.project.status = "closed"
    cast.project.save()
    assert follow(cast).closed == 0
    assert only().status == "open"


def test_another_project_s_item_is_not_touched(cast, item):
    assert doubts_follow(project_id=cast.project.pk, doubts={item.pk + 10**6: DOUBT}).standing == 0


def test_the_case_says_why_it_is_open(cast, item, page_client, api):
    follow(cast, item)
    text = page_client(cast.edgar).get(f"/cases/{only().pk}/").content.decode()
    assert "“Keep” is expected to be right with a probability of 30" in text
    assert "the validating model does not agree; the other labels make it improbable" in text
    assert "Nobody disagrees" in api(cast.edgar).get(f"/api/v1/cases/{only().pk}/").json()["why"]
    listed = page_client(cast.edgar).get(f"/projects/{cast.project.pk}/cases/?kind=low_score").content.decode()
    assert "Nobody disagrees, but the label looks wrong" in listed


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [({"kind": "whim"}, "case_kind_known"), ({"kind": "low_score", "doubt": None}, "case_low_score_says_why")],
)
def test_the_database_holds_what_a_case_is(cast, item, fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Case.objects.create(project=cast.project, item=item, opened_at=timezone.now(), **fields)
