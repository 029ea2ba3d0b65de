"""A recount that mends and a fold at the same time: the same rows, in opposite directions, and no deadlock."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.db.models import F

from annotations.models import Project
from fairness.models import Counter, Pulse, Slice
from fairness.services import fold
from fairness.services import recount as recounting
from fairness.services.recount import COMPLETE_LOCK, counters_complete, recount
from tests.factories import add_label, make_annotator, make_cast, make_project, make_user
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import cell, fresh_items, withdraw
from tests.locks import beside, somebody_waits, until

pytestmark = pytest.mark.django_db(transaction=True)


def in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has made the first increases goes on once the other has, or stands waiting for its turn."""
    execute = fold._execute
    arrived: set[int] = set()

    def stepping(statement: str, rows: list) -> int:
        done = execute(statement, rows)
        if "INSERT INTO fairness_counter" in statement and rows:
            arrived.add(threading.get_ident())
            until(lambda: len(arrived) > 1 or somebody_waits())
        return done

    monkeypatch.setattr(fold, "_execute", stepping)


def test_mending_what_a_fold_changes_the_other_way_waits_its_turn(monkeypatch):
    """The fold adds to “keep” and takes from “remove”; the mend takes from “keep” and adds to “remove”."""
    cast = make_cast()
    items = fresh_items(cast.project, 4, groups={"religion": "muslim"})
    annotator = make_annotator(cast.project)
    removed = [add_label(item, annotator, "remove") for item in items[:3]]
    add_label(items[3], annotator, "keep")
    fold_all()
    for rows in (Counter, Slice):
        people = rows.objects.filter(project=cast.project, table="people")
        people.filter(key="remove").update(n=F("n") - 1)
        people.filter(key="keep").update(n=F("n") + 5)
    withdraw(removed[0])
    add_label(items[0], annotator, "keep")
    in_step(monkeypatch)
    mended, folded = beside(lambda: recount(project=cast.project, mend=True)), beside(fold.fold_outbox)
    assert mended.result(30)
    folded.result(30)
    monkeypatch.undo()
    assert recount(project=cast.project) == []
    fold_all()
    assert recount(project=cast.project) == []
    assert (cell(cast.project, "people", "keep"), cell(cast.project, "people", "remove")) == (2, 2)


def test_only_the_project_that_is_completed_stands_still(monkeypatch):
    first, other = make_cast(), make_project(make_user("otto"), name="Other")
    for project in (first.project, other):
        add_label(fresh_items(project, 1)[0], make_annotator(project), "keep")
    fold_all()
    Pulse.objects.filter(pk=first.project.pk).update(kept=Pulse.SLICED)
    for project in (first.project, other):
        add_label(fresh_items(project, 1)[0], make_annotator(project), "keep")
    counting, go_on = threading.Event(), threading.Event()
    states = recounting.project_states

    def slow(project: Project) -> object:
        counting.set()
        assert go_on.wait(20)
        return states(project)

    monkeypatch.setattr(recounting, "project_states", slow)
    completed = beside(counters_complete)
    assert counting.wait(20)
    assert fold.fold_outbox().keys() == {other.pk}
    assert fold.fold_outbox() == {}
    go_on.set()
    assert completed.result(30) == 1
    monkeypatch.undo()
    assert fold.fold_outbox().keys() == {first.project.pk}
    assert recount(project=first.project) == recount(project=other) == []


def test_whoever_finds_another_completing_leaves_at_once_and_nothing_is_counted_twice(monkeypatch):
    cast = make_cast()
    add_label(fresh_items(cast.project, 1)[0], make_annotator(cast.project), "keep")
    fold_all()
    Pulse.objects.update(kept=Pulse.SLICED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [COMPLETE_LOCK])
        assert beside(counters_complete).result(10) == 0
        cursor.execute("SELECT pg_advisory_unlock(%s)", [COMPLETE_LOCK])
    # Somebody mends it while it stands in the list.
    monkeypatch.setattr(recounting, "projects_lacking", lambda: [cast.project.pk])
    assert counters_complete() == 1
    monkeypatch.setattr(recounting, "recount", None)
    assert counters_complete() == 0
