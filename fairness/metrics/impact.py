"""The four-fifths rule as a verdict that can be "not certain" and says so."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations
from typing import Generic

from fairness.metrics.counts import G, GroupCounts
from fairness.metrics.estimate import Estimate, Status
from fairness.metrics.intervals import each_of, mover_ratio, wilson
from fairness.metrics.parity import MIN_GROUP, demographic_parity

#: Of the highest group's rate, what every other group's must reach.
FOUR_FIFTHS = 0.8


class Verdict(StrEnum):
    """What can be said of the four-fifths rule."""

    BELOW = "below"  # the ratio of some two groups is certainly under the threshold
    ABOVE = "above"  # the ratio of every two groups certainly reaches it
    UNCLEAR = "unclear"  # neither: the labels so far fit both
    UNDEFINED = "undefined"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Impact(Generic[G]):
    """Disparate impact: the lowest rate as a share of the highest.

    Attributes
    ----------
    verdict : see :class:`Verdict`; at ``confidence`` for all pairs of groups together.
    ratio : lowest divided by highest rate with the interval for that pair at the raised confidence. Has a
        reason where the verdict is undefined or insufficient.
    highest, lowest : those two groups.
    below : the pairs (lower, higher) whose ratio is certainly under the threshold.
    """

    verdict: Verdict
    ratio: Estimate
    highest: G | None
    lowest: G | None
    below: tuple[tuple[G, G], ...]
    threshold: float


def ratio_interval(
    low: GroupCounts, high: GroupCounts, confidence: float = 0.95, labels_per_item: int = 1
) -> tuple[float, float]:
    """Interval for the ratio of two independent rates from Wilson's interval of each; the upper limit may be inf.
    ``labels_per_item``: so many labels count as one.

    Source: Donner & Zou (2012), Statistical Methods in Medical Research 21, 347-359 (MOVER for ratios).

    Raises
    ------
    ValueError
        Where a group is empty.
    """
    first, second = (
        (c.selected / c.n, *wilson(c.selected / labels_per_item, c.n / labels_per_item, confidence))
        for c in (low, high)
    )
    return mover_ratio(first, second)


def disparate_impact(
    counts: Mapping[G, GroupCounts],
    *,
    threshold: float = FOUR_FIFTHS,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
    labels_per_item: int = 1,
) -> Impact[G]:
    """The four-fifths rule over all pairs of groups with a rate.

    The confidence of each interval is raised for their number (Bonferroni), since the verdict is about the
    worst of them; ``labels_per_item`` labels count as one. One look at a fixed sample; for a run that is watched see
    :mod:`fairness.metrics.pausing`.

    Source: Feldman, Friedler, Moeller, Scheidegger & Venkatasubramanian (2015), Certifying and removing
    disparate impact; the rule itself: US Equal Employment Opportunity Commission (1978), Uniform Guidelines.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must lie in (0, 1], got {threshold!r}.")
    parity = demographic_parity(counts, min_group=min_group, confidence=confidence)
    if parity.ratio.value is None:
        verdict = Verdict.UNDEFINED if parity.ratio.status is Status.UNDEFINED else Verdict.INSUFFICIENT
        return Impact(verdict, parity.ratio, parity.highest, parity.lowest, (), threshold)
    usable = [group for group in counts if group not in parity.excluded]
    each = each_of(confidence, math.comb(len(usable), 2))
    limits = {(a, b): ratio_interval(counts[a], counts[b], each, labels_per_item) for a, b in permutations(usable, 2)}
    below = tuple(pair for pair, (_low, high) in limits.items() if high < threshold)
    if below:
        verdict = Verdict.BELOW
    else:
        verdict = Verdict.ABOVE if all(low >= threshold for low, _high in limits.values()) else Verdict.UNCLEAR
    ordered = sorted(usable, key=lambda group: counts[group].selected / counts[group].n)
    ratio = Estimate.ok(parity.ratio.value, parity.ratio.n, limits[ordered[0], ordered[-1]])
    return Impact(verdict, ratio, ordered[-1], ordered[0], below, threshold)
