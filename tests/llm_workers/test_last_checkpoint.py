"""The last checkpoint of a run that ended early says why it did, also where answers came in afterwards."""

from __future__ import annotations

from decimal import Decimal

from annotations.models import Run
from llm_workers.policy import Asked
from llm_workers.services.answers import Outcome, answers_store
from llm_workers.services.claims import items_lease
from llm_workers.services.runs import run_cancel, run_pause
from tests.factories import make_items
from tests.llm_workers.test_lanes import answered, claimed


def decided(run: Run) -> list[tuple[int, str, str]]:
    return list(run.checkpoints.values_list("labelled", "decision", "reason"))


def test_a_run_that_a_limit_stopped_never_says_go_on_again(cast, start):
    """What was under way brings the share under the limit again: the run is stopped all the same."""
    make_items(cast.project, 9)
    run = start(step_size=2, rules=[Asked("unanswered", Decimal("0.2"), 2, "stop")])
    held = claimed(run)
    leased = items_lease(claim=held.claim, count=9)
    outcomes = [Outcome(leased[0].item_id, None, "No."), *answered(leased[1:])]
    answers_store(work=held, outcomes=outcomes[:3])
    answers_store(work=held, outcomes=outcomes[3:])
    run.refresh_from_db()
    assert (run.status, run.labelled) == ("stopped", 8)
    assert run.reason == "33.3 % of the items had no usable answer, more than 20 %."
    assert decided(run) == [(labelled, "stop", run.reason) for labelled in (2, 4, 6, 8)]


def test_a_run_that_a_person_cancels_ends_with_a_checkpoint_that_says_so(cast, start):
    make_items(cast.project, 8)
    run = start(step_size=4)
    held = claimed(run)
    outcomes = answered(items_lease(claim=held.claim, count=8))
    answers_store(work=held, outcomes=outcomes[:5])
    run_cancel(run=run, by=cast.olivia)
    assert decided(run) == [(4, "go_on", ""), (5, "stop", "Cancelled by a person.")]
    assert run.checkpoints.last().figures["labelled"] == 5
    answers_store(work=held, outcomes=outcomes[5:])  # what was under way
    assert decided(run)[2:] == [(8, "stop", "Cancelled by a person.")]


def test_a_run_that_is_cancelled_before_its_first_label_has_no_checkpoint(cast, start):
    make_items(cast.project, 1)
    run = start()
    run_cancel(run=run, by=cast.olivia)
    assert decided(run) == []


def test_a_step_that_ends_while_the_run_is_paused_says_so(cast, start):
    make_items(cast.project, 8)
    run = start(step_size=2)
    held = claimed(run)
    outcomes = answered(items_lease(claim=held.claim, count=4))
    answers_store(work=held, outcomes=outcomes[:2])
    run_pause(run=run, by=cast.olivia)
    answers_store(work=held, outcomes=outcomes[2:])
    assert decided(run) == [(2, "go_on", ""), (4, "pause", "Paused by a person.")]
