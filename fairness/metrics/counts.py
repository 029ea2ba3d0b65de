"""The integer counts that every bias metric is a function of.

One label is +1 on one cell; a revision, a settlement or an undo is -1 on the old cell and +1 on the new.
Labels with more than two values are read one-vs-rest: *selected* means "has the label in question", the
favourable (or harmful) one that the project names.

A group is any hashable key: a name, or a tuple of names for an intersection of attributes.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from operator import index
from typing import TypeVar

G = TypeVar("G", bound=Hashable)
L = TypeVar("L", bound=Hashable)

#: ``N[g][ŷ]``: labels per group and value.
LabelTable = Mapping[G, Mapping[L, int]]
#: ``N[g][y][ŷ]``: labels per group, true value and given value; ``y`` is ``None`` where the truth is unknown.
TruthTable = Mapping[G, Mapping[L | None, Mapping[L, int]]]


def whole_number(count: int, name: str) -> int:
    """``count`` as a plain ``int``; a negative one means that a counter has drifted from its labels."""
    try:
        number = index(count)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, got {count!r}.") from None
    if number < 0:
        raise ValueError(f"{name} must not be negative, got {number}: the counters need a recount.")
    return number


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """``selected`` of ``n`` labels of one group are the label in question; ``0 <= selected <= n``.

    For a multiple-choice task ``n`` counts answers, not ticked labels.
    """

    selected: int
    n: int

    def __post_init__(self) -> None:
        if whole_number(self.selected, "selected") > whole_number(self.n, "n"):
            raise ValueError(f"selected must not exceed n, got {self.selected} of {self.n}.")


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """One group's labels against the truth: true and false positives, false and true negatives."""

    tp: int
    fp: int
    fn: int
    tn: int

    def __post_init__(self) -> None:
        for name in ("tp", "fp", "fn", "tn"):
            whole_number(getattr(self, name), name)

    @property
    def n(self) -> int:
        return self.tp + self.fp + self.fn + self.tn

    @property
    def selection(self) -> GroupCounts:
        """Selected of all: ``(TP + FP) / n``."""
        return GroupCounts(self.tp + self.fp, self.n)

    @property
    def true_positive(self) -> GroupCounts:
        """Selected of the truly positive: ``TP / (TP + FN)``."""
        return GroupCounts(self.tp, self.tp + self.fn)

    @property
    def false_positive(self) -> GroupCounts:
        """Selected of the truly negative: ``FP / (FP + TN)``."""
        return GroupCounts(self.fp, self.fp + self.tn)


def one_vs_rest(table: LabelTable[G, L], label: L) -> dict[G, GroupCounts]:
    """Per group, how many labels are ``label`` and how many there are: ``N[g][label]`` of ``Σ N[g][·]``.

    For tasks with one label per answer; the order of the groups is kept.
    """
    counts = {}
    for group, row in table.items():
        whole = {value: whole_number(count, "a count") for value, count in row.items()}
        counts[group] = GroupCounts(whole.get(label, 0), sum(whole.values()))
    return counts


def outcomes_one_vs_rest(table: TruthTable[G, L], label: L) -> dict[G, OutcomeCounts]:
    """Per group, true and false positives and negatives of ``label``; unknown truth is left out."""
    outcomes = {}
    for group, by_truth in table.items():
        given = {truth: one_vs_rest({group: row}, label)[group] for truth, row in by_truth.items()}
        positive = given.get(label, GroupCounts(0, 0))
        negative = [counts for truth, counts in given.items() if truth is not None and truth != label]
        fp = sum(counts.selected for counts in negative)
        outcomes[group] = OutcomeCounts(
            tp=positive.selected,
            fp=fp,
            fn=positive.n - positive.selected,
            tn=sum(counts.n for counts in negative) - fp,
        )
    return outcomes


def without_truth(table: TruthTable[G, L]) -> dict[G, dict[L, int]]:
    """``N[g][ŷ]``: the labels of a truth table summed over every truth, the unknown included."""
    summed: dict[G, dict[L, int]] = {}
    for group, by_truth in table.items():
        row = summed.setdefault(group, {})
        for given in by_truth.values():
            for value, count in given.items():
                row[value] = row.get(value, 0) + count
    return summed
