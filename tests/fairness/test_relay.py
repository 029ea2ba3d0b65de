"""The relay as a process: killed, doubled, and without its database for a while."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import OperationalError, transaction
from redis import RedisError

from annotations.models import OutboxRow
from evenhand.relay import loop
from evenhand.relay.loop import HEARTBEAT_KEY, Relay
from fairness.models import Counter
from fairness.services.recount import recount
from ledger.models import PendingEvent
from ledger.services import SYSTEM, record
from tests import addresses
from tests.factories import add_label, make_annotator, make_cast
from tests.fairness.test_fold import fresh_items

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """``start()``: a relay process on this test's database; every one of them is ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "DATABASE_URL": addresses.database_url(),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
        }
        process = subprocess.Popen([sys.executable, "manage.py", "relay"], cwd=ROOT, env=environment)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait(timeout=20)


def until(condition: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.05)


def empty() -> bool:
    return not OutboxRow.objects.exists()


def label_all(items: list, annotator) -> None:
    for item in items:
        add_label(item, annotator, "keep")


def test_a_killed_relay_loses_nothing_and_the_standby_takes_over(start):
    project = make_cast().project
    items = fresh_items(project, 40)
    first, _standby = start(), start()
    until(empty)
    label_all(items, make_annotator(project))
    os.kill(first.pid, signal.SIGKILL)
    label_all(items, make_annotator(project))
    until(empty)
    assert recount(project=project) == []
    assert Counter.objects.get(table="people", attribute="", key="keep").n == 80


def test_a_relay_started_anew_takes_up_what_came_meanwhile(start):
    project = make_cast().project
    items = fresh_items(project, 10)
    first = start()
    until(empty)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=20) == 0
    label_all(items, make_annotator(project))
    assert not empty()
    start()
    until(empty)
    assert recount(project=project) == []


def test_it_seals_the_ledger_and_shows_that_it_lives(start):
    cache.delete(HEARTBEAT_KEY)
    with transaction.atomic():
        record(kind="test.happened", actor=SYSTEM, subject="test:1")
    start()
    until(lambda: not PendingEvent.objects.exists())
    until(lambda: cache.get(HEARTBEAT_KEY) is not None)


@pytest.mark.parametrize("error", [OperationalError("gone"), ConnectionError("gone"), RedisError("gone")])
def test_it_waits_longer_each_time_while_database_or_broker_is_away(monkeypatch, error):
    waits: list[float] = []
    relay = Relay()
    failures = iter([error] * 8)

    def turn() -> bool:
        for failure in failures:
            raise failure
        relay.stop()
        return False

    def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(relay, "turn", turn)
    monkeypatch.setattr(loop.time, "sleep", sleep)
    monkeypatch.setattr(loop.signal, "signal", lambda *_: None)
    relay.run()
    assert waits[:-1] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert waits[-1] == loop.IDLE_SECONDS  # back to work at once


def test_an_unknown_failure_is_not_swallowed(monkeypatch):
    relay = Relay()
    monkeypatch.setattr(relay, "turn", lambda: 1 / 0)
    monkeypatch.setattr(loop.signal, "signal", lambda *_: None)
    with pytest.raises(ZeroDivisionError):
        relay.run()


def test_it_pushes_each_project_at_most_four_times_a_second(monkeypatch):
    pushed: list[int] = []
    now = [100.0]
    relay = Relay(clock=lambda: now[0])

    class Layer:
        async def group_send(self, _group: str, message: dict) -> None:
            pushed.append(message["project"])

    monkeypatch.setattr(loop, "get_channel_layer", Layer)
    monkeypatch.setattr(loop, "seal_pending", lambda: 0)
    for step in range(20):  # a second, 50 ms at a time
        now[0] = 100 + step * 0.05
        monkeypatch.setattr(loop, "fold_outbox", lambda: {1: 5, 2: 1})
        relay.turn()
    assert pushed.count(1) == pushed.count(2) == 4


def test_what_could_not_be_said_is_said_when_the_broker_is_back(monkeypatch):
    pushed: list[int] = []
    relay = Relay()
    away = [True]

    class Layer:
        async def group_send(self, _group: str, message: dict) -> None:
            if away[0]:
                raise RedisError("gone")
            pushed.append(message["project"])

    monkeypatch.setattr(loop, "get_channel_layer", Layer)
    folds = iter([{7: 1}])
    monkeypatch.setattr(loop, "fold_outbox", lambda: next(folds, {}))
    with pytest.raises(RedisError):
        relay.turn()
    away[0] = False
    relay.turn()
    assert pushed == [7]
