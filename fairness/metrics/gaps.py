"""The gap between a model's and humans' labels per group: bias that shows before any truth is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic

from fairness.metrics.counts import G, GroupCounts
from fairness.metrics.estimate import Estimate, Reason, Status
from fairness.metrics.intervals import mover_difference, newcombe
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
        interval for that pair of groups.
    highest, lowest : the two groups of the spread; ``None`` without a pair.
    excluded : groups without a usable gap; ``by_group`` says why.
    """

    by_group: Mapping[G, Estimate]
    spread: Estimate
    highest: G | None
    lowest: G | None
    excluded: tuple[G, ...]


def gap(llm: GroupCounts, human: GroupCounts, *, min_group: int = MIN_GROUP, confidence: float = 0.95) -> Estimate:
    """``P(LLM = l) - P(human = l)`` in one group, with Newcombe's interval.

    Undefined where one side has no labels, insufficient where one has fewer than ``min_group``.
    """
    n = llm.n + human.n
    sides = [rate(counts, min_group=min_group, confidence=confidence) for counts in (llm, human)]
    for status in (Status.UNDEFINED, Status.INSUFFICIENT):
        for side in sides:
            if side.status is status:
                return Estimate(None, status, n, reason=side.reason)
    difference = llm.selected / llm.n - human.selected / human.n
    return Estimate.ok(difference, n, newcombe(llm, human, confidence))


def human_llm_gaps(
    llm: Mapping[G, GroupCounts],
    human: Mapping[G, GroupCounts],
    *,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
) -> Gaps[G]:
    """Gap of every group that either side has labelled, and the spread of the gaps.

    Parameters
    ----------
    llm, human : counts of the same label per group; a group that one side lacks counts as empty there.
    """
    groups = list(dict.fromkeys([*llm, *human]))
    by_group = {
        g: gap(llm.get(g, _NOBODY), human.get(g, _NOBODY), min_group=min_group, confidence=confidence) for g in groups
    }
    usable = [g for g in groups if by_group[g].is_ok]
    excluded = tuple(g for g in groups if not by_group[g].is_ok)
    if len(usable) < 2:
        return Gaps(by_group, _no_spread(by_group), None, None, excluded)
    parts = {g: _limits(by_group[g]) for g in usable}
    ordered = sorted(usable, key=lambda g: parts[g][0])
    lowest, highest = ordered[0], ordered[-1]
    low, high = mover_difference(parts[highest], parts[lowest])
    n = sum(by_group[g].n for g in usable)
    spread = Estimate.ok(parts[highest][0] - parts[lowest][0], n, (max(-2.0, low), min(2.0, high)))
    return Gaps(by_group, spread, highest, lowest, excluded)


def _limits(estimate: Estimate) -> tuple[float, float, float]:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        raise ValueError("A spread is taken over gaps that have a value and an interval.")
    return estimate.value, estimate.low, estimate.high


def _no_spread(by_group: Mapping[G, Estimate]) -> Estimate:
    """Undefined where fewer than two groups have labels of both kinds, else insufficient."""
    existing = [e for e in by_group.values() if e.status is not Status.UNDEFINED]
    n = sum(e.n for e in existing)
    if len(existing) < 2:
        return Estimate.undefined(Reason.ONE_GROUP, n)
    return Estimate.insufficient(Reason.SMALL_GROUPS, n)
