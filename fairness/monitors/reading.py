"""From live counters to the tables that monitors judge, and what they say of them now."""

from __future__ import annotations

import json
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from annotations.models import LabelSchema, Project
from annotations.state import ItemState
from annotations.task_types import TaskType, task_type
from annotations.task_types.base import label_keys
from fairness.cells import Cell, Cells, Crossed, count_changes
from fairness.models import Finding, Monitor
from fairness.monitors.measures import (
    JUDGES,
    Accepted,
    Table,
    Verdict,
    accepted_by,
    completeness,
    kappa,
    labels_in,
    worse_of,
)
from fairness.monitors.models import WITH_TRUTH, Measure, Truth, Whose

MOST_PENDING = 20_000  # changes that were not folded yet, taken in at a checkpoint

# One statement sees one moment: counters and what is not in them yet belong together.
READ = """
SELECT (SELECT version FROM fairness_pulse WHERE project_id = %(project)s),
    (SELECT json_agg(json_build_array("table", attribute, "group", key, other, n))::text FROM fairness_counter
     WHERE project_id = %(project)s AND n > 0 AND attribute = ANY(%(attributes)s) AND "table" LIKE ANY(%(tables)s)),
    (SELECT json_agg(json_build_array(before, after, items) ORDER BY id)::text FROM (
        SELECT id, before, after, items FROM annotations_outboxrow
        WHERE project_id = %(project)s ORDER BY id LIMIT %(pending)s) waiting)
"""
# The tables of ``fairness.cells`` that a measure is read from; %s: whose.
TABLES: Mapping[str, tuple[str, ...]] = {
    Measure.ODDS: ("gold:%s", "settled:%s"),
    Measure.GAP: ("beside:%s",),
    Measure.KAPPA: ("both:%s",),
    Measure.COMPLETENESS: ("places",),
    Measure.ERROR: ("gold:%s", "settled:%s"),
}
# Instead of these, where labels are held against the uniform stream; behind it the chance of the draw.
AUDITED = ("audit:%s:%%", "waits:%s:%%")
WHO = {Whose.PEOPLE: "agreed", Whose.CONSENSUS: "decided"}  # in tables of the truth
RATES = {Whose.PEOPLE: "agreed", Whose.CONSENSUS: "concluded"}

# (table, attribute) → (group, key, other, n)
Row = tuple[str, str, str, int]
Index = Mapping[tuple[str, str], Sequence[Row]]


@dataclass(frozen=True)
class State:
    """A project's counters at one moment: of the fold ``version``, with changes that are not folded yet if asked."""

    version: int
    index: Index
    task: TaskType
    labels: tuple[str, ...]  # keys of the current schema
    labels_per_item: int = 1  # the most by people that an item is asked for, without what a group gets on top


@dataclass
class Past:
    """What a monitor has found of one annotator: an open finding, what was accepted, how many findings in all."""

    open: Finding | None = None
    count: int = 0
    accepted: Accepted = field(default_factory=dict)
    meanwhile: list[tuple[int, Accepted]] = field(default_factory=list)  # until so many labels

    def accepted_at(self, measure: str, labels: int) -> Accepted:
        """What is accepted for good, and what is while a remedy is at work: with so many labels, still or no more."""
        found = self.accepted
        for until, accepted in self.meanwhile:
            found = worse_of(measure, found, accepted) if labels < until else found
        return found


@dataclass(frozen=True)
class Judged:
    """What a monitor says of one annotator's labels now; ``annotator_id`` None: of people's."""

    monitor: Monitor
    annotator_id: int | None
    verdict: Verdict
    past: Past


def _patterns(monitor: Monitor) -> list[str]:
    who = WHO.get(Whose(monitor.whose), "%")
    if monitor.measure == Measure.PARITY:
        return [RATES.get(Whose(monitor.whose), "model:%")]
    if monitor.measure in WITH_TRUTH and monitor.truth == Truth.AUDIT:
        return [name % who for name in AUDITED]
    return [name.replace("%s", who) for name in TABLES[monitor.measure]]


