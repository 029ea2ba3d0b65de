"""Tasks that die, come twice or come late; runs, projects and schemas that change while a task works."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.models import Annotation, LabelSchema, Project, Run
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.client import Usage
from llm_workers.limits import MAX_TAKEN, STALE
from llm_workers.models import RunItem, RunLane
from llm_workers.questions import Reading
from llm_workers.services.answers import Outcome, answers_store
from llm_workers.services.claims import items_lease, lane_claim
from llm_workers.services.labelling import label_for_a_while
from llm_workers.services.runs import mend_lanes, run_cancel, run_pause, run_resume
from tests.factories import make_annotator, make_items


@pytest.fixture
def items(cast):
    return make_items(cast.project, 4)


@pytest.fixture
def run(items, start):
    return start()


def claimed(run: Run):
    lane = RunLane.objects.get(run=run)
    return lane_claim(run_id=run.pk, lane=0, generation=lane.generation)


def answered(leased):
    usage = Usage(prompt_tokens=10, completion_tokens=1, seconds=0.5)
    return [Outcome(one.item_id, Reading("keep", confidence=0.9), usage=usage) for one in leased]


def totals(run: Run):
    run.refresh_from_db()
    return run.status, run.labelled, run.prompt_tokens


def test_a_message_that_comes_twice_works_once(run):
    first = label_for_a_while(run_id=run.pk, lane=0, generation=0)
    assert first is None  # all done in one go
    assert label_for_a_while(run_id=run.pk, lane=0, generation=0) is None
    assert totals(run) == ("done", 4, 400)


def test_while_one_task_works_the_same_message_again_does_nothing(run):
    work = claimed(run)
    assert lane_claim(run_id=run.pk, lane=0, generation=0) is None
    assert len(items_lease(claim=work.claim, count=10)) == 4


def test_a_dead_tasks_items_are_asked_about_again_and_counted_once(run, work):
    dead = claimed(run)
    assert len(items_lease(claim=dead.claim, count=3)) == 3  # and then it is killed
    assert mend_lanes(stale_before=timezone.now() + timedelta(seconds=1)) == 1
    assert totals(work(run)) == ("done", 4, 400)
    assert Annotation.objects.filter(run=run).count() == 4


def test_a_task_that_was_only_slow_stores_nothing_after_it_was_replaced(run, work):
    slow = claimed(run)
    leased = items_lease(claim=slow.claim, count=4)
    mend_lanes(stale_before=timezone.now() + timedelta(seconds=1))
    answers_store(work=slow, outcomes=answered(leased))
    assert totals(run) == ("running", 0, 0)
    assert items_lease(claim=slow.claim, count=4) == []
    assert totals(work(run)) == ("done", 4, 400)


def test_answers_that_are_stored_twice_count_once(run):
    held = claimed(run)
    outcomes = answered(items_lease(claim=held.claim, count=2))
    answers_store(work=held, outcomes=outcomes)
    answers_store(work=held, outcomes=outcomes)
    assert totals(run) == ("running", 2, 20)
    assert Annotation.objects.filter(run=run).count() == 2


def test_checkpoints_stand_at_exactly_every_k_labels_however_answers_come(cast, start):
    make_items(cast.project, 10)
    run = start(step_size=3)
    held = claimed(run)
    leased = items_lease(claim=held.claim, count=10)
    outcomes = answered(leased)
    outcomes[2] = Outcome(leased[2].item_id, None, "No.")  # not a label: it completes no step
    answers_store(work=held, outcomes=outcomes[:2])
    answers_store(work=held, outcomes=outcomes[2:])
    reached = [(checkpoint.number, checkpoint.labelled) for checkpoint in run.checkpoints.all()]
    assert reached == [(1, 3), (2, 6), (3, 9)]
    assert totals(run) == ("done", 9, 90)
    assert run.unanswered == 1


def test_a_lane_that_is_worked_on_is_left_alone(run):
    claimed(run)
    assert mend_lanes(stale_before=timezone.now() - STALE) == 0
    RunLane.objects.update(touched_at=timezone.now() - STALE - timedelta(seconds=1))
    assert mend_lanes(stale_before=timezone.now() - STALE) == 1


def test_an_item_that_keeps_killing_its_task_is_given_up(run, items, work):
    RunItem.objects.filter(item=items[0]).update(attempts=MAX_TAKEN, status="leased", lane=0, generation=0)
    work(run)
    assert totals(run) == ("done", 3, 300)
    row = RunItem.objects.get(item=items[0])
    assert (row.status, run.unanswered) == ("unanswered", 1)
    assert row.reason == "Given up: the work on it broke off 5 times. See the worker's log."


def test_pausing_keeps_what_was_under_way_and_takes_nothing_more(cast, run):
    held = claimed(run)
    leased = items_lease(claim=held.claim, count=2)
    run_pause(run=run, by=cast.olivia)
    answers_store(work=held, outcomes=answered(leased))
    assert totals(run) == ("paused", 2, 20)
    assert run.reason == "Paused by a person."
    assert items_lease(claim=held.claim, count=2) == []


def test_cancelling_keeps_what_was_under_way_because_it_is_paid(cast, run):
    held = claimed(run)
    leased = items_lease(claim=held.claim, count=2)
    run_cancel(run=run, by=cast.olivia)
    answers_store(work=held, outcomes=answered(leased))
    assert totals(run) == ("cancelled", 2, 20)
    assert Annotation.objects.filter(run=run).count() == 2
    assert items_lease(claim=held.claim, count=2) == []


def test_a_run_that_is_started_meanwhile_does_not_pay_for_what_is_under_way(cast, run, start, work):
    held = claimed(run)
    leased = items_lease(claim=held.claim, count=3)
    run_cancel(run=run, by=cast.olivia)
    later = start()
    assert later.total == 1
    answers_store(work=held, outcomes=answered(leased))
    assert (work(later).labelled, totals(run)[1]) == (1, 3)


def test_what_a_dead_task_of_a_cancelled_run_held_is_asked_about_by_the_next_one(cast, run, start, work):
    items_lease(claim=claimed(run).claim, count=3)
    run_cancel(run=run, by=cast.olivia)
    RunLane.objects.filter(run=run).update(touched_at=timezone.now() - STALE)
    assert work(start(probe=1)).total == 4


def test_resuming_while_a_task_still_works_leaves_one_of_them(cast, run, work):
    old = claimed(run)
    leased = items_lease(claim=old.claim, count=2)
    run_pause(run=run, by=cast.olivia)
    run_resume(run=run, by=cast.olivia)
    answers_store(work=old, outcomes=answered(leased))
    assert totals(work(run)) == ("done", 4, 400)


def test_steering_is_written_into_the_ledger_with_who_did_it(cast, run):
    run_pause(run=run, by=cast.olivia)
    run_resume(run=run, by=cast.olivia)
    run_cancel(run=run, by=cast.olivia)
    events = LedgerEvent.objects.filter(subject=f"run:{run.pk}").order_by("id")
    assert [(event.kind, event.actor) for event in events] == [
        (f"run.{what}", f"user:{cast.olivia.pk}") for what in ("started", "paused", "resumed", "cancelled")
    ]


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_project_that_stops_stops_its_runs(cast, run, work, status):
    Project.objects.update(status=status)
    assert totals(work(run))[:2] == ("paused", 0)
    assert "Activate it again, then resume the run." in run.reason
    with pytest.raises(DomainError, match="nothing is labelled"):
        run_resume(run=run, by=cast.olivia)


def test_a_schema_that_changes_stops_the_run_and_its_late_answers(cast, run):
    held = claimed(run)
    leased = items_lease(claim=held.claim, count=2)
    LabelSchema.objects.filter(pk=cast.schema.pk).update(is_current=False)
    LabelSchema.objects.create(
        project=cast.project, version=2, task_type="single_choice", config=cast.schema.config, created_by=cast.olivia
    )
    answers_store(work=held, outcomes=answered(leased))
    assert totals(run) == ("running", 0, 0)
    assert label_for_a_while(run_id=run.pk, lane=0, generation=held.claim.generation) is None
    assert totals(run)[0] == "paused"
    assert run.reason == "Labels or guidelines have changed since this run began. Cancel it and start a new one."
    with pytest.raises(DomainError, match="Labels or guidelines have changed"):
        run_resume(run=run, by=cast.olivia)


def test_an_item_that_vanishes_while_it_is_asked_about_does_no_harm(run, items):
    held = claimed(run)
    leased = items_lease(claim=held.claim, count=4)
    RunItem.objects.filter(item=items[0]).delete()
    items[0].queue.delete()
    items[0].delete()
    answers_store(work=held, outcomes=answered(leased))
    assert totals(run) == ("done", 3, 30)


def test_an_item_that_already_has_this_models_label_keeps_it(run, items):
    held = claimed(run)
    leased = items_lease(claim=held.claim, count=4)
    kept = Annotation.objects.create(
        project=run.project,
        item=items[0],
        annotator=run.annotator,
        schema=run.schema,
        source="model",
        value="remove",
        created_at=timezone.now(),
    )
    answers_store(work=held, outcomes=answered(leased))
    assert totals(run)[:2] == ("done", 4)
    assert Annotation.objects.get(item=items[0], annotator=run.annotator) == kept


# --- what the database itself refuses -------------------------------------------------------------------------------


def refused(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


def test_constraints_hold(cast, run, items, model):
    row = RunItem.objects.filter(run=run).first()
    with refused("run_item_once"), transaction.atomic():
        RunItem.objects.create(run=run, item_id=row.item_id)
    with refused("run_item_status_known"), transaction.atomic():
        RunItem.objects.filter(pk=row.pk).update(status="lost")
    with refused("run_item_lease_has_holder"), transaction.atomic():
        RunItem.objects.filter(pk=row.pk).update(status="leased")
    with refused("run_item_end_has_time"), transaction.atomic():
        RunItem.objects.filter(pk=row.pk).update(status="done")
    with refused("run_lane_once"), transaction.atomic():
        RunLane.objects.create(run=run, number=0, touched_at=timezone.now())
    with refused("model_version_once"), transaction.atomic():
        type(model).objects.create(
            name=model.name, base=model.base, first_seen_at=timezone.now(), last_seen_at=timezone.now()
        )
    asked = run.annotator.model_annotator
    with refused("model_annotator_once"), transaction.atomic():
        other = make_annotator(cast.project, kind="model")
        type(asked).objects.create(annotator=other, model=asked.model, prompt=asked.prompt)
    with refused("prompt_version_once"), transaction.atomic():
        type(asked.prompt).objects.create(project=cast.project, schema=cast.schema, text="", hash=asked.prompt.hash)
    with refused("prompt_orders_at_least_one"), transaction.atomic():
        type(asked.prompt).objects.filter(pk=asked.prompt.pk).update(orders=0)
    with refused("run_one_active_per_annotator"), transaction.atomic():
        Run.objects.create(project=cast.project, annotator=run.annotator, schema=cast.schema, started_by=cast.olivia)
    endpoint = model.endpoints.get()
    with refused("endpoint_dialect_known"), transaction.atomic():
        type(endpoint).objects.update(dialect="klingon")
