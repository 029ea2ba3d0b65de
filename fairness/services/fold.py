"""Taking outbox rows into the counters: exactly once, in batches, by one consumer."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from psycopg2.extras import execute_values

from annotations.models import OutboxRow, Project
from annotations.state import ItemState
from fairness.cells import Cells, Counted, Crossed, Slices, count_changes
from fairness.models import CrossedGroup, Pulse

BATCH = 2000
FOLD_LOCK = 0xF01D  # advisory lock number: whoever holds it folds
HOLD_CLASS = 0xF01D2  # first half of the advisory lock's key; the project, of which nothing is folded, is the second

CELLS = ("fairness_counter", "counter_cell_once", ("table", "attribute", "group", "key", "other"))
SLICES = (
    "fairness_slice",
    "slice_once",
    ("attribute", "dataset", "hour", "table", "group", "key", "other"),
)
INCREASE = """
INSERT INTO {table} (project_id, {columns}, n) VALUES %s
ON CONFLICT ON CONSTRAINT {once} DO UPDATE SET n = {table}.n + EXCLUDED.n
"""
DECREASE = """
UPDATE {table} c SET n = c.n + d.n
FROM (VALUES %s) AS d(project_id, {columns}, n)
WHERE c.project_id = d.project_id AND {same}
"""
ADMIT = """
INSERT INTO fairness_crossedgroup (project_id, attribute, "group") VALUES %s
"""
# Projects that a recount is completing; until the fold ends, no other one begins. Almost always no row is looked at.
HELD = """
WITH lacking AS MATERIALIZED (SELECT project_id FROM fairness_pulse WHERE kept < %s)
SELECT project_id FROM lacking WHERE NOT pg_try_advisory_xact_lock_shared(%s, (project_id & 2147483647)::int)
"""
TAKE = """
WITH taken AS (DELETE FROM annotations_outboxrow WHERE id IN
    (SELECT id FROM annotations_outboxrow WHERE project_id <> ALL (%s) ORDER BY id LIMIT %s) RETURNING *)
SELECT t.project_id, t.before::text, t.after::text, t.items, t.created_at FROM taken t
JOIN annotations_project p ON p.id = t.project_id ORDER BY t.id
"""
UPSERT_MINUTES = """
INSERT INTO fairness_minutetally (project_id, minute, people, by_models) VALUES %s
ON CONFLICT ON CONSTRAINT minute_once_per_project DO UPDATE
SET people = fairness_minutetally.people + EXCLUDED.people,
    by_models = fairness_minutetally.by_models + EXCLUDED.by_models
"""
UPSERT_PULSES = """
INSERT INTO fairness_pulse (project_id, version, folded_at) VALUES %s
ON CONFLICT (project_id) DO UPDATE SET version = fairness_pulse.version + 1, folded_at = EXCLUDED.folded_at
"""


@dataclass(frozen=True)
class Change:
    """An outbox row."""

    project_id: int
    before: ItemState | None
    after: ItemState | None
    items: int
    created_at: datetime


class CountersWrong(RuntimeError):
    """Counters of one of ``projects`` would fall below 0: they were wrong before. A recount mends them."""

    def __init__(self, projects: Iterable[int]) -> None:
        self.projects = sorted(projects)
        super().__init__(
            f"The live counters of a project among {self.projects} are wrong. "
            "`evenhand fairness recount --mend` mends them."
        )


def fold_outbox(*, limit: int = BATCH) -> dict[int, int]:
    """Fold up to ``limit`` outbox rows; returns project id → rows folded.

    Removing the rows and adding to the counters are one transaction: a fold that dies anywhere counts nothing, and the
    rows are still there. A second consumer finds the lock taken and folds nothing.

    Raises ``CountersWrong`` where a counter lacks what a change takes away; nothing is folded then.
    """
    with transaction.atomic():
        changes = _take(limit)
        by_project: dict[int, list[Change]] = defaultdict(list)
        for change in changes:
            by_project[change.project_id].append(change)
        cells_add(_count(by_project))
        _add_minutes(changes)
        now = timezone.now()
        _execute(UPSERT_PULSES, [(pk, 1, now) for pk in by_project])
    return {pk: len(rows) for pk, rows in by_project.items()}


@contextmanager
def folding_held(project_id: int) -> Iterator[None]:
    """Nothing of a project that lacks slices is folded inside, other projects go on; waits for a fold that is at work.

    Taken before a snapshot, so that no group is met for the first time after it, and nothing is dropped that it lacks.
    """
    key = [HOLD_CLASS, project_id & 0x7FFFFFFF]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", key)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def folding_waits() -> None:
    """Nothing is folded until the caller's transaction ends; waits for a fold that is at work.

    Whoever else writes counters calls this first. A fold never waits for it: it finds the lock taken and comes again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FOLD_LOCK])


def pending_changes(project: Project, known: Crossed) -> Counted:
    """What the outbox still holds for ``project``: counters plus this equal a recount at every moment."""
    rows = OutboxRow.objects.filter(project_id=project.pk).order_by("pk")
    return count_changes(
        (
            (
                None if row.before is None else ItemState.from_json(row.before),
                None if row.after is None else ItemState.from_json(row.after),
                row.items,
            )
            for row in rows.iterator(chunk_size=BATCH)
        ),
        known,
    )


