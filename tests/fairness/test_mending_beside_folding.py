"""A recount that mends and a fold at the same time: the same rows, in opposite directions, and no deadlock."""

from __future__ import annotations

import threading

import pytest
from django.db.models import F

from fairness.models import Counter, Slice
from fairness.services import fold
from fairness.services.recount import recount
from tests.factories import add_label, make_annotator, make_cast
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
