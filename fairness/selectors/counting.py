"""Reading counters: the cells that a question needs, of the whole project or of what the filter leaves."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import F, Max, Min, Q, QuerySet, Sum, Value

from annotations.models import Project
from annotations.task_types import TaskType
from fairness.cells import CROSS, TIMELESS, Cell, Cells, crossed
from fairness.metrics import GroupCounts
from fairness.models import Counter, Slice
from fairness.selectors.wanted import Wanted

#: Lengths of a period of the timeline in hours: an hour, three, six, a day, a week, four weeks, a year.
PERIODS = (1, 3, 6, 24, 168, 672, 8736)
MOST_PERIODS = 30
MONDAY = 72  # hours that 1 January 1970 is after a Monday

GIVEN = Q(table="people") | Q(table__startswith="model:")
LABELS = GIVEN | Q(table="decided")  # not what is held against the truth, or what monitors watch besides

P = TypeVar("P", str, tuple[str, str])
Counts = dict[str, dict[str, GroupCounts]]  # table → group → counts


@dataclass(frozen=True)
class Question:
    """What is looked at: the selection of one label across the groups of one attribute."""

    attribute: str
    label: str  # key
    label_name: str


def cells_of(project: Project, question: Question | None, wanted: Wanted) -> Cells:
    """The cells that the live numbers need: no other attribute's groups."""
    if wanted.is_sliced:
        return _sliced(project, question, wanted)
    needed = Q(table="totals")
    if question is not None:
        needed |= Q(table__startswith="pair:") | Q(attribute=question.attribute) & LABELS
        needed |= Q(table="people", attribute="")
    rows = Counter.objects.filter(needed, project=project, n__gt=0).values_list(*Cell._fields, "n")
    return Tally({Cell(*names): n for *names, n in rows.iterator(chunk_size=2000)})


def _sliced(project: Project, question: Question | None, wanted: Wanted) -> Cells:
    needed = Q(attribute="", hour=TIMELESS, table="totals")
    if question is not None:
        grouped = Q(attribute=question.attribute) & LABELS | Q(attribute="", table="people")
        if wanted.is_timed:
            grouped &= Q(hour__range=wanted.hours)
        else:
            needed |= Q(attribute="", hour=TIMELESS, table__startswith="pair:")
        needed |= grouped
    rows = parts_of(project, wanted).filter(needed).values(*Cell._fields).annotate(sum=Sum("n"))
    return Tally({Cell(*names): n for *names, n in rows.values_list(*Cell._fields, "sum")})


def parts_of(project: Project, wanted: Wanted) -> QuerySet[Slice]:
    """Slices of the dataset that was asked for, of all times."""
    parts = Slice.objects.filter(project=project, n__gt=0)
    return parts if wanted.dataset is None else parts.filter(dataset=wanted.dataset)


def group_counts(cells: Cells, task: TaskType, question: Question) -> Counts:
    """Table → group → (selected, all) of the question's attribute and label."""
    return _by_table(
        (((cell.table, cell.group), cell.key, n) for cell, n in cells.items() if cell.attribute == question.attribute),
        task,
        question.label,
    )


def _by_table(rows: Iterable[tuple[tuple[str, str], str, int]], task: TaskType, label: str) -> Counts:
    tables: Counts = defaultdict(dict)
    for (table, group), counts in _tally(rows, task, label).items():
        tables[table][group] = counts
    return tables


@dataclass(frozen=True)
class Period:
    """Labels that were given in one period. ``start``, ``end``: hours since 1970, the end not included."""

    start: int
    end: int
    tables: Counts


def periods_of(project: Project, task: TaskType, question: Question, wanted: Wanted) -> list[Period]:
    """The labels of people and models by when they were given, the earliest first; periods without any are left out.

    The shortest of ``PERIODS`` that needs at most ``MOST_PERIODS`` is taken.
    """
    parts = parts_of(project, wanted).filter(GIVEN, attribute=question.attribute, hour__range=wanted.hours)
    span = parts.aggregate(first=Min("hour"), last=Max("hour"))
    if span["first"] is None:
        return []
    first, last = (hour + MONDAY for hour in (span["first"], span["last"]))
    length = next((one for one in PERIODS if last // one - first // one < MOST_PERIODS), PERIODS[-1])
    rows = parts.values("table", "group", "key").annotate(number=(F("hour") + MONDAY) / Value(length), sum=Sum("n"))
    found: dict[int, list[tuple[tuple[str, str], str, int]]] = defaultdict(list)
    for table, group, key, number, n in rows.values_list("table", "group", "key", "number", "sum"):
        found[number].append(((table, group), key, n))
    periods = []
    for number, some in sorted(found.items()):
        start = number * length - MONDAY
        periods.append(Period(start, start + length, _by_table(some, task, question.label)))
    return periods


def crossed_counts(
    project: Project, task: TaskType, question: Question, wanted: Wanted, table: str
) -> dict[tuple[str, str], GroupCounts]:
    """(group of the attribute, group of ``wanted.beside``) → counts of one table; the empty group is all others.

    Of the whole days that ``wanted`` names or begins: two attributes at once are counted by day.
    """
    attribute, _group = crossed((question.attribute, ""), (wanted.beside, ""))
    rows = parts_of(project, wanted).filter(attribute=attribute, table=table)
    if wanted.is_timed:
        rows = rows.filter(hour__range=wanted.days)
    swapped = question.attribute > wanted.beside
    some = []
    for group, key, n in rows.values("group", "key").annotate(sum=Sum("n")).values_list("group", "key", "sum"):
        one, _, other = group.partition(CROSS)
        some.append(((other, one) if swapped else (one, other), key, n))
    return _tally(some, task, question.label)


def _tally(rows: Iterable[tuple[P, str, int]], task: TaskType, label: str) -> dict[P, GroupCounts]:
    """From rows of (place, token, how many): place → how many gave the label, of all."""
    selected: dict[P, int] = defaultdict(int)
    totals: dict[P, int] = defaultdict(int)
    for place, token, n in rows:
        totals[place] += n
        if label in task.decisions(token):
            selected[place] += n
    return {place: GroupCounts(selected[place], n) for place, n in sorted(totals.items())}