def state_of(project_id: int, monitors: Iterable[Monitor], *, pending: int = 0) -> State:
    """The counters that ``monitors`` need, with up to ``pending`` changes that are not folded yet."""
    monitors = list(monitors)
    values: dict[str, Any] = {
        "project": project_id,
        "attributes": sorted({monitor.attribute for monitor in monitors}),
        "tables": sorted({pattern for monitor in monitors for pattern in _patterns(monitor)}),
        "pending": pending,
    }
    with connection.cursor() as cursor:
        cursor.execute(READ, values)
        version, counted, waiting = cursor.fetchone()
    cells: Cells = Tally({Cell(*row[:5]): row[5] for row in json.loads(counted or "[]")})
    cells.update(count_changes(_changes(waiting), Crossed()).cells)
    schemas = LabelSchema.objects.select_related("project__serving")
    schema = schemas.get(project_id=project_id, is_current=True)
    labels = tuple(label_keys(schema.config))
    return State(version or 0, indexed(cells), task_type(schema.task_type), labels, _most_of(schema.project))


def _most_of(project: Project) -> int:
    rules = getattr(project, "serving", None)  # read with the schema
    return max(project.redundancy, (rules.max_labels if rules else None) or 0)


def _changes(waiting: str | None) -> Iterable[tuple[ItemState | None, ItemState | None, int]]:
    for before, after, items in json.loads(waiting or "[]"):
        yield before and ItemState.from_json(before), after and ItemState.from_json(after), items


def indexed(cells: Cells) -> Index:
    found: dict[tuple[str, str], list[tuple[str, str, str, int]]] = defaultdict(list)
    for cell, n in cells.items():
        found[cell.table, cell.attribute].append((cell.group, cell.key, cell.other, n))
    return found


def annotators_in(index: Index) -> list[int]:
    """The model annotators that have labels in any of the tables."""
    ends = {part for table, _attribute in index for part in table.split(":")[1:2]}
    return sorted(int(end) for end in ends if end.isdigit())


def table_of(monitor: Monitor, state: State, annotator_id: int | None) -> Table:
    """The counts that the monitor judges, of the groups that it watches."""
    who = str(annotator_id) if annotator_id is not None else WHO[Whose(monitor.whose)]
    groups = monitor.groups if monitor.attribute else [""]

    def rows(name: str) -> Iterable[tuple[str, str, str, int]]:
        return state.index.get((name, monitor.attribute), ())

    def given(token: str) -> bool:
        return monitor.label in state.task.decisions(token)

    with_truth = _with_truth(monitor, state.index, who)
    if monitor.measure == Measure.PARITY:
        source = f"model:{who}" if annotator_id is not None else RATES[Whose(monitor.whose)]
        return _summed(groups, 2, ((g, (n * given(key), n)) for g, key, _other, n in rows(source)))
    if monitor.measure == Measure.ODDS:
        return _summed(groups, 4, ((g, _outcome(given(key), given(other), n)) for g, key, other, n in with_truth))
    if monitor.measure == Measure.GAP:
        found = ((g, _sides(given(other), given(key), n)) for g, key, other, n in rows(f"beside:{who}"))
        return _summed(groups, 4, found)
    if monitor.measure == Measure.COMPLETENESS:
        return _summed(
            groups, 2, ((g, (n * (key != "needed"), n * (key == "needed"))) for g, key, _, n in rows("places"))
        )
    if monitor.measure == Measure.ERROR:
        # What still waits for an expert counts as right: it may be what is looked at last because it is hard.
        waiting = _starting(state.index, f"waits:{who}:", monitor.attribute) if monitor.truth == Truth.AUDIT else ()
        return _summed(
            groups,
            2,
            (
                *((g, (n * (key != other), n)) for g, key, other, n in with_truth),
                *((g, (0, n)) for g, _key, _other, n in waiting),
            ),
        )
    return _squares(state.labels, groups, rows(f"both:{who}"))


