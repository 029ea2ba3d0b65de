"""An item of which servers die: it ends with a reason, and the run goes on by itself; nobody else pays for it."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from annotations.models import Annotation, Run
from ledger.models import LedgerEvent
from llm_workers import limits
from llm_workers.client import Usage
from llm_workers.limits import STALE
from llm_workers.models import RunItem, RunLane, RunPlan
from llm_workers.services import claims
from llm_workers.services.claims import Leased, items_lease, items_release, lane_claim
from llm_workers.services.labelling import label_for_a_while
from llm_workers.services.models import models_refresh
from llm_workers.services.resuming import runs_go_on
from llm_workers.services.runs import mend_lanes
from llm_workers.services.shift import Back
from llm_workers.services.suspects import GROUPS, LONE_DEATHS, SUSPECTED
from tests.factories import make_items
from tests.llm_server import PROMPT_TOKENS, ScriptedServer

REASON = "The server stopped each time this item was asked, 2 times in a row, though it answered others."
MOST_DEATHS = 3 * SUSPECTED + len(GROUPS) + LONE_DEATHS  # of a server, for one item that it dies of


@pytest.fixture
def labour(monkeypatch):
    """``labour(run)``: what workers and beat do until the run has ended, with waits that are as long as they must."""
    monkeypatch.setattr(claims, "FAULT_PAUSE", 0.4)
    monkeypatch.setattr(claims, "LONGEST_FAULT_PAUSE", 0.8)

    def laboured(run: Run, *, seconds: float = 90) -> Run:
        until, due = time.monotonic() + seconds, {}
        while Run.objects.filter(pk=run.pk).exclude(status__in=("done", "paused")).exists():
            assert time.monotonic() < until, Counter(RunItem.objects.filter(run=run).values_list("status", "deaths"))
            for lane in RunLane.objects.filter(run=run):
                if time.monotonic() >= due.get(lane.number, 0.0):
                    follow = label_for_a_while(run_id=run.pk, lane=lane.number, generation=lane.generation)
                    due[lane.number] = time.monotonic() + (follow.wait if follow else 0.05)
            time.sleep(0.01)
        run.refresh_from_db()
        return run

    return laboured


def each_item_once(run: Run, items: int, bad: set[int]) -> None:
    """One label or one reason each, and all that servers answered is counted once."""
    rows = RunItem.objects.filter(run=run)
    assert (run.status, run.labelled, run.unanswered) == ("done", items - len(bad), len(bad))
    ended = Counter(rows.values_list("status", flat=True))
    assert ended == Counter({"done": items - len(bad), "unanswered": len(bad)})
    assert set(rows.filter(status="unanswered").values_list("item_id", "reason")) == {(pk, REASON) for pk in bad}
    labels = Counter(Annotation.objects.filter(run=run).values_list("item_id", flat=True))
    assert (len(labels), set(labels.values())) == (items - len(bad), {1})
    assert not bad & set(labels)
    assert LedgerEvent.objects.filter(kind="annotation.submitted").count() == items - len(bad)
    used = rows.aggregate(prompt=Sum("prompt_tokens"), completion=Sum("completion_tokens"))
    assert (run.prompt_tokens, run.completion_tokens) == (used["prompt"], used["completion"])


def test_an_item_that_kills_its_server_each_time_ends_unanswered_and_the_run_goes_on(cast, llm, start, labour):
    items = make_items(cast.project, 400)
    bad = items[123]
    llm.latency, llm.away = 0.02, 1.0
    llm.deadly = lambda text: text == bad.payload["text"]
    run = labour(start())
    each_item_once(run, 400, {bad.pk})
    assert 0 < len(llm.deaths) <= MOST_DEATHS
    assert llm.deaths[-LONE_DEATHS:] == [1] * LONE_DEATHS  # it was alone in the end
    assert RunItem.objects.get(run=run, item=bad).lone_deaths == LONE_DEATHS
    # Small requests that found out whether it answers are counted too; what broke on its way cost nothing.
    assert 399 * PROMPT_TOKENS < run.prompt_tokens <= len(llm.answered) * PROMPT_TOKENS


def test_two_such_items_and_two_servers(cast, llm, settings, start, labour):
    items = make_items(cast.project, 200)
    bad = {items[3].payload["text"], items[150].payload["text"]}
    with ScriptedServer(latency=0.02) as second:
        settings.LLM_BASE_URLS = [llm.url, second.url]
        models_refresh()
        for server in (llm, second):
            server.latency, server.away, server.deadly = 0.02, 0.3, lambda text: text in bad
        run = labour(start())
    each_item_once(run, 200, {items[3].pk, items[150].pk})


def test_an_engine_that_says_that_it_broke_before_it_ends_is_the_same(cast, llm, start, labour):
    """As vLLM does: 500 for all that is under way, and then nothing listens."""
    items = make_items(cast.project, 30)
    llm.latency, llm.away, llm.says_so = 0.02, 1.0, True
    llm.deadly = lambda text: text == items[4].payload["text"]
    each_item_once(labour(start()), 30, {items[4].pk})


def test_an_outage_alone_makes_no_suspects(cast, llm, start, labour):
    items = make_items(cast.project, 200)
    llm.latency, llm.away = 0.02, 0.5
    once = iter([True])
    llm.deadly = lambda text: text == items[50].payload["text"] and next(once, False)
    run = labour(start())
    each_item_once(run, 200, set())
    assert len(llm.deaths) == 1
    assert RunItem.objects.filter(run=run, deaths__gt=1).count() == 0


def test_a_server_that_answers_nobody_is_no_fault_of_what_it_is_asked(cast, llm, start, work):
    """Whatever is asked, the connection breaks: then nothing is suspected of it twice, and nothing given up."""
    make_items(cast.project, 6)
    llm.fault_for = lambda text: "drop"
    run = work(start(), most=12)
    assert (run.status, run.unanswered) == ("running", 0)
    assert max(RunItem.objects.filter(run=run).values_list("deaths", flat=True)) <= SUSPECTED
    assert not RunItem.objects.filter(run=run, lone_deaths__gt=0).exists()
    llm.fault_for = lambda text: None
    run = work(run)
    assert (run.status, run.labelled) == ("done", 6)


# --- who is tried with whom -------------------------------------------------------------------------------------------


@pytest.fixture
def claim(cast, start):
    make_items(cast.project, 60)
    run = start()
    return lane_claim(run_id=run.pk, lane=0, generation=0).claim


def suspect(claim, deaths: int, count: int, after: int = 0) -> list[int]:
    rows = RunItem.objects.filter(run_id=claim.run_id).order_by("id")[after : after + count]
    pks = [row.pk for row in rows]
    RunItem.objects.filter(pk__in=pks).update(deaths=deaths)
    return [row.item_id for row in rows]


def back(leased: list[Leased], *, died: bool = True) -> list[Back[Leased]]:
    return [Back(one, Usage(), died=died) for one in leased]


@pytest.mark.parametrize(
    ("deaths", "waiting", "together"),
    [(2, 60, 16), (2, 20, 10), (3, 20, 4), (3, 3, 2), (4, 20, 1), (9, 2, 1), (2, 1, 1)],
)
def test_groups_shrink_with_every_death_and_are_at_most_half(claim, deaths, waiting, together):
    suspect(claim, deaths, waiting)
    leased = items_lease(claim=claim, count=60)
    assert len(leased) == together
    assert all(one.suspected and (one.alone_since is not None) == (together == 1) for one in leased)
    assert items_lease(claim=claim, count=60) == []  # nothing else is asked meanwhile


def test_the_most_suspicious_come_first_and_others_wait(claim):
    suspect(claim, 2, 20)
    worst = suspect(claim, 3, 2, after=40)
    assert [one.item_id for one in items_lease(claim=claim, count=60)] == worst[:1]


def test_one_death_is_chance(claim):
    suspect(claim, 1, 20)
    leased = items_lease(claim=claim, count=60)
    assert len(leased) == 60
    assert not any(one.suspected for one in leased)


def test_suspects_wait_until_nothing_else_is_under_way(claim):
    normal = items_lease(claim=claim, count=5)
    suspect(claim, 2, 10, after=20)
    assert items_lease(claim=claim, count=60) == []
    items_release(claim=claim, back=back(normal, died=False))
    assert len(items_lease(claim=claim, count=60)) == 5


def test_only_deaths_of_what_was_asked_alone_give_up(claim):
    plan = RunPlan.objects.filter(run_id=claim.run_id)
    suspect(claim, 2, 2)
    for lone in range(LONE_DEATHS):
        plan.update(fault_pauses=3, faults_in_row=2, failing_since=timezone.now())
        leased = items_lease(claim=claim, count=60)
        assert leased[0].alone_since
        items_release(claim=claim, back=back(leased))
        row = RunItem.objects.get(run_id=claim.run_id, item_id=leased[0].item_id)
        assert (row.deaths, row.lone_deaths) == (3 + lone, 1 + lone)
    assert (row.status, row.reason) == ("unanswered", REASON)
    assert row.finished_at is not None
    assert Run.objects.get(pk=claim.run_id).unanswered == 1
    assert plan.values_list("fault_pauses", "faults_in_row", "failing_since").get() == (0, 0, None)
    items_release(claim=claim, back=back(leased))  # said twice
    assert Run.objects.get(pk=claim.run_id).unanswered == 1


def test_a_claim_that_was_lost_counts_no_death(claim):
    leased = items_lease(claim=claim, count=3)
    mend_lanes(stale_before=timezone.now() + STALE)
    items_release(claim=claim, back=back(leased))
    assert not RunItem.objects.filter(run_id=claim.run_id, deaths__gt=0).exists()


def test_there_are_no_more_suspects_than_there_is_room_for(claim):
    suspect(claim, 2, 20)
    assert items_lease(claim=claim, count=0) == []
    assert len(items_lease(claim=claim, count=3)) == 3


def test_lone_deaths_are_deaths(claim):
    with pytest.raises(IntegrityError, match="run_item_lone_deaths_are_deaths"), transaction.atomic():
        RunItem.objects.filter(run_id=claim.run_id).update(lone_deaths=1)


def test_it_goes_on_by_itself_where_the_server_takes_longer_than_a_run_bears(cast, llm, start, labour, monkeypatch):
    """Each death pauses the run; beat lets it go on once the model is listed."""
    monkeypatch.setattr(claims, "FAULTS_BORNE", limits.STALE * 0)
    items = make_items(cast.project, 20)
    llm.latency, llm.away = 0.02, 0.4
    llm.deadly = lambda text: text == items[7].payload["text"]
    run = start()
    for _ in range(2 * MOST_DEATHS):
        run = labour(run)
        if run.status == "done":
            break
        assert "goes on by itself" in run.reason
        while llm.dead:
            time.sleep(0.02)
        RunPlan.objects.filter(run=run).update(resume_at=timezone.now())
        models_refresh()
        assert runs_go_on() == 1
    each_item_once(run, 20, {items[7].pk})
