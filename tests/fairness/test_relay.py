"""The relay as a process: killed, doubled, and without its database for a while."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from redis import RedisError

from annotations.models import Annotation, OutboxRow
from evenhand.relay import loop
from evenhand.relay.loop import HEARTBEAT_KEY, Relay
from fairness.models import Counter, Pulse, Slice
from fairness.services.fold import CountersWrong, fold_outbox
from fairness.services.recount import recount
from ledger.models import PendingEvent
from ledger.services import SYSTEM, record
from tests.factories import add_label, make_annotator, make_cast, make_project, make_user
from tests.fairness.test_fold import LABELS, fresh_items, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_a_killed_relay_loses_nothing_and_the_standby_takes_over(start_relay):
    project = make_cast().project
    items = fresh_items(project, 40)
    first, _standby = start_relay(), start_relay()
    until(empty)
    label_all(items, make_annotator(project))
    os.kill(first.pid, signal.SIGKILL)
    label_all(items, make_annotator(project))
    until(empty)
    assert recount(project=project) == []
    assert Counter.objects.get(table="people", attribute="", key="keep").n == 80


def test_a_relay_started_anew_takes_up_what_came_meanwhile(start_relay):
    project = make_cast().project
    items = fresh_items(project, 10)
    first = start_relay()
    until(empty)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=20) == 0
    label_all(items, make_annotator(project))
    assert not empty()
    start_relay()
    until(empty)
    assert recount(project=project) == []


@pytest.mark.slow
def test_a_relay_killed_again_and_again_while_labels_come_in_counts_each_of_them_once(start_relay):
    """Kills fall wherever they fall: before a fold, within its transaction, between it and the push."""
    project = make_cast().project
    items = fresh_items(project, 30)
    people = [make_annotator(project) for _ in range(6)]
    model = make_annotator(project, kind="model")
    chance, over = random.Random(), threading.Event()
    failures: list[BaseException] = []

    def label() -> None:
        """Labels, second thoughts and labels taken back, until told to stop."""
        given: dict[tuple[int, int], Annotation] = {}
        try:
            while not over.is_set():
                item, annotator = chance.choice(items), chance.choice([*people, model])
                if (earlier := given.pop((item.pk, annotator.pk), None)) is not None:
                    withdraw(earlier)
                    continue
                given[item.pk, annotator.pk] = add_label(item, annotator, chance.choice(LABELS))
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            connection.close()

    labeller = threading.Thread(target=label)
    labeller.start()
    try:
        for _ in range(5):
            relay = start_relay()
            until(lambda: Pulse.objects.filter(project=project).exists())
            time.sleep(2 + chance.random())
            os.kill(relay.pid, signal.SIGKILL)
            relay.wait(timeout=20)
            assert recount(project=project) == []  # with what waits in the outbox
    finally:
        over.set()
        labeller.join()
    assert not failures
    start_relay()
    until(empty)
    assert recount(project=project) == []
    assert Pulse.objects.get(project=project).version > 5
    assert Annotation.objects.filter(project=project, status="withdrawn").exists()


def test_wrong_counters_of_one_project_are_counted_anew_and_hold_up_no_other(start_relay):
    wrong, right = make_cast().project, make_project(make_user("rita"))
    for project in (wrong, right):
        label_all(fresh_items(project, 5), make_annotator(project))
    while fold_outbox():
        pass
    Counter.objects.filter(project=wrong, table="people").delete()
    annotation = Annotation.objects.filter(project=wrong).first()
    withdraw(annotation)
    label_all(right.items.all(), make_annotator(right))
    with pytest.raises(CountersWrong, match="are wrong"):
        fold_outbox()
    start_relay()
    until(empty)
    assert recount(project=wrong) == recount(project=right) == []
    assert Counter.objects.get(project=wrong, table="people", attribute="", key="keep").n == 4


@pytest.mark.parametrize("rows", [Counter, Slice])
@pytest.mark.parametrize("left", [{"n": 0}, None])
def test_a_counter_that_would_fall_below_zero_folds_nothing(left, rows):
    project = make_cast().project
    (item,) = fresh_items(project, 1)
    annotation = add_label(item, make_annotator(project), "keep")
    while fold_outbox():
        pass
    cells = rows.objects.filter(project=project, table="people")
    cells.update(**left) if left else cells.delete()
    withdraw(annotation)
    with pytest.raises(CountersWrong) as raised:
        fold_outbox()
    assert raised.value.projects == [project.pk]
    assert not empty()


def test_it_seals_the_ledger_and_shows_that_it_lives(start_relay):
    cache.delete(HEARTBEAT_KEY)
    with transaction.atomic():
        record(kind="test.happened", actor=SYSTEM, subject="test:1")
    start_relay()
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