def _with_truth(monitor: Monitor, index: Index, who: str) -> list[Row]:
    """Items whose truth is known: (group, truth, what ``who`` said, how many)."""
    if monitor.truth == Truth.AUDIT:
        return _starting(index, f"audit:{who}:", monitor.attribute)
    truths = ["gold", "settled"] if monitor.truth == Truth.SETTLED else ["gold"]
    return [row for truth in truths for row in index.get((f"{truth}:{who}", monitor.attribute), ())]


def _starting(index: Index, start: str, attribute: str) -> list[Row]:
    """The rows of all tables of this beginning."""
    return [row for (table, of), rows in index.items() if of == attribute and table.startswith(start) for row in rows]


def _summed(groups: Sequence[str], width: int, rows: Iterable[tuple[str, tuple[int, ...]]]) -> dict[str, list[int]]:
    table = {group: [0] * width for group in groups}
    for group, counts in rows:
        if group in table:
            table[group] = [a + b for a, b in zip(table[group], counts, strict=True)]
    return table


def _outcome(true: bool, said: bool, n: int) -> tuple[int, int, int, int]:
    return (n * (true and said), n * (said and not true), n * (true and not said), n * (not true and not said))


def _sides(model: bool, people: bool, n: int) -> tuple[int, int, int, int]:
    return (n * (model and not people), n * (people and not model), n * (model and people), n)


def _squares(
    labels: Sequence[str], groups: Sequence[str], rows: Iterable[tuple[str, str, str, int]]
) -> dict[str, list[list[int]]]:
    rows = list(rows)
    tokens = [*labels, *sorted({token for _g, key, other, _n in rows for token in (key, other)}.difference(labels))]
    place = {token: number for number, token in enumerate(tokens)}
    table = {group: [[0] * len(tokens) for _ in tokens] for group in groups}
    for group, key, other, n in rows:
        if group in table:
            table[group][place[key]][place[other]] += n
    return table


def verdict_of(monitor: Monitor, table: Table, accepted: Accepted, state: State) -> Verdict:
    if not table:
        return Verdict()
    if monitor.measure == Measure.KAPPA:
        labels = len(state.labels)
        known = state.task.exclusive and all(len(rows) == labels for rows in table.values())
        return kappa(table, monitor.alpha, monitor.tau, accepted, named=None if known else labels)
    if monitor.measure == Measure.COMPLETENESS:
        return completeness(table, monitor.alpha, monitor.tau, accepted, labels_per_item=state.labels_per_item)
    return JUDGES[monitor.measure](table, monitor.alpha, monitor.tau, accepted)


def pasts_of(monitors: Iterable[Monitor]) -> dict[tuple[int, int | None], Past]:
    """(monitor, annotator) → what it has found."""
    measures = {monitor.pk: monitor.measure for monitor in monitors}
    found: dict[tuple[int, int | None], Past] = defaultdict(Past)
    for finding in Finding.objects.filter(monitor_id__in=measures).select_related("decision").order_by("pk"):
        past = found[finding.monitor_id, finding.annotator_id]
        past.count += 1
        decision = getattr(finding, "decision", None)
        if finding.is_open:
            past.open = finding
        elif decision is not None:
            measure = measures[finding.monitor_id]
            accepted = accepted_by(measure, finding.certificate)
            if decision.until is None:
                past.accepted = worse_of(measure, past.accepted, accepted)
            else:
                past.meanwhile.append((decision.until, accepted))
    return found


def judge(state: State, monitors: Iterable[Monitor], *, only: int | None = None) -> list[Judged]:
    """What each monitor says of each annotator that it watches; ``only``: of this model annotator."""
    monitors = list(monitors)
    pasts = pasts_of(monitors)
    judged = []
    for monitor in monitors:
        whom: list[int | None] = [None]
        if monitor.whose == Whose.MODEL:
            whom = list(annotators_in(state.index) if only is None else [only])
        for annotator_id in whom:
            past = pasts.get((monitor.pk, annotator_id), Past())
            table = table_of(monitor, state, annotator_id)
            accepted = past.accepted_at(monitor.measure, labels_in(monitor.measure, table))
            verdict = verdict_of(monitor, table, accepted, state)
            judged.append(Judged(monitor, annotator_id, verdict, past))
    return judged
