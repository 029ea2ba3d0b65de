"""Runs that get more lanes: for servers that join, and where one process cannot give a server enough to do."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotations.models import Run
from llm_workers import limits
from llm_workers.client.load import Load
from llm_workers.limits import MOST_LANES
from llm_workers.models import ModelVersion, RunLane
from llm_workers.pacing import Pace
from llm_workers.services.claims import lane_claim, lane_next
from llm_workers.services.labelling import label_for_a_while
from llm_workers.services.lanes import lanes_join
from llm_workers.services.models import models_refresh
from llm_workers.services.runs import run_pause, run_resume, run_start
from tests.factories import make_items
from tests.llm_server import PROMPT_TOKENS, ScriptedServer

# What a shift found, and how many lanes there are then.
SHIFTS = [
    ({}, 2),
    ({"width": 7}, 1),  # it could ask more itself
    ({"usual": 0.3}, 1),  # the server is busy
    ({"usual": 0.3, "load": Load(running=20, waiting=1)}, 2),  # the server says that hardly anybody waits
    ({"load": Load(running=20, waiting=8)}, 1),
]


@pytest.fixture
def run(cast, start) -> Run:
    make_items(cast.project, 3)
    return start()


def told(run: Run, *, width: int = 8, usual: float = 0.1, shortest: float = 0.1, load: Load | None = None) -> int:
    """Lanes after a shift of lane 0 that ended so; ``width`` of 8 requests at a time."""
    lane = RunLane.objects.get(run=run, number=0)
    work = lane_claim(run_id=run.pk, lane=0, generation=lane.generation)
    pace = Pace(start=width, most=8)
    pace.usual, pace.shortest = usual, shortest
    assert lane_next(claim=work.claim, pace=pace, load=load)
    return RunLane.objects.filter(run=run).count()


@pytest.mark.parametrize(("shift", "lanes"), SHIFTS)
def test_a_full_lane_whose_server_has_room_gets_another_one(run, shift, lanes):
    assert told(run, **shift) == lanes


def test_quick_answers_are_remembered_from_shift_to_shift(run):
    assert told(run, width=2, usual=0.1, shortest=0.1) == 1
    assert told(run, usual=0.5, shortest=0.5) == 1
    assert RunLane.objects.get(run=run).quickest == 0.1


def test_there_are_no_more_lanes_than_are_worked_on_and_full_and_at_most_sixteen(run):
    assert told(run) == 2
    assert told(run) == 2  # the new one is not full yet
    RunLane.objects.filter(run=run).update(width=8)
    assert told(run) == 3
    RunLane.objects.filter(run=run).update(width=8, touched_at=timezone.now() - timedelta(seconds=11))
    assert told(run) == 3  # workers are too few for those that there are
    for _ in range(MOST_LANES):
        RunLane.objects.filter(run=run).update(width=8, touched_at=timezone.now())
        told(run)
    assert RunLane.objects.filter(run=run).count() == MOST_LANES


def test_a_server_that_joins_gets_a_lane_while_the_run_goes_on_and_when_it_is_resumed(cast, llm, run, settings):
    assert (lanes_join(), run.lanes.count()) == (0, 1)
    with ScriptedServer() as second, ScriptedServer() as third:
        settings.LLM_BASE_URLS = [llm.url, second.url]
        models_refresh()
        assert (lanes_join(), run.lanes.count(), lanes_join()) == (1, 2, 0)
        run_pause(run=run, by=cast.olivia)
        settings.LLM_BASE_URLS = [llm.url, second.url, third.url]
        models_refresh()
        assert lanes_join() == 0
        run_resume(run=run, by=cast.olivia)
        assert sorted(run.lanes.values_list("number", flat=True)) == [0, 1, 2]


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_one_address(cast, settings, monkeypatch):
    """One lane may ask two at a time; the server would take more, so a second lane comes, and both work at once."""
    monkeypatch.setitem(limits.START, "vllm", 2)
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 2)
    monkeypatch.setattr(limits, "TASK_SECONDS", 0.5)
    monkeypatch.setattr(limits, "TASK_ANSWERS", 1)
    make_items(cast.project, 48)
    # Long beside what a busy machine adds: answers that take twice as long as the quickest look like a crowded server.
    with ScriptedServer(latency=0.2) as server:
        settings.LLM_BASE_URLS = [server.url]
        models_refresh()
        run = run_start(project=cast.project, model=ModelVersion.objects.get(), started_by=cast.olivia)
        follow = label_for_a_while(run_id=run.pk, lane=0, generation=0)
        assert run.lanes.count() == 2
        assert server.peak == 2
        threads = [
            threading.Thread(target=_work_on, args=(run.pk, number, generation))
            for number, generation in ((0, follow.generation), (1, 0))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.peak == 4
    run.refresh_from_db()
    assert (run.status, run.labelled, run.prompt_tokens) == ("done", 48, 48 * PROMPT_TOKENS)


def _work_on(run_id: int, lane: int, generation: int) -> None:
    try:
        while follow := label_for_a_while(run_id=run_id, lane=lane, generation=generation):
            generation = follow.generation
    finally:
        connection.close()
