"""Counting everything anew from the rows: the proof that the live counters are right, and the cure if they are not."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from annotations.models import Project
from annotations.selectors.states import project_states
from fairness.cells import Cell, Cells, item_cells
from fairness.models import Counter, Pulse
from fairness.services.fold import folding_held, pending_changes


@dataclass(frozen=True)
class Difference:
    """A cell where the live counter and the recount say different things."""

    cell: Cell
    live: int
    recounted: int


def recount(*, project: Project, mend: bool = False) -> list[Difference]:
    """Compare the live counters, with what is still in the outbox, to a count of all rows; ``mend`` puts them right.

    Holds the fold meanwhile, and reads everything in one snapshot, so that labelling can go on.
    """
    with folding_held(), one_snapshot():
        right: Cells = Tally()
        for state in project_states(project):
            right.update(item_cells(state))
        right.subtract(pending_changes(project))
        live = live_cells(project)
        differences = list(_differences(live, right))
        if mend and differences:
            _write(project, right)
    return differences


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


def _write(project: Project, right: Cells) -> None:
    Counter.objects.filter(project=project).delete()
    rows = [Counter(project=project, n=count, **cell._asdict()) for cell, count in right.items() if count]
    Counter.objects.bulk_create(rows, batch_size=1000)
    pulse, _ = Pulse.objects.get_or_create(project=project)
    Pulse.objects.filter(pk=pulse.pk).update(version=pulse.version + 1)
