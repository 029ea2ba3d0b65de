"""Relays and monitors: asked within moments, killed in between, two at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from evenhand.relay import loop
from evenhand.relay.loop import Relay
from fairness.models import Finding, FindingNotice
from fairness.monitors.evaluating import due_projects, project_evaluate
from ledger.models import LedgerEvent
from tests.factories import make_cast
from tests.fairness.test_monitors import biased, give, make_run, watch
from tests.fairness.test_relay import until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_relay_pauses_a_run_within_moments_of_its_labels(start_relay):
    cast = make_cast()
    watch(cast)
    run = make_run(cast)
    start_relay(), start_relay()
    give(cast, run.annotator, "muslim", 4, 40)
    give(cast, run.annotator, "christian", 36, 40)
    until(lambda: Finding.objects.exists())
    run.refresh_from_db()
    assert run.status == "paused"
    until(lambda: due_projects() == [])
    assert Finding.objects.count() == 1


def test_what_a_relay_folded_before_it_died_is_found_by_the_next_though_nothing_comes(start_relay):
    cast = make_cast()
    watch(cast)
    run = make_run(cast)
    biased(cast, run.annotator)
    start_relay()
    until(lambda: Finding.objects.exists())


def test_evaluations_at_once_find_and_tell_once():
    cast = make_cast()
    watch(cast)
    run = make_run(cast)
    biased(cast, run.annotator)
    barrier, faults = threading.Barrier(4), []

    def ask() -> None:
        barrier.wait()
        try:
            project_evaluate(cast.project.pk)
        except Exception as error:  # noqa: BLE001
            faults.append(error)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert Finding.objects.count() == FindingNotice.objects.count() == 1
    assert LedgerEvent.objects.filter(kind="finding.opened").count() == 1
    assert LedgerEvent.objects.filter(kind="run.paused").count() == 1


def test_monitors_are_asked_at_most_four_times_a_second_and_a_failing_project_stops_no_other(monkeypatch, caplog):
    asked: list[int] = []
    now = [100.0]
    relay = Relay(clock=lambda: now[0])

    def evaluate(project_id: int) -> None:
        asked.append(project_id)
        if project_id == 1:
            raise ValueError("counters are wrong")

    monkeypatch.setattr(loop, "fold_outbox", lambda: {1: 5, 2: 1})
    monkeypatch.setattr(loop, "seal_pending", lambda: 0)
    monkeypatch.setattr(relay, "_push", lambda now: None)
    monkeypatch.setattr(loop, "due_projects", lambda: [1, 2])
    monkeypatch.setattr(loop, "project_evaluate", evaluate)
    for step in range(20):
        now[0] = 100 + step * 0.05
        relay.turn()
    assert asked == [1, 2] * 4
    assert "monitors of project 1" in caplog.text
