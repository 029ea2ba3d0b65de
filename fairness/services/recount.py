"""Counting everything anew from the rows: the proof that the live counters are right, and the cure if they are not."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import F

from annotations.models import Project
from annotations.selectors.states import project_states
from fairness.cells import Cell, Counted, Crossed, Slice, count_states
from fairness.models import Counter, Pulse
from fairness.models import Slice as SliceRow
from fairness.services.fold import (
    admit,
    cells_add,
    counted_kept,
    crossed_of,
    folding_held,
    folding_waits,
    pending_changes,
)

MEND_LOCK = 0xF01E  # advisory lock number: whoever holds it mends
COMPLETE_LOCK = 0xF01F  # whoever holds it completes older projects

K = TypeVar("K", Cell, Slice)


@dataclass(frozen=True)
class Difference:
    """A cell or slice where the live counter and the recount say different things."""

    cell: Cell | Slice
    live: int
    recounted: int


def recount(*, project: Project, mend: bool = False) -> list[Difference]:
    """Compare the live counters, with what is still in the outbox, to a count of all rows; ``mend`` puts them right.

    Reads everything in one snapshot, so labelling and folding go on meanwhile: a fold moves a change from the outbox to
    the counters in one transaction, so that a snapshot holds it in one of the two. What is wrong then is wrong by as
    much later, so it is mended by adding the difference.

    Mending also gives a project the counts and crossed groups that it lacks; without mending these are then not
    compared. That alone holds the project's own fold: what it folded meanwhile would be in neither.
    """
    with _mending_alone() if mend else nullcontext():
        completing = mend and _kept(project) < Pulse.WHOLE
        with folding_held(project.pk) if completing else nullcontext():
            known = Crossed()
            differences = _compared(project, known, completing=completing)
            if mend and (differences or completing):
                _mend(project, differences, known)
    return differences


def projects_lacking() -> list[int]:
    """Projects whose counters are older than some of what is counted."""
    return list(Pulse.objects.filter(kept__lt=Pulse.WHOLE).order_by("pk").values_list("pk", flat=True))


def counters_complete() -> int:
    """Give projects that are older than some counts these, one after the other; how many.

    One at a time does: whoever finds another at it leaves at once. A project that was completed meanwhile is let be.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [COMPLETE_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        try:
            return sum(_complete(project) for project in Project.objects.filter(pk__in=projects_lacking()))
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [COMPLETE_LOCK])


def _complete(project: Project) -> bool:
    with _mending_alone():
        if _kept(project) == Pulse.WHOLE:
            return False
        recount(project=project, mend=True)  # takes the lock once more, which is ours
    return True


def live_counters(project: Project) -> Counted:
    """The project's counters as the fold left them."""
    cells = Counter.objects.filter(project=project, n__gt=0).values_list(*Cell._fields, "n")
    slices = SliceRow.objects.filter(project=project, n__gt=0).values_list(*Slice._fields, "n")
    return Counted(Tally({Cell(*names): n for *names, n in cells}), Tally({Slice(*names): n for *names, n in slices}))


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


def _kept(project: Project) -> int:
    kept = Pulse.objects.filter(project=project).values_list("kept", flat=True).first()
    return Pulse.WHOLE if kept is None else kept


def _compared(project: Project, known: Crossed, *, completing: bool) -> list[Difference]:
    """The differences. ``known`` becomes what the project counts two attributes at a time; grows where completing."""
    with one_snapshot():
        kept = Pulse.WHOLE if completing else _kept(project)
        known.groups = crossed_of(project.pk).groups
        # A group that the fold has yet to meet is one of the others here, among the items and in the outbox alike.
        known.growing = completing
        right = count_states(project_states(project), known)
        known.growing = False
        pending = pending_changes(project, known)
        live = live_counters(project)
    right.cells.subtract(pending.cells)
    right.slices.subtract(pending.slices)
    right = counted_kept(right, kept)
    differences: list[Difference] = list(_differences(live.cells, right.cells))
    if kept > Pulse.BARE:
        differences += _differences(live.slices, right.slices)
    return differences


def _differences(live: Tally[K], right: Tally[K]) -> Iterator[Difference]:
    for cell in sorted(live.keys() | right.keys()):
        if live[cell] != right[cell]:
            yield Difference(cell, live[cell], right[cell])


def _mend(project: Project, differences: Iterable[Difference], known: Crossed) -> None:
    missing = Counted(Tally(), Tally())
    for wrong in differences:
        if isinstance(wrong.cell, Cell):
            missing.cells[wrong.cell] = wrong.recounted - wrong.live
        else:
            missing.slices[wrong.cell] = wrong.recounted - wrong.live
    with transaction.atomic():
        folding_waits()
        admit({project.pk: known.met})
        cells_add({project.pk: missing})
        pulse, _ = Pulse.objects.get_or_create(project=project)
        Pulse.objects.filter(pk=pulse.pk).update(version=F("version") + 1, kept=Pulse.WHOLE)
