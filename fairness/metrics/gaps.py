"""The gap between a model's and humans' labels per group: bias that shows before any truth is known."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic

from fairness.metrics.counts import G, GroupCounts
from fairness.metrics.estimate import Estimate, Reason, Status
from fairness.metrics.intervals import each_of, mover_difference, newcombe
from fairness.metrics.parity import MIN_GROUP, rate

_NOBODY = GroupCounts(0, 0)


@dataclass(frozen=True, slots=True)
class Gaps(Generic[G]):
    """Model minus human rate per group.

    Attributes
    ----------
    by_group : each group's gap, in [-1, 1]: above 0 the model gives the label more often than humans do.
        Newcombe's interval, as if both sides were independent samples.
    spread : largest minus smallest gap, in [0, 2]: 0 where the model shifts every group alike, with the MOVER
        interval for that pair of groups, at a confidence raised for the number of pairs that it was picked from.
    highest, lowest : the two groups of the spread; ``None`` without a pair.
    excluded : groups without a usable gap; ``by_group`` says why.
    """

    by_group: Mapping[G, Estimate]
    spread: Estimate
    highest: G | None
    lowest: G | None
    excluded: tuple[G, ...]


def gap(
    llm: GroupCounts,
    human: GroupCounts,
    *,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
    labels_per_item: tuple[int, int] = (1, 1),
) -> Estimate:
    """``P(LLM = l) - P(human = l)`` in one group, with Newcombe's interval; ``labels_per_item``: of either side, see
    there.

    Undefined where one side has no labels, insufficient where one has fewer than ``min_group``.
    """
    n = llm.n + human.n
    sides = [rate(counts, min_group=min_group, confidence=confidence) for counts in (llm, human)]
    for status in (Status.UNDEFINED, Status.INSUFFICIENT):
        for side in sides:
            if side.status is status:
                return Estimate(None, status, n, reason=side.reason)
    difference = llm.selected / llm.n - human.selected / human.n
    return Estimate.ok(difference, n, newcombe(llm, human, confidence, labels_per_item=labels_per_item))


def human_llm_gaps(
    llm: Mapping[G, GroupCounts],
    human: Mapping[G, GroupCounts],
    *,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
    labels_per_item: tuple[int, int] = (1, 1),
) -> Gaps[G]:
    """Gap of every group that either side has labelled, and the spread of the gaps.

    Parameters
    ----------
    llm, human : counts of the same label per group; a group that one side lacks counts as empty there.
    labels_per_item : of either side, so many labels count as one in intervals.
    """
    groups = list(dict.fromkeys([*llm, *human]))
    sides = {g: (llm.get(g, _NOBODY), human.get(g, _NOBODY)) for g in groups}
    by_group = {
        g: gap(*sides[g], min_group=min_group, confidence=confidence, labels_per_item=labels_per_item) for g in groups
    }
    usable = [g for g in groups if by_group[g].is_ok]
    excluded = tuple(g for g in groups if not by_group[g].is_ok)
    if len(usable) < 2:
        return Gaps(by_group, _no_spread(by_group), None, None, excluded)
    ordered = sorted(usable, key=lambda g: _value(by_group[g]))
    lowest, highest = ordered[0], ordered[-1]
    each = each_of(confidence, math.comb(len(usable), 2))
    first, second = (
        (_value(by_group[g]), *newcombe(*sides[g], each, labels_per_item=labels_per_item)) for g in (highest, lowest)
    )
    low, high = mover_difference(first, second)
    n = sum(by_group[g].n for g in usable)
    spread = Estimate.ok(first[0] - second[0], n, (max(-2.0, low), min(2.0, high)))
    return Gaps(by_group, spread, highest, lowest, excluded)


def _value(estimate: Estimate) -> float:
    if estimate.value is None:
        raise ValueError("A spread is taken over gaps that have a value.")
    return estimate.value


def _no_spread(by_group: Mapping[G, Estimate]) -> Estimate:
    """Undefined where fewer than two groups have labels of both kinds, else insufficient."""
    existing = [e for e in by_group.values() if e.status is not Status.UNDEFINED]
    n = sum(e.n for e in existing)
    if len(existing) < 2:
        return Estimate.undefined(Reason.ONE_GROUP, n)
    return Estimate.insufficient(Reason.SMALL_GROUPS, n)
