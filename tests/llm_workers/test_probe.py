"""The probe: a run's first items, chosen from every group, an estimate of the rest, and the owner's word."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from annotations.models import Annotation
from ledger.errors import DomainError
from llm_workers import limits
from llm_workers.costs.money import Money
from llm_workers.estimates import estimate
from llm_workers.models import ModelVersion, RunItem, RunPlan
from llm_workers.services import filling
from llm_workers.services.filling import run_fill, unfilled_runs
from llm_workers.services.runs import run_cancel, run_pause, run_resume
from llm_workers.tasks import resume_runs
from tests.factories import make_items
from tests.llm_server import PROMPT_TOKENS


def test_the_run_waits_after_its_probe_with_an_estimate_and_pays_nothing_twice(cast, llm, start, work):
    ModelVersion.objects.update(price_per_million_prompt=1, price_per_million_completion=1)
    make_items(cast.project, 50)
    run = work(start(probe=20))
    assert (run.status, run.labelled, len(llm.requests)) == ("paused", 20, 20)
    assert run.reason == "The probe is done. See what the rest would take, then resume the run or cancel it."
    plan = RunPlan.objects.get(run=run)
    low, expected, high = plan.estimate["tokens"]
    assert low == expected == high == 30 * (PROMPT_TOKENS + 2)  # every item costs the same here
    assert plan.estimate["money"][1] == pytest.approx(30 * (PROMPT_TOKENS + 2) / 1e6)
    assert plan.estimate["minutes"][0] <= plan.estimate["minutes"][1]
    assert (plan.estimate["items"], plan.estimate["probed"], plan.confirmed_at) == (30, 20, None)
    run = work(run_resume(run=run, by=cast.olivia))
    assert (run.status, run.labelled, len(llm.requests)) == ("done", 50, 50)
    assert Annotation.objects.filter(run=run).count() == 50


def test_pausing_during_the_probe_does_not_confirm_it(cast, start, work):
    make_items(cast.project, 30)
    run = start(probe=10)
    run_pause(run=run, by=cast.olivia)
    run = work(run_resume(run=run, by=cast.olivia))
    assert (run.status, run.labelled) == ("paused", 10)
    run_cancel(run=run, by=cast.olivia)
    assert work(start()).labelled == 20


def test_a_probe_of_everything_ends_the_run(cast, start, work):
    make_items(cast.project, 5)
    assert work(start(probe=20)).status == "done"


def test_the_probe_takes_every_group_by_turns_and_the_seed_decides(cast, start):
    make_items(cast.project, 60, groups={"religion": "many"})
    make_items(cast.project, 4, groups={"religion": "few"})
    make_items(cast.project, 2, groups={"religion": "fewest"})

    def probed(seed: int):
        run = start(probe=12, seed=seed)
        rows = RunItem.objects.filter(run=run).order_by("id").select_related("item")[:12]
        found = [(row.item_id, row.item.groups["religion"]) for row in rows]
        assert run.total == 66
        run_cancel(run=run, by=cast.olivia)
        return found

    first = probed(1)
    assert Counter(group for _item, group in first) == {"many": 6, "few": 4, "fewest": 2}
    assert first == probed(1)
    assert first != probed(2)


def test_a_probe_is_of_a_sensible_size(cast, start):
    make_items(cast.project, 1)
    for probe in (-1, 501):
        with pytest.raises(DomainError, match="A probe has at most 500 items"):
            start(probe=probe)


def test_an_estimate_is_wider_the_fewer_items_it_rests_on(model):
    few = estimate([(90, 2, 0.1), (110, 2, 0.3)] * 3, left=1000, at_once=4, model=model, spent=Money(None))
    many = estimate([(90, 2, 0.1), (110, 2, 0.3)] * 30, left=1000, at_once=4, model=model, spent=Money(None))
    assert few["tokens"][1] == many["tokens"][1] == 102_000
    assert few["tokens"][0] < many["tokens"][0] < 102_000 < many["tokens"][2] < few["tokens"][2]
    assert many["minutes"][1] == pytest.approx(1000 * 0.2 / 4 / 60, abs=0.01)
    assert many["money"] is None
    # By hand: mean 102, s = 11.5470 / by n = 4, t(0.975; 3) = 3.18245, m = 6: 612 ± 3.18245 · 11.5470 · √(6 + 36/4)
    hand = estimate([(90, 2, 0.1), (110, 2, 0.3)] * 2, left=6, at_once=1, model=model, spent=Money(None))
    assert hand["tokens"] == [470, 612, 754]
    alone = estimate([(100, 2, 0.1)], left=10, at_once=1, model=model, spent=Money(None))
    assert alone["tokens"] == [0, 1020, 2040]


def test_money_for_servers_time_is_each_item_s_by_its_part_of_the_model_time(model):
    costs = [(90, 2, 0.1), (110, 2, 0.3)] * 2
    spent = Money(Decimal(8), "USD", "server time")
    found = estimate(costs, left=6, at_once=1, model=model, spent=spent)
    # By hand: 1, 3, 1, 3 USD: mean 2, s = 1.15470: 12 ± 3.18245 · 1.15470 · √(6 + 36/4)
    assert found["money"] == pytest.approx([0.0, 12.0, 26.232343], abs=1e-4)
    assert found["currency"] == "USD"
    untimed = [(100, 2, 0.0)] * 4
    assert estimate(untimed, left=6, at_once=1, model=model, spent=spent)["money"] == [12.0, 12.0, 12.0]


# --- large projects -------------------------------------------------------------------------------------------------


@pytest.fixture
def large(monkeypatch):
    """Whatever is more than three items is a large project."""
    monkeypatch.setattr(filling, "AT_ONCE", 3)


def test_in_a_large_project_the_items_are_chosen_in_the_background(cast, large, start, work):
    make_items(cast.project, 8)
    run = start()
    assert (run.status, run.total, run.lanes.count()) == ("queued", 0, 0)
    run_fill(run_id=run.pk)
    run_fill(run_id=run.pk)  # a message that comes twice
    run.refresh_from_db()
    assert (run.total, run.lanes.count()) == (8, 1)
    assert work(run).labelled == 8


def test_a_lost_message_is_made_good(cast, large, start, monkeypatch):
    make_items(cast.project, 8)
    run = start()
    queued = []
    monkeypatch.setattr("llm_workers.tasks.queue_fill", queued.append)
    resume_runs.run()
    assert queued == []  # not yet: its task has only just been queued
    monkeypatch.setattr("llm_workers.tasks.STALE", -limits.STALE)
    resume_runs.run()
    assert queued == [run.pk]
    run_fill(run_id=run.pk)
    resume_runs.run()
    assert queued == [run.pk]
    assert unfilled_runs(stale_before=run.created_at) == []


def test_a_run_that_is_cancelled_before_its_items_are_chosen_stays_so(cast, large, start):
    make_items(cast.project, 8)
    run = start()
    run_cancel(run=run, by=cast.olivia)
    run_fill(run_id=run.pk)
    assert not RunItem.objects.filter(run=run).exists()


def test_a_run_that_is_paused_meanwhile_begins_when_it_is_resumed(cast, large, start, work):
    make_items(cast.project, 8)
    run = start()
    run_pause(run=run, by=cast.olivia)
    run_fill(run_id=run.pk)
    assert work(run).labelled == 0
    assert work(run_resume(run=run, by=cast.olivia)).labelled == 8


def test_where_nothing_is_left_to_label_the_run_ends_and_says_so(cast, large, start, work):
    make_items(cast.project, 8)
    first = start()
    run_fill(run_id=first.pk)
    work(first)
    run = start()
    run_fill(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert run.reason.startswith("There is nothing to label")
