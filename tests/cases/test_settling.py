"""Taking and settling cases: who may, once, and what follows for the item."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Membership, Role
from annotations.models import Annotator, Case, Consensus, OutboxRow, Settlement
from annotations.settling.selectors import sides_of, similar_cases, who_said_what, why_open
from annotations.settling.services import CLAIM, claim, claim_next, release, settle
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator, make_cast, make_items, make_user

VERDICT = {"value": "keep", "cause": "human_error", "recurrent": False, "reason": "The rules say so."}


@pytest.fixture
def erin(cast):
    user = make_user("erin")
    Membership.objects.create(project=cast.project, user=user, role=Role.EXPERT)
    return user


def refused(code: str, status: int, act, **call) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        act(**call)
    assert (refusal.value.code, refusal.value.status) == (code, status)
    return refusal.value


# --- taking ----------------------------------------------------------------------------------------------------------


def test_the_next_case_is_the_one_with_most_at_stake(cast, dispute):
    calm = dispute(people=("keep", "keep", "remove"))
    hot = dispute(people=("keep", "remove"))
    assert Case.objects.get(pk=hot.pk).priority > Case.objects.get(pk=calm.pk).priority
    taken = claim_next(expert=cast.edgar, project=cast.project)
    assert (taken, taken.claimed_by) == (hot, cast.edgar)
    assert taken.claim_expires_at - timezone.now() > CLAIM - timedelta(seconds=30)
    assert LedgerEvent.objects.filter(kind="case.claimed", actor=f"user:{cast.edgar.pk}").count() == 1


def test_a_case_in_hand_comes_first_and_can_be_put_aside(cast, erin, dispute):
    first, second = dispute(), dispute()
    assert claim_next(expert=cast.edgar, project=cast.project) == first
    assert claim_next(expert=cast.edgar, project=cast.project) == first
    assert claim_next(expert=erin, project=cast.project) == second
    assert claim_next(expert=cast.edgar, project=cast.project, after=first.pk) is None
    release(expert=erin, case_id=second.pk)
    assert claim_next(expert=cast.edgar, project=cast.project, after=first.pk) == second


def test_a_case_that_an_expert_holds_is_not_anothers_until_it_runs_out(cast, erin, dispute):
    case = dispute()
    claim(expert=cast.edgar, case_id=case.pk)
    refused("case_taken", 409, claim, expert=erin, case_id=case.pk)
    refused("case_taken", 409, settle, expert=erin, case_id=case.pk, **VERDICT)
    assert claim_next(expert=erin, project=cast.project) is None
    Case.objects.update(claim_expires_at=timezone.now() - timedelta(seconds=1))
    assert claim(expert=erin, case_id=case.pk).claimed_by == erin


def test_taking_a_case_again_prolongs_it_without_a_second_event(cast, dispute):
    case = dispute()
    claim(expert=cast.edgar, case_id=case.pk)
    Case.objects.update(claim_expires_at=timezone.now() + timedelta(seconds=5))
    assert claim(expert=cast.edgar, case_id=case.pk).claim_expires_at > timezone.now() + timedelta(minutes=10)
    assert LedgerEvent.objects.filter(kind="case.claimed").count() == 1


def test_giving_back_what_is_not_yours_changes_nothing(cast, erin, dispute):
    case = dispute()
    claim(expert=cast.edgar, case_id=case.pk)
    assert release(expert=erin, case_id=case.pk).claimed_by == cast.edgar
    assert release(expert=cast.edgar, case_id=case.pk).claimed_by is None
    assert LedgerEvent.objects.filter(kind="case.released").count() == 1


# --- settling --------------------------------------------------------------------------------------------------------


def test_a_settlement_decides_the_item_and_closes_the_case(cast, dispute):
    case = dispute(people=("keep", "remove", "remove"))
    made = settle(expert=cast.edgar, case_id=case.pk, **VERDICT)
    case.refresh_from_db()
    assert (case.status, case.claimed_by, case.closed_at is not None) == ("settled", None, True)
    consensus = Consensus.objects.get(item=case.item)
    assert (consensus.value, consensus.method, consensus.support) == ("keep", "settled", None)
    assert consensus.evidence["settlement"] == made.pk
    assert consensus.evidence["votes"] == {"keep": 1, "remove": 2}
    after = OutboxRow.objects.order_by("-id").first().after
    assert (after["final"], after["human"], after["complete"]) == ("keep", "remove", True)


def test_the_record_says_what_was_decided_and_seals_the_reason_without_showing_it(cast, dispute):
    case = dispute()
    settle(expert=cast.edgar, case_id=case.pk, **VERDICT)
    event = LedgerEvent.objects.get(kind="case.settled")
    assert (event.actor, event.subject) == (f"user:{cast.edgar.pk}", f"case:{case.pk}")
    assert (event.data["value"], event.data["cause"], event.data["recurrent"]) == ("keep", "human_error", False)
    assert VERDICT["reason"] not in str(event.data)
    assert len(event.data["reason_sha256"]) == 64


def test_later_labels_neither_undo_nor_reopen_a_settlement(cast, dispute):
    case = dispute()
    settle(expert=cast.edgar, case_id=case.pk, **VERDICT)
    for _ in range(3):
        add_label(case.item, make_annotator(cast.project), "remove")
    assert Consensus.objects.get(item=case.item).value == "keep"
    assert Case.objects.get(item=case.item).status == "settled"


def test_the_same_request_again_gets_the_same_settlement(cast, dispute):
    case = dispute()
    first = settle(expert=cast.edgar, case_id=case.pk, idempotency_key="k1", **VERDICT)
    assert settle(expert=cast.edgar, case_id=case.pk, idempotency_key="k1", **VERDICT) == first
    assert LedgerEvent.objects.filter(kind="case.settled").count() == 1
    refused("case_settled", 409, settle, expert=cast.edgar, case_id=case.pk, idempotency_key="k2", **VERDICT)
    refused("case_settled", 409, settle, expert=cast.edgar, case_id=case.pk, **VERDICT)


def test_a_disagreement_that_went_away_cannot_be_settled(cast, dispute):
    case = dispute()
    Case.objects.update(status="dissolved")
    refused("case_dissolved", 409, settle, expert=cast.edgar, case_id=case.pk, **VERDICT)
    refused("case_dissolved", 409, claim, expert=cast.edgar, case_id=case.pk)


def test_who_labelled_the_item_cannot_settle_it(cast, dispute):
    case = dispute()
    annotator = Annotator.objects.create(project=cast.project, kind="human", user=cast.edgar)
    add_label(case.item, annotator, "keep")
    assert "yourself" in refused("own_label", 403, settle, expert=cast.edgar, case_id=case.pk, **VERDICT).message
    refused("own_label", 403, claim, expert=cast.edgar, case_id=case.pk)
    assert claim_next(expert=cast.edgar, project=cast.project) is None
    assert not Settlement.objects.exists()


def test_only_a_bad_item_may_stay_without_a_label(cast, dispute):
    case = dispute()
    refusal = refused("invalid", 400, settle, expert=cast.edgar, case_id=case.pk, **{**VERDICT, "value": None})
    assert "value" in refusal.fields
    settle(expert=cast.edgar, case_id=case.pk, **{**VERDICT, "value": None, "cause": "bad_item"})
    consensus = Consensus.objects.get(item=case.item)
    assert (consensus.value, consensus.method) == (None, "settled")


def test_the_database_itself_wants_a_label_unless_the_item_is_bad(cast, dispute):
    row = Settlement(
        case=dispute(), schema=cast.schema, value=None, cause="human_error", recurrent=False, reason="x",
        settled_by=cast.edgar, created_at=timezone.now(),
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="settlement_label_unless_bad_item"), transaction.atomic():
        row.save()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cause": "bad luck"}, "cause"),
        ({"reason": ""}, "reason"),
        ({"reason": "   no  "}, "reason"),
        ({"reason": "x" * 4001}, "reason"),
        ({"value": ["keep"]}, "value"),
    ],
)
def test_a_verdict_must_be_whole(cast, dispute, change, field):
    case = dispute()
    with pytest.raises(DomainError) as refusal:
        settle(expert=cast.edgar, case_id=case.pk, **{**VERDICT, **change})
    assert refusal.value.status == 400
    assert field in refusal.value.fields
    case.refresh_from_db()
    assert case.status == "open"


def test_a_closed_project_keeps_its_cases(cast, dispute):
    case = dispute()
    cast.project.status = "closed"
    cast.project.save()
    refused("project_closed", 409, settle, expert=cast.edgar, case_id=case.pk, **VERDICT)
    refused("project_closed", 409, claim_next, expert=cast.edgar, project=cast.project)


# --- what the expert sees --------------------------------------------------------------------------------------------


def test_sides_are_counts_and_the_models_own_words(cast, dispute):
    case = dispute(people=("keep", "remove", "keep"), model="remove", confidence=0.93, reason="A slur.")
    sides = sides_of([case.item_id])[case.item_id]
    assert [(tally.words, tally.count) for tally in sides.people] == [("Keep", 2), ("Remove", 1)]
    assert [(answer.words, answer.confidence, answer.reason) for answer in sides.models] == [
        ("Remove", 0.93, "A slur.")
    ]
    text = "2 people say “Keep”; 1 person says “Remove”. The model says “Remove”, 93\u00a0% sure."
    assert why_open(case, sides) == text


def test_names_come_out_only_after_the_settlement(cast, dispute):
    case = dispute(model="review")
    assert who_said_what(case) == []
    settle(expert=cast.edgar, case_id=case.pk, **VERDICT)
    case.refresh_from_db()
    said = who_said_what(case)
    assert [(one.kind, one.words) for one in said] == [("human", "Keep"), ("human", "Remove"), ("model", "Review")]
    assert all(one.who.startswith("a-") for one in said if one.kind == "human")


def test_similar_cases_have_the_same_labels_in_dispute_and_words_in_common(cast, dispute):
    near = dispute(text="The driver shouted at the old man on the bus")
    far = dispute(text="Lovely weather in the mountains")
    other = dispute(people=("keep", "review"), text="The driver shouted at the young man on the bus")
    for case in (near, far, other):
        settle(expert=cast.edgar, case_id=case.pk, **VERDICT)
    case = dispute(text="The driver shouted at the tall man on the bus")
    found = similar_cases(case, sides_of([case.item_id])[case.item_id])
    assert [one.settlement.case for one in found] == [near, far]
    assert found[0].overlap > 0.7 > found[1].overlap


# --- at the same moment ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_experts_who_settle_at_once_one_decides(together, dispute):
    cast = make_cast_with_experts(2)
    case = dispute(project=cast.project)

    def verdict(expert, value):
        def job() -> str:
            try:
                settle(expert=expert, case_id=case.pk, **{**VERDICT, "value": value})
            except DomainError as refusal:
                return refusal.code
            return value

        return job

    results = together([verdict(cast.experts[0], "keep"), verdict(cast.experts[1], "remove")])
    won = Settlement.objects.get().value
    assert sorted(results) == sorted(["case_settled", won])
    assert Consensus.objects.get(item=case.item).value == won


@pytest.mark.django_db(transaction=True)
def test_sixteen_experts_who_take_the_next_case_get_one_each(together, dispute):
    cast = make_cast_with_experts(16)
    for _ in range(16):
        dispute(project=cast.project)
    taken = together([lambda e=e: claim_next(expert=e, project=cast.project) for e in cast.experts])
    assert len({case.pk for case in taken}) == 16


@pytest.mark.django_db(transaction=True)
def test_a_settlement_and_a_label_at_once_leave_the_settlement_standing(together, dispute):
    cast = make_cast_with_experts(1)
    case = dispute(project=cast.project)
    people = [make_annotator(cast.project) for _ in range(6)]
    labels = [lambda a=a: add_label(case.item, a, "remove") for a in people]
    together([lambda: settle(expert=cast.experts[0], case_id=case.pk, **VERDICT), *labels])
    consensus = Consensus.objects.get(item=case.item)
    assert (consensus.value, consensus.method) == ("keep", "settled")
    assert sum(consensus.evidence["votes"].values()) == 8
    rows = list(OutboxRow.objects.filter(item_id=case.item_id).order_by("id"))
    assert [row.before for row in rows[1:]] == [row.after for row in rows[:-1]]


def make_cast_with_experts(count: int):
    cast = make_cast()
    make_items(cast.project)
    cast.experts = [make_user(f"expert{number}") for number in range(count)]
    Membership.objects.bulk_create(
        Membership(project=cast.project, user=expert, role=Role.EXPERT) for expert in cast.experts
    )
    return cast
