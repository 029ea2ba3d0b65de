"""The probe: a run's first items, chosen from every group, an estimate of the rest, and the owner's word."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.models import Annotation, Run
from ledger.errors import DomainError
from llm_workers import limits
from llm_workers.models import ModelVersion, RunItem, RunPlan
from llm_workers.services import filling, strata
from llm_workers.services.filling import run_fill, unfilled_runs
from llm_workers.services.runs import run_cancel, run_pause, run_resume
from llm_workers.tasks import resume_runs
from tests.factories import make_items
from tests.llm_server import PROMPT_TOKENS


@pytest.mark.usefixtures("patient")
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


def test_a_probe_whose_last_answers_came_in_after_a_pause_is_not_confirmed_unseen(cast, llm, start, work):
    make_items(cast.project, 30)
    run = start(probe=10)
    run_pause(run=run, by=cast.olivia)
    Run.objects.filter(pk=run.pk).update(labelled=10)
    run = work(run_resume(run=run, by=cast.olivia))
    plan = RunPlan.objects.get(run=run)
    assert (run.status, len(llm.requests), plan.confirmed_at) == ("paused", 0, None)
    assert plan.estimate is not None
    run_resume(run=run, by=cast.olivia)
    assert RunPlan.objects.get(run=run).confirmed_at is not None


def test_a_probe_of_everything_ends_the_run(cast, start, work):
    make_items(cast.project, 5)
    assert work(start(probe=20)).status == "done"


def test_the_probe_takes_of_every_group_by_its_size_and_the_seed_decides(cast, start):
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
    assert Counter(group for _item, group in first) == {"many": 10, "few": 1, "fewest": 1}
    assert first == probed(1)
    assert first != probed(2)


@pytest.mark.parametrize(("small", "of_large"), [(12, 8), (30, filling.FEW)])
def test_a_group_that_is_nearly_everything_is_probed_more_than_once_however_many_there_are(
    cast, start, small, of_large
):
    make_items(cast.project, 300, groups={"religion": "large"})
    for number in range(small):
        make_items(cast.project, 2, groups={"religion": f"small {number}"})
    rows = RunItem.objects.filter(run=start(probe=20)).order_by("id").values_list("item__groups__religion", flat=True)
    found = Counter(rows[:20])
    assert found.pop("large") == of_large
    assert set(found.values()) == {1}
    assert len(found) == 20 - of_large


def test_the_estimate_counts_each_group_by_what_is_left_of_it(cast, llm, start, work):
    """Ninety short items and twenty long ones: the probe asks about sixteen and four."""
    make_items(cast.project, 90, groups={"religion": "many"})
    make_items(cast.project, 20, groups={"religion": "few", "gender": "woman"})
    long = set(cast.project.items.filter(groups__religion="few").values_list("payload__text", flat=True))
    llm.prompt_tokens = lambda text: 1000 if text in long else PROMPT_TOKENS
    run = work(start(probe=20))
    plan = RunPlan.objects.get(run=run)
    assert plan.strata == {'{"religion": "many"}': 90, '{"gender": "woman", "religion": "few"}': 20}
    exact = 74 * (PROMPT_TOKENS + 2) + 16 * 1002
    assert (plan.estimate["items"], plan.estimate["tokens"]) == (90, [exact] * 3)  # within a group all are alike
    work(run_resume(run=run, by=cast.olivia))
    run.refresh_from_db()
    assert run.prompt_tokens + run.completion_tokens == exact + 16 * (PROMPT_TOKENS + 2) + 4 * 1002


def test_without_a_probe_no_groups_are_counted(cast, start):
    make_items(cast.project, 3, groups={"religion": "many"})
    assert RunPlan.objects.get(run=start()).strata == {}


def test_a_run_from_before_groups_were_counted_is_reckoned_as_one(cast, start, work):
    make_items(cast.project, 20, groups={"religion": "many"})
    make_items(cast.project, 10, groups={"religion": "few"})
    run = start(probe=10)
    RunPlan.objects.filter(run=run).update(strata={})
    assert RunPlan.objects.get(run=work(run)).estimate["tokens"] == [20 * (PROMPT_TOKENS + 2)] * 3


def test_beyond_many_groups_the_smallest_count_as_one(cast, start, monkeypatch):
    monkeypatch.setattr(strata, "KEPT", 2)
    for size in (5, 4, 3, 2):
        make_items(cast.project, size, groups={"religion": f"of {size}"})
    counted = RunPlan.objects.get(run=start(probe=8)).strata
    assert counted == {'{"religion": "of 5"}': 5, '{"religion": "of 4"}': 4, "": 5}
    assert strata.stratum_of({"religion": "of 3"}, counted) == ""
    assert strata.left_of(counted, ["", "", '{"religion": "of 5"}'], left=11) == {
        '{"religion": "of 5"}': 4, '{"religion": "of 4"}': 4, "": 3,
    }  # fmt: skip


def test_cancelling_after_the_probe_counts_no_items(cast, start, work):
    make_items(cast.project, 30, groups={"religion": "many"})
    run = work(start(probe=10))
    with CaptureQueriesContext(connection) as asked:
        run_cancel(run=run, by=cast.olivia)
    assert not [one["sql"] for one in asked if "count(*) AS items" in one["sql"]]


def test_a_probe_is_of_a_sensible_size(cast, start):
    make_items(cast.project, 1)
    for probe in (-1, 501):
        with pytest.raises(DomainError, match="A probe has at most 500 items"):
            start(probe=probe)


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
