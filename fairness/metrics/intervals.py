"""Fixed-n intervals for rates and their differences. For one look at a fixed sample: a rule that looks
again at every label needs an anytime-valid interval instead."""

import math

from annotations.agreement.intervals import wilson
from fairness.metrics.counts import GroupCounts

__all__ = ["each_of", "mover_difference", "mover_ratio", "newcombe", "wilson"]


def each_of(confidence: float, number: int) -> float:
    """The confidence of each of so many intervals by which all of them together hold with ``confidence`` (Bonferroni):
    what an interval needs that is shown because it is the furthest of them."""
    return confidence if number <= 1 else 1 - (1 - confidence) / number


def mover_difference(first: tuple[float, float, float], second: tuple[float, float, float]) -> tuple[float, float]:
    """Interval for ``first - second`` from each one's ``(value, low, high)``, recovered variance by variance.

    ``low = d - sqrt((v₁ - l₁)² + (h₂ - v₂)²)``, ``high = d + sqrt((h₁ - v₁)² + (v₂ - l₂)²)``. Takes the two
    for independent; where both rise and fall together the interval is too wide rather than too narrow.

    Source: Zou & Donner (2008), Statistics in Medicine 27, 1693-1702 (MOVER).
    """
    (v1, l1, h1), (v2, l2, h2) = first, second
    difference = v1 - v2
    return difference - math.hypot(v1 - l1, h2 - v2), difference + math.hypot(h1 - v1, v2 - l2)


def mover_ratio(first: tuple[float, float, float], second: tuple[float, float, float]) -> tuple[float, float]:
    """Interval for ``first / second`` of two rates from each one's ``(value, low, high)``; the upper limit may be inf.

    Takes the two for independent, as :func:`mover_difference`.

    Source: Donner & Zou (2012), Statistical Methods in Medical Research 21, 347-359 (MOVER for ratios).
    """
    (p1, l1, u1), (p2, l2, u2) = first, second
    product = p1 * p2
    lower = product - math.sqrt(max(0.0, product**2 - l1 * u2 * (2 * p1 - l1) * (2 * p2 - u2)))
    upper = product + math.sqrt(max(0.0, product**2 - u1 * l2 * (2 * p1 - u1) * (2 * p2 - l2)))
    below, above = u2 * (2 * p2 - u2), l2 * (2 * p2 - l2)
    # 2p < u is a rate so near 0 that nothing bounds the ratio from that side.
    return (max(0.0, lower / below) if below > 0 else 0.0), (upper / above if above > 0 else math.inf)


def newcombe(
    first: GroupCounts,
    second: GroupCounts,
    confidence: float = 0.95,
    *,
    labels_per_item: tuple[int, int] = (1, 1),
) -> tuple[float, float]:
    """Newcombe's hybrid score interval for the difference of two independent rates, within [-1, 1].

    :func:`mover_difference` of two Wilson intervals: 56/70 against 48/80 gives [.0524, .3339]. ``labels_per_item``: of
    either side, so many labels count as one, as those of one item are alike (a design effect).

    Raises
    ------
    ValueError
        Where a group is empty.

    Source: Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    sides = []
    for counts, alike in zip((first, second), labels_per_item, strict=True):
        low, high = wilson(counts.selected / alike, counts.n / alike, confidence)
        sides.append((counts.selected / counts.n, low, high))
    low, high = mover_difference(sides[0], sides[1])
    return max(-1.0, low), min(1.0, high)
