"""Counting everything anew from the rows: the proof that the live counters are right, and the cure if they are not."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F

from annotations.models import Project
from annotations.selectors.states import project_states
from fairness.cells import Cell, Cells, item_cells
from fairness.models import Counter, Pulse
from fairness.services.fold import cells_add, pending_changes

MEND_LOCK = 0xF01E  # advisory lock number: whoever holds it mends


@dataclass(frozen=True)
class Difference:
    """A cell where the live counter and the recount say different things."""

    cell: Cell
    live: int
    recounted: int


def recount(*, project: Project, mend: bool = False) -> list[Difference]:
    """Compare the live counters, with what is still in the outbox, to a count of all rows; ``mend`` puts them right.

    Reads everything in one snapshot, so labelling and folding go on meanwhile: a fold moves a change from the outbox to
    the counters in one transaction, so that a snapshot holds it in one of the two. What is wrong then is wrong by as
    much later, so it is mended by adding the difference.
    """
    with _mending_alone() if mend else nullcontext():
        with one_snapshot():
            right: Cells = Tally()
            for state in project_states(project):
                right.update(item_cells(state))
            right.subtract(pending_changes(project))
            live = live_cells(project)
        differences = list(_differences(live, right))
        if mend and differences:
            _mend(project, differences)
    return differences


@contextmanager
def _mending_alone() -> Iterator[None]:
    """Two at once would both add the difference that both found."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MEND_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MEND_LOCK])


@contextmanager
def one_snapshot() -> Iterator[None]:
    """A transaction in which every statement sees the same moment."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def live_cells(project: Project) -> Cells:
    """The project's counters as the fold left them."""
    rows = Counter.objects.filter(project=project, n__gt=0)
    return Tally({Cell(r.table, r.attribute, r.group, r.key, r.other): r.n for r in rows})


def _differences(live: Cells, right: Cells) -> Iterator[Difference]:
    for cell in sorted(live.keys() | right.keys()):
        if live[cell] != right[cell]:
            yield Difference(cell, live[cell], right[cell])


def _mend(project: Project, differences: Iterable[Difference]) -> None:
    with transaction.atomic():
        cells_add({project.pk: Tally({wrong.cell: wrong.recounted - wrong.live for wrong in differences})})
        pulse, _ = Pulse.objects.get_or_create(project=project)
        Pulse.objects.filter(pk=pulse.pk).update(version=F("version") + 1)
