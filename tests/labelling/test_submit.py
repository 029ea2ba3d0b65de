"""Submitting, taking back, skipping, flagging: each once, each in the record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.labelling.services import claim, claim_or_reason, expire, flag, release, skip, submit, undo
from annotations.models import (
    Annotation,
    Assignment,
    Case,
    Consensus,
    ItemFlag,
    LabelSchema,
    OutboxRow,
    QueueEntry,
)
from annotations.services.changes import item_changes
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator, make_cast, make_items, make_user


@pytest.fixture
def wanda(cast, worker):
    make_items(cast.project, 3)
    return worker(cast.wanda, cast.project)


@pytest.fixture
def lease(cast, wanda) -> Assignment:
    return claim(annotator=wanda, project=cast.project)


def refused(code: str, **call):
    """The refusal's message; fails where ``submit`` accepts or says something else."""
    with pytest.raises(DomainError) as refusal:
        submit(**call)
    assert refusal.value.code == code
    return refusal.value


def remaining(item) -> int:
    return QueueEntry.objects.get(item=item).remaining


def last_place_only(lease) -> None:
    """The lease ran out, and its place is the only one left."""
    Assignment.objects.filter(pk=lease.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    expire()
    QueueEntry.objects.filter(item_id=lease.item_id).update(remaining=1)


def test_a_label_is_stored_with_its_schema_and_moves_the_lease_to_a_label(cast, wanda, lease):
    before = remaining(lease.item)
    done = submit(annotator=wanda, assignment_id=lease.pk, value="keep", active_ms=1)
    annotation = done.annotation
    assert (annotation.value, annotation.source, annotation.schema) == ("keep", "human", cast.schema)
    assert (annotation.status, annotation.assignment_id, annotation.active_ms) == ("current", lease.pk, 1)
    lease.refresh_from_db()
    assert lease.status == "submitted"
    assert remaining(lease.item) == before
    assert OutboxRow.objects.get(item_id=lease.item_id).after["people"] == {"keep": 1}
    event = LedgerEvent.objects.get(kind="annotation.submitted")
    assert (event.actor, event.subject) == (f"annotator:{wanda.pk}", f"annotation:{annotation.pk}")
    assert event.data == {"item": lease.item_id, "value": "keep", "schema": 1}


def test_the_answer_can_carry_the_next_item(wanda, lease):
    done = submit(annotator=wanda, assignment_id=lease.pk, value="keep", claim_next=True)
    assert done.following.status == "leased"
    assert done.following.item != lease.item


def test_where_there_is_no_next_item_the_answer_says_why(cast, wanda, lease):
    for _ in range(2):
        lease = submit(annotator=wanda, assignment_id=lease.pk, value="keep", claim_next=True).following
    done = submit(annotator=wanda, assignment_id=lease.pk, value="keep", claim_next=True)
    assert (done.following, done.reason) == (None, "nothing_left")


def test_a_full_hand_is_told_apart_from_an_empty_queue(cast, wanda, lease):
    other = claim(annotator=wanda, project=cast.project, holding=[lease.pk])
    assert claim_or_reason(annotator=wanda, holding=[lease.pk, other.pk]) == (None, "holding_enough")


def test_the_same_request_again_gets_the_same_answer_and_writes_nothing(wanda, lease):
    first = submit(annotator=wanda, assignment_id=lease.pk, value="keep", idempotency_key="k1")
    again = submit(annotator=wanda, assignment_id=lease.pk, value="keep", idempotency_key="k1")
    assert (again.annotation, again.replayed, first.replayed) == (first.annotation, True, False)
    assert Annotation.objects.count() == LedgerEvent.objects.filter(kind="annotation.submitted").count() == 1


def test_a_key_stands_for_one_label_only(wanda, lease):
    submit(annotator=wanda, assignment_id=lease.pk, value="keep", idempotency_key="k1")
    refused("idempotency_key_reused", annotator=wanda, assignment_id=lease.pk, value="remove", idempotency_key="k1")


def test_the_database_itself_keeps_a_key_to_one_label(cast, wanda, lease):
    first = submit(annotator=wanda, assignment_id=lease.pk, value="keep", idempotency_key="k1").annotation
    twin = Annotation(
        project=cast.project, item=cast.project.items.last(), annotator=wanda, schema=cast.schema,
        source="human", value="keep", idempotency_key="k1", created_at=first.created_at,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="annotation_retry_once"), transaction.atomic():
        twin.save()


def test_a_second_label_without_the_key_is_refused(wanda, lease):
    submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    refused("already_labelled", annotator=wanda, assignment_id=lease.pk, value="keep")


@pytest.mark.parametrize("value", ["nonsense", "", None, ["keep"], {"label": "keep"}, 3, True])
def test_a_value_outside_the_schema_is_refused_and_the_lease_stays(wanda, lease, value):
    with pytest.raises(DomainError) as refusal:
        submit(annotator=wanda, assignment_id=lease.pk, value=value)
    assert refusal.value.status == 400
    lease.refresh_from_db()
    assert lease.status == "leased"


def test_somebody_elses_lease_does_not_exist(cast, worker, lease):
    walt = worker(cast.walt, cast.project)
    for act in (submit, skip, flag):
        words = {"value": "keep"} if act is submit else {"reason": "x"}
        with pytest.raises(DomainError) as refusal:
            act(annotator=walt, assignment_id=lease.pk, **words)
        assert refusal.value.status == 404


def test_a_late_label_is_taken_while_the_item_still_needs_one(wanda, lease):
    last_place_only(lease)
    assert submit(annotator=wanda, assignment_id=lease.pk, value="keep").annotation.status == "current"
    assert remaining(lease.item) == 0


def test_a_late_label_is_refused_when_its_place_is_gone(wanda, lease):
    last_place_only(lease)
    QueueEntry.objects.filter(item_id=lease.item_id).update(remaining=0)
    refusal = refused("lease_expired", annotator=wanda, assignment_id=lease.pk, value="keep")
    assert refusal.status == 409
    assert not Annotation.objects.exists()


def test_a_label_for_an_item_given_back_counts_like_a_late_one(wanda, lease):
    release(annotator=wanda, assignment_id=lease.pk)
    assert remaining(lease.item) == 3
    submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    assert remaining(lease.item) == 2


def test_a_paused_project_takes_what_is_out_and_gives_nothing_new(cast, wanda, lease):
    cast.project.status = "paused"
    cast.project.save()
    done = submit(annotator=wanda, assignment_id=lease.pk, value="keep", claim_next=True)
    assert (done.annotation.status, done.following, done.reason) == ("current", None, "project_paused")


def test_a_closed_project_takes_nothing(cast, wanda, lease):
    cast.project.status = "closed"
    cast.project.save()
    refused("project_closed", annotator=wanda, assignment_id=lease.pk, value="keep")
    for act in (skip, flag):
        with pytest.raises(DomainError, match="closed"):
            act(annotator=wanda, assignment_id=lease.pk, reason="unclear")


def test_a_label_is_judged_by_the_schema_version_it_was_asked_with(cast, wanda, lease):
    LabelSchema.objects.filter(pk=cast.schema.pk).update(is_current=False)
    labels = [{"key": "yes", "name": "Yes"}, {"key": "no", "name": "No"}]
    new = LabelSchema.objects.create(
        project=cast.project, version=2, task_type="single_choice", config={"labels": labels}, created_by=cast.olivia
    )
    done = submit(annotator=wanda, assignment_id=lease.pk, value="review", claim_next=True)
    assert done.annotation.schema == cast.schema
    assert done.following.schema == new
    refused("unknown_label", annotator=wanda, assignment_id=done.following.pk, value="review")


def test_active_time_is_never_longer_than_the_item_was_out(wanda, lease):
    Assignment.objects.filter(pk=lease.pk).update(leased_at=timezone.now() - timedelta(seconds=10))
    annotation = submit(annotator=wanda, assignment_id=lease.pk, value="keep", active_ms=3_600_000).annotation
    assert 10_000 <= annotation.active_ms < 20_000


def test_disagreeing_people_open_a_case(cast, worker, lease, wanda):
    submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    walt = worker(cast.walt, cast.project)
    theirs = claim(annotator=walt, project=cast.project)
    assert theirs.item == lease.item
    submit(annotator=walt, assignment_id=theirs.pk, value="remove")
    assert Case.objects.get(item=lease.item).kind == "human_human"


# --- taking back -----------------------------------------------------------------------------------------------------


def test_undo_withdraws_the_label_and_brings_the_item_back(cast, wanda, lease):
    done = submit(annotator=wanda, assignment_id=lease.pk, value="keep", claim_next=True)
    again = undo(annotator=wanda, assignment_id=lease.pk)
    done.annotation.refresh_from_db()
    assert (done.annotation.status, again.status) == ("withdrawn", "leased")
    assert remaining(lease.item) == 2
    assert claim(annotator=wanda, project=cast.project) == lease, "before the item that came after it"
    assert OutboxRow.objects.order_by("-id").first().after["people"] == {}
    assert LedgerEvent.objects.filter(kind="annotation.withdrawn", actor=f"annotator:{wanda.pk}").count() == 1


def test_a_label_after_undo_supersedes_the_withdrawn_one(wanda, lease):
    first = submit(annotator=wanda, assignment_id=lease.pk, value="keep").annotation
    undo(annotator=wanda, assignment_id=lease.pk)
    second = submit(annotator=wanda, assignment_id=lease.pk, value="remove").annotation
    first.refresh_from_db()
    assert (first.status, second.supersedes) == ("superseded", first)
    undo(annotator=wanda, assignment_id=lease.pk)
    third = submit(annotator=wanda, assignment_id=lease.pk, value="keep").annotation
    assert third.supersedes == second
    assert Annotation.objects.filter(item=lease.item, status="current").get() == third
    assert remaining(lease.item) == 2


def test_asked_twice_undo_does_it_once(wanda, lease):
    submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    assert undo(annotator=wanda, assignment_id=lease.pk) == undo(annotator=wanda, assignment_id=lease.pk)
    assert LedgerEvent.objects.filter(kind="annotation.withdrawn").count() == 1


def test_a_retry_that_arrives_after_undo_does_not_bring_the_label_back(wanda, lease):
    submit(annotator=wanda, assignment_id=lease.pk, value="keep", idempotency_key="k1")
    undo(annotator=wanda, assignment_id=lease.pk)
    late = submit(annotator=wanda, assignment_id=lease.pk, value="keep", idempotency_key="k1")
    assert (late.replayed, late.annotation.status) == (True, "withdrawn")


def test_undo_dissolves_the_case_that_the_label_opened(cast, worker, wanda, lease):
    add_label(lease.item, make_annotator(cast.project), "remove")
    submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    assert Case.objects.get(item=lease.item).status == "open"
    undo(annotator=wanda, assignment_id=lease.pk)
    assert Case.objects.get(item=lease.item).status == "dissolved"


def cannot_undo(code: str, annotator, assignment) -> None:
    with pytest.raises(DomainError) as refusal:
        undo(annotator=annotator, assignment_id=assignment.pk)
    assert (refusal.value.code, refusal.value.status) == (code, 409)


def test_only_the_last_label_can_be_taken_back(wanda, lease):
    second = submit(annotator=wanda, assignment_id=lease.pk, value="keep", claim_next=True).following
    submit(annotator=wanda, assignment_id=second.pk, value="keep")
    cannot_undo("not_the_last", wanda, lease)
    undo(annotator=wanda, assignment_id=second.pk)
    undo(annotator=wanda, assignment_id=lease.pk)


def test_an_old_label_stays(wanda, lease):
    submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    Annotation.objects.update(created_at=timezone.now() - timedelta(hours=24, minutes=1))
    cannot_undo("too_late_to_undo", wanda, lease)


def test_a_label_on_a_settled_item_stays(cast, wanda, lease):
    submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    with item_changes(project=cast.project, item_ids=[lease.item_id]) as changes:
        changes.settle(item_id=lease.item_id, value="remove", schema_id=cast.schema.pk, settlement_id=1)
    cannot_undo("already_settled", wanda, lease)
    assert Consensus.objects.get(item=lease.item).value == "remove"


def test_without_a_label_there_is_nothing_to_undo(wanda, lease):
    cannot_undo("nothing_to_undo", wanda, lease)


# --- skipping and flagging -------------------------------------------------------------------------------------------


def test_a_skipped_item_goes_to_others_and_never_comes_back(cast, worker, wanda, lease):
    cast.project.items.exclude(pk=lease.item_id).delete()
    skipped = skip(annotator=wanda, assignment_id=lease.pk, reason="I do not read Finnish")
    assert (skipped.status, skipped.skip_reason) == ("skipped", "I do not read Finnish")
    assert remaining(lease.item) == 3
    assert claim(annotator=wanda, project=cast.project) is None
    assert claim(annotator=worker(cast.walt, cast.project), project=cast.project).item == lease.item
    event = LedgerEvent.objects.get(kind="assignment.skipped")
    assert "Finnish" not in str(event.data), "what a person typed stays out of the record"


def test_skipping_twice_gives_one_place_back(wanda, lease):
    for _ in range(2):
        skip(annotator=wanda, assignment_id=lease.pk, reason="unclear")
    assert remaining(lease.item) == 3
    assert LedgerEvent.objects.filter(kind="assignment.skipped").count() == 1
    refused("already_skipped", annotator=wanda, assignment_id=lease.pk, value="keep")


def test_a_labelled_item_cannot_be_skipped(wanda, lease):
    submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    with pytest.raises(DomainError) as refusal:
        skip(annotator=wanda, assignment_id=lease.pk, reason="unclear")
    assert refusal.value.code == "already_labelled"


@pytest.mark.parametrize("act", [skip, flag])
@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_reason_is_needed_and_has_an_end(wanda, lease, act, reason):
    with pytest.raises(DomainError) as refusal:
        act(annotator=wanda, assignment_id=lease.pk, reason=reason)
    assert refusal.value.status == 400
    assert "reason" in refusal.value.fields


def test_a_flag_is_kept_once_a_person_and_the_lease_goes_on(wanda, lease):
    flag(annotator=wanda, assignment_id=lease.pk, reason="broken")
    flag(annotator=wanda, assignment_id=lease.pk, reason="broken")
    assert LedgerEvent.objects.filter(kind="item.flagged").count() == 1
    flag(annotator=wanda, assignment_id=lease.pk, reason="personal data")
    assert ItemFlag.objects.get().reason == "personal data"
    lease.refresh_from_db()
    assert lease.status == "leased"


# --- at the same moment ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_one_label_sent_by_ten_threads_is_stored_once(worker, together):
    cast = make_cast()
    make_items(cast.project)
    wanda = worker(cast.wanda, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    call = {"annotator": wanda, "assignment_id": lease.pk, "value": "keep", "idempotency_key": "k1"}
    answers = together([lambda: submit(**call) for _ in range(10)])
    assert len({answer.annotation.pk for answer in answers}) == 1
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 9
    assert Annotation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_send_different_labels_at_once_store_one(worker, together):
    cast = make_cast()
    make_items(cast.project)
    wanda = worker(cast.wanda, cast.project)
    lease = claim(annotator=wanda, project=cast.project)

    def tab(value):
        def job() -> str:
            try:
                submit(annotator=wanda, assignment_id=lease.pk, value=value, idempotency_key=f"tab-{value}")
            except DomainError as refusal:
                return refusal.code
            return "stored"

        return job

    assert sorted(together([tab("keep"), tab("remove")])) == ["already_labelled", "stored"]
    assert Annotation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(4))
def test_a_label_and_the_sweeper_that_race_agree_on_the_place(worker, together, round_number):
    project = make_cast(redundancy=1, min_support=1).project
    make_items(project)
    people = [worker(make_user(f"w{number}"), project) for number in range(4)]
    lease = claim(annotator=people[0], project=project)
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    def late() -> bool:
        try:
            submit(annotator=people[0], assignment_id=lease.pk, value="keep")
        except DomainError:
            return False
        return True

    def rival(person):
        def job() -> bool:
            theirs = claim(annotator=person, project=project)
            if theirs is None:
                return False
            submit(annotator=person, assignment_id=theirs.pk, value="keep")
            return True

        return job

    stored = together([late, expire, expire, *map(rival, people[1:])])
    assert sum(result is True for result in stored) == Annotation.objects.filter(status="current").count()
    assert Annotation.objects.filter(status="current").count() <= 1
    assert QueueEntry.objects.get().remaining == 1 - Annotation.objects.filter(status="current").count()
