"""Counting everything anew from the rows: the proof that the live counters are right, and the cure if they are not."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection, transaction

from annotations.models import Project
from annotations.selectors.states import project_states
from fairness.cells import Cell, Counted, Slice, count_states
from fairness.models import Counter, Pulse
from fairness.models import Slice as SliceRow
from fairness.services.fold import admit, crossed_of, folding_held, pending_changes

K = TypeVar("K", Cell, Slice)


@dataclass(frozen=True)
class Difference:
    """A cell or slice where the live counter and the recount say different things."""

    cell: Cell | Slice
    live: int
    recounted: int


def recount(*, project: Project, mend: bool = False) -> list[Difference]:
    """Compare the live counters, with what is still in the outbox, to a count of all rows; ``mend`` puts them right.

    Holds the fold meanwhile, and reads everything in one snapshot, so that labelling can go on. Mending also gives a
    project the slices and crossed groups that it lacks; without mending these are then not compared.
    """
    with folding_held(), one_snapshot():
        lacking = Pulse.objects.filter(project=project, kept=0).exists()
        known = crossed_of(project.pk)
        known.growing = lacking and mend
        counted = count_states(project_states(project), known)
        known.growing = False
        pending = pending_changes(project, known)
        right = Counted(_less(counted.cells, pending.cells), _less(counted.slices, pending.slices))
        live = live_counters(project)
        differences: list[Difference] = list(_differences(live.cells, right.cells))
        if mend or not lacking:
            differences += _differences(live.slices, right.slices)
        if mend and (differences or lacking):
            admit({project.pk: known.met})
            _write(project, right)
    return differences


def projects_lacking() -> list[int]:
    """Projects whose counters are older than slices and crossed groups."""
    return list(Pulse.objects.filter(kept=0).order_by("pk").values_list("pk", flat=True))


def _less(counts: Tally[K], others: Tally[K]) -> Tally[K]:
    counts.subtract(others)
    return counts


@contextmanager
def one_snapshot() -> Iterator[None]:
    """A transaction in which every statement sees the same moment."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def live_counters(project: Project) -> Counted:
    """The project's counters as the fold left them."""
    cells = Counter.objects.filter(project=project, n__gt=0).values_list(*Cell._fields, "n")
    slices = SliceRow.objects.filter(project=project, n__gt=0).values_list(*Slice._fields, "n")
    return Counted(Tally({Cell(*names): n for *names, n in cells}), Tally({Slice(*names): n for *names, n in slices}))


def _differences(live: Tally[K], right: Tally[K]) -> Iterator[Difference]:
    for cell in sorted(live.keys() | right.keys()):
        if live[cell] != right[cell]:
            yield Difference(cell, live[cell], right[cell])


def _write(project: Project, right: Counted) -> None:
    Counter.objects.filter(project=project).delete()
    cells = [Counter(project=project, n=count, **cell._asdict()) for cell, count in right.cells.items() if count]
    Counter.objects.bulk_create(cells, batch_size=1000)
    SliceRow.objects.filter(project=project).delete()
    parts = [SliceRow(project=project, n=count, **part._asdict()) for part, count in right.slices.items() if count]
    SliceRow.objects.bulk_create(parts, batch_size=1000)
    pulse, _ = Pulse.objects.get_or_create(project=project)
    Pulse.objects.filter(pk=pulse.pk).update(version=pulse.version + 1, kept=1)