def crossed_of(project_id: int) -> Crossed:
    """The groups that the project counts two attributes at a time."""
    return _crossed([project_id])[project_id]


def admit(met: Mapping[int, Iterable[tuple[str, str]]]) -> None:
    """Keep the groups that projects count two attributes at a time from now on. By whoever holds the fold."""
    _execute(ADMIT, [(pk, *group) for pk, groups in sorted(met.items()) for group in groups])


def cells_add(by_project: Mapping[int, Counted]) -> None:
    """Add to the counters, project by project. The caller's transaction is open, and lost where this raises.

    The caller holds ``FOLD_LOCK``: rows are locked by increases first, then by decreases in whatever order PostgreSQL
    takes them, so two at once could wait for each other crosswise.

    Raises ``CountersWrong`` where a cell or a slice would fall below 0.
    """
    projects = sorted(by_project)
    cells = [(pk, *cell, n) for pk in projects for cell, n in sorted(by_project[pk].cells.items())]
    slices = [(pk, *part, n) for pk in projects for part, n in sorted(by_project[pk].slices.items())]
    try:
        enough = _change(CELLS, cells) and _change(SLICES, slices)
    except IntegrityError as error:
        raise CountersWrong(by_project) from error
    if not enough:
        raise CountersWrong(by_project)


def _crossed(project_ids: Iterable[int]) -> dict[int, Crossed]:
    found = {pk: Crossed() for pk in project_ids}
    rows = CrossedGroup.objects.filter(project_id__in=list(found)).values_list("project_id", "attribute", "group")
    for pk, attribute, group in rows:
        found[pk].groups.setdefault(attribute, set()).add(group)
    return found


def _take(limit: int) -> list[Change]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [FOLD_LOCK])
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(HELD, [Pulse.WHOLE, HOLD_CLASS])
        held = [row[0] for row in cursor.fetchall()]
        cursor.execute(TAKE, [held, limit])  # a row whose project is gone is taken and forgotten with it
        rows = cursor.fetchall()
    return [
        Change(pk, _state(before), _state(after), items, created_at) for pk, before, after, items, created_at in rows
    ]


def _state(text: str | None) -> ItemState | None:
    return None if text is None else ItemState.from_json(json.loads(text))


def _count(by_project: Mapping[int, list[Change]]) -> dict[int, Counted]:
    """Project → what its changes amount to. Groups that are met for the first time are kept."""
    lacking = dict(Pulse.objects.filter(pk__in=list(by_project), kept__lt=Pulse.WHOLE).values_list("pk", "kept"))
    crossings = _crossed(by_project)
    found = {}
    for pk, changes in by_project.items():
        bare = lacking.get(pk) == Pulse.BARE
        known = Crossed() if bare else crossings[pk]
        known.growing = not bare
        counted = count_changes(((c.before, c.after, c.items) for c in changes), known)
        if pk in lacking:  # the recount that adds what lacks will count these changes too
            counted = counted_kept(counted, lacking[pk])
        found[pk] = counted
    admit({pk: known.met for pk, known in crossings.items()})
    return found


def counted_kept(counted: Counted, kept: int) -> Counted:
    """What of it a project at this level of ``Pulse.kept`` has."""
    if kept == Pulse.WHOLE:
        return counted
    cells = Cells({cell: n for cell, n in counted.cells.items() if not cell.is_spared})
    slices = {part: n for part, n in counted.slices.items() if kept != Pulse.BARE and not part.is_spared}
    if kept < Pulse.TRUTHS:
        slices = {part: n for part, n in slices.items() if not part.of_truth}
    return Counted(cells, Slices(slices))


def _change(of: tuple[str, str, tuple[str, ...]], rows: list[tuple[Any, ...]]) -> bool:
    """Add to counters; whether all that are decreased were there."""
    table, once, names = of
    columns = ", ".join(f'"{name}"' for name in names)
    same = " AND ".join(f'c."{name}" = d."{name}"' for name in names)
    # A decrease must land on a row that is there: increases first.
    _execute(INCREASE.format(table=table, once=once, columns=columns), [row for row in rows if row[-1] > 0])
    decreases = [row for row in rows if row[-1] < 0]
    return _execute(DECREASE.format(table=table, columns=columns, same=same), decreases) == len(decreases)


def _add_minutes(changes: Iterable[Change]) -> None:
    tallies: dict[tuple[int, datetime], list[int]] = defaultdict(lambda: [0, 0])
    for change in changes:
        if change.before is None:
            continue  # an item that came with its labels: nobody gave them now
        tally = tallies[change.project_id, change.created_at.replace(second=0, microsecond=0)]
        for state, sign in ((change.after, 1), (change.before, -1)):
            if state is not None:
                tally[0] += sign * change.items * sum(state.people.values())
                tally[1] += sign * change.items * len(state.models)
    _execute(UPSERT_MINUTES, [(pk, minute, *tally) for (pk, minute), tally in sorted(tallies.items())])


def _execute(statement: str, rows: list[tuple[Any, ...]]) -> int:
    """Run a statement over ``rows`` at once; the number of rows it touched."""
    if not rows:
        return 0
    with connection.cursor() as cursor, connection.wrap_database_errors:  # the bare cursor's errors are the driver's
        execute_values(cursor.cursor, statement, rows, page_size=len(rows))
        return int(cursor.cursor.rowcount)
