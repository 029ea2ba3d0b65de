"""Labels against the truth: gold, what experts settled, and, provisionally, what people agree on.

Read from counters. With a dataset or a time, from their slices: a model's label is of the hour in which it was given;
what people agree on has no time, so that with one it is left out, as their consensus is everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet, Sum

from annotations.models import Project
from fairness.cells import TRUTHS
from fairness.metrics import (
    EqualizedOdds,
    GroupCounts,
    OutcomeCounts,
    Parity,
    demographic_parity,
    equalized_odds,
)
from fairness.models import Counter, Slice
from fairness.selectors.counting import Question, parts_of
from fairness.selectors.live import LiveView, Source
from fairness.selectors.wanted import Wanted


class Truth(StrEnum):
    """What labels are held against. Settled: by an expert, of items without gold; these were in dispute, so there are
    more errors among them than elsewhere."""

    GOLD = "gold"
    SETTLED = "settled"
    CONSENSUS = "consensus"  # the people's own, before any expert: provisional

    @property
    def provisional(self) -> bool:
        return self is Truth.CONSENSUS


# Where the cells of a truth are, by whose labels: see ``fairness.cells``.
TABLES = {Truth.GOLD: "gold:%s", Truth.SETTLED: "settled:%s", Truth.CONSENSUS: "both:%s"}
COMPARED = reduce(or_, (Q(table__startswith=beginning) for beginning in TRUTHS))
# (truly has the label, was given it) → place in ``OutcomeCounts``.
PLACES = {(True, True): 0, (False, True): 1, (True, False): 2, (False, False): 3}


@dataclass(frozen=True)
class AgainstTruth:
    """One source against one truth.

    ``source`` says who; of people it is their own consensus before any expert that is held against the truth, by item.
    ``outcomes``: of the label in question; ``errors``: items with another label than the true one, whichever;
    ``error_rates`` and their difference. All intervals are for one look.
    """

    truth: Truth
    source: Source
    outcomes: Mapping[str, OutcomeCounts]
    errors: Mapping[str, GroupCounts]
    odds: EqualizedOdds[str]
    error_rates: Parity[str]


def against_truth(project: Project, view: LiveView) -> list[AgainstTruth]:
    """Every source shown, against every truth that there is for it; one query."""
    if view.question is None or view.counting_truth:
        return []
    cells = _cells(project, view.question, view.wanted)
    return [
        _held(truth, source, cells[table], view)
        for truth in Truth
        for source in view.sources
        for table in [TABLES[truth] % _who(view, source)]
        if cells.get(table)
    ]


def _cells(project: Project, question: Question, wanted: Wanted) -> Mapping[str, list[tuple[str, str, str, int]]]:
    """Table → (group, true token, what was said, items)."""
    rows: QuerySet[Counter] | QuerySet[Slice]
    if not wanted.is_sliced:
        rows = Counter.objects.filter(project=project, n__gt=0)
    else:
        rows = parts_of(project, wanted)
        if wanted.is_timed:
            rows = rows.filter(hour__range=wanted.hours)
    names = ("table", "group", "key", "other")
    found = rows.filter(COMPARED, attribute=question.attribute).values(*names).annotate(items=Sum("n"))
    cells: dict[str, list[tuple[str, str, str, int]]] = defaultdict(list)
    for table, *cell in found.values_list(*names, "items"):
        cells[table].append(tuple(cell))
    return cells


def _who(view: LiveView, source: Source) -> str:
    if source is view.people:
        return "agreed"
    return "decided" if source is view.consensus else str(source.annotator_id)


def _held(truth: Truth, source: Source, cells: list[tuple[str, str, str, int]], view: LiveView) -> AgainstTruth:
    label = view.question.label if view.question else ""
    outcomes: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    errors: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for group, true, said, n in sorted(cells):
        outcome = PLACES[label in view.task.decisions(true), label in view.task.decisions(said)]
        outcomes[group][outcome] += n
        errors[group][0] += n * (true != said)
        errors[group][1] += n
    counted = {group: OutcomeCounts(*counts) for group, counts in outcomes.items()}
    wrong = {group: GroupCounts(*counts) for group, counts in errors.items()}
    return AgainstTruth(
        truth=truth,
        source=source,
        outcomes=counted,
        errors=wrong,
        odds=equalized_odds(counted, min_group=view.min_group),
        error_rates=demographic_parity(wrong, min_group=view.min_group),
    )
