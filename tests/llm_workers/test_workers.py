"""Real Celery workers that are killed, and many threads at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from annotations.models import Annotation, OutboxRow, Run
from ledger.models import LedgerEvent
from llm_workers.models import ModelVersion, RunItem, RunLane
from llm_workers.services.labelling import label_for_a_while
from llm_workers.services.models import models_refresh
from llm_workers.services.runs import mend_lanes, run_pause, run_resume, run_start
from tests.addresses import database_url
from tests.factories import make_items
from tests.llm_server import PROMPT_TOKENS, ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
ITEMS = 400


@contextmanager
def celery_worker(server: ScriptedServer) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the queue ``llm`` with two processes, in a process group of its own."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "LLM_BASE_URL": server.url,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
    }
    options = ["--queues", "llm", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    command = [sys.executable, "-m", "celery", "-A", "evenhand", "worker", *options]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of the worker and of the processes that it made."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(condition: Callable[[], bool], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def labelled(run: Run) -> int:
    run.refresh_from_db()
    return run.labelled


def everything_counted_once(run: Run, items: int) -> None:
    run.refresh_from_db()
    rows = RunItem.objects.filter(run=run)
    assert (run.status, run.labelled, run.unanswered) == ("done", items, 0)
    assert rows.filter(status="done").count() == items
    assert Annotation.objects.filter(run=run, status="current").count() == items
    assert Annotation.objects.count() == items
    assert run.prompt_tokens == items * PROMPT_TOKENS == rows.aggregate(sum=Sum("prompt_tokens"))["sum"]
    assert OutboxRow.objects.count() == items
    assert LedgerEvent.objects.filter(kind="annotation.submitted").count() == items
    assert LedgerEvent.objects.filter(kind="run.finished").count() == 1


@pytest.mark.slow
def test_killed_workers_lose_nothing_and_double_nothing(cast, settings):
    make_items(cast.project, ITEMS)
    with ScriptedServer(latency=0.5) as server:
        settings.LLM_BASE_URLS = [server.url]
        models_refresh()
        run = run_start(project=cast.project, model=ModelVersion.objects.get(), started_by=cast.olivia, step_size=100)
        for least in (1, ITEMS // 2):
            with celery_worker(server) as worker:
                wait_until(lambda least=least: labelled(run) >= least)
                kill(worker)
            assert labelled(run) < ITEMS
            assert RunItem.objects.filter(run=run, status="leased").exists()
            # What beat does, again and again, once nobody has touched the lane for half a minute. The first try may
            # find the lane still locked: PostgreSQL ends a killed client's transaction a moment after the client.
            wait_until(lambda: mend_lanes(stale_before=timezone.now()) == 1)
        with celery_worker(server):
            wait_until(lambda: labelled(run) == ITEMS)
            wait_until(lambda: Run.objects.get(pk=run.pk).status == "done")
        assert len(server.requests) > ITEMS  # something was under way when the workers died, and was asked again
    everything_counted_once(run, ITEMS)
    assert [checkpoint.number for checkpoint in run.checkpoints.all()] == [1, 2, 3, 4]


@pytest.mark.slow
def test_pause_and_resume_reach_a_real_worker(cast, settings):
    make_items(cast.project, ITEMS)
    with ScriptedServer(latency=0.5) as server, celery_worker(server):
        settings.LLM_BASE_URLS = [server.url]
        models_refresh()
        run = run_start(project=cast.project, model=ModelVersion.objects.get(), started_by=cast.olivia)
        wait_until(lambda: labelled(run) > 0)
        run_pause(run=run, by=cast.olivia)
        wait_until(lambda: not RunItem.objects.filter(run=run, status="leased").exists())
        asked = len(server.requests)
        time.sleep(1)
        assert len(server.requests) == asked < ITEMS
        run_resume(run=run, by=cast.olivia)
        wait_until(lambda: Run.objects.get(pk=run.pk).status == "done")
    everything_counted_once(run, ITEMS)


def test_lanes_and_doubled_messages_at_once_label_every_item_once(cast, settings):
    make_items(cast.project, 60)
    with ScriptedServer(latency=0.01) as one, ScriptedServer(latency=0.01) as two:
        settings.LLM_BASE_URLS = [one.url, two.url]
        models_refresh()
        run = run_start(project=cast.project, model=ModelVersion.objects.get(), started_by=cast.olivia, step_size=7)
        lanes = list(RunLane.objects.filter(run=run))
        assert len(lanes) == 2
        begin = threading.Barrier(6)

        def task(lane: int) -> None:
            begin.wait()
            generation = 0
            try:
                while follow := label_for_a_while(run_id=run.pk, lane=lane, generation=generation):
                    generation = follow.generation
            finally:
                connection.close()

        threads = [threading.Thread(target=task, args=(lane.number,)) for lane in lanes for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(one.requests) + len(two.requests) == 60
    everything_counted_once(run, 60)
