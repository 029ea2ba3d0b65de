"""Several protected attributes at once: a group is a tuple of values, one for each attribute.

Crossing attributes makes small groups, whose raw rates are mostly chance. So each is drawn towards the
overall rate, the more the smaller it is.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from fairness.metrics.counts import GroupCounts
from fairness.metrics.estimate import Estimate, Reason
from fairness.metrics.intervals import wilson
from fairness.metrics.parity import MIN_GROUP, Limits, no_comparison, parity_of, raised

Cell = tuple[Hashable, ...]

#: Labels at the overall rate that are added to each group.
SHRINKAGE = 10.0


@dataclass(frozen=True, slots=True)
class Intersections:
    """Rates of crossed groups, shrunk towards the overall rate, and how far they lie apart.

    Attributes
    ----------
    overall : the rate of all labels together, towards which is shrunk; Wilson's interval.
    rates : each group's shrunk rate. Its interval is Wilson's of the group's own labels, widened where it has to be
        to hold the shrunk rate: what others' labels lend the estimate would make it too narrow for a group that is
        unlike them.
    difference, ratio : between the highest and the lowest shrunk rate, over the groups that have one; the
        intervals hold the largest difference and the smallest ratio of all pairs, see :func:`parity_of`.
    highest, lowest : those two groups; ``None`` without a pair.
    excluded : groups without a usable rate; ``rates`` says why.
    """

    overall: Estimate
    rates: Mapping[Cell, Estimate]
    difference: Estimate
    ratio: Estimate
    highest: Cell | None
    lowest: Cell | None
    excluded: tuple[Cell, ...]


def cross(attributes: Sequence[Sequence[Hashable]], selected: Sequence[bool]) -> dict[Cell, GroupCounts]:
    """Counts of each combination of values that occurs, from one row per label.

    Parameters
    ----------
    attributes : for each attribute its value in every row; a row where one is ``None`` is in no group.
    selected : whether the row's label is the one in question.

    Raises
    ------
    ValueError
        Where the columns are not of one length, or there is none.
    """
    if not attributes or any(len(column) != len(selected) for column in attributes):
        raise ValueError("Needs at least one attribute, and a value of each for every label.")
    counts: dict[Cell, list[int]] = {}
    for *cell, chosen in zip(*attributes, selected, strict=True):
        if None not in cell:
            tally = counts.setdefault(tuple(cell), [0, 0])
            tally[0] += bool(chosen)
            tally[1] += 1
    return {cell: GroupCounts(*tally) for cell, tally in counts.items()}


def margin(counts: Mapping[Cell, GroupCounts], keep: Sequence[int]) -> dict[Cell, GroupCounts]:
    """The counts summed over every attribute whose position is not in ``keep``; keys are tuples of the others."""
    summed: dict[Cell, GroupCounts] = {}
    for cell, c in counts.items():
        key = tuple(cell[position] for position in keep)
        have = summed.get(key, GroupCounts(0, 0))
        summed[key] = GroupCounts(have.selected + c.selected, have.n + c.n)
    return summed


def crossed_rates(
    counts: Mapping[Cell, GroupCounts],
    *,
    shrinkage: float = SHRINKAGE,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
    effective: Mapping[Cell, float] | None = None,
) -> Intersections:
    """Shrunk rates ``(s_g + κ p) / (n_g + κ)``, with ``p`` the overall rate and ``κ = shrinkage``.

    A group of no labels is undefined, one of fewer than ``min_group`` insufficient: shrinking makes a small
    group's rate less wild, not known. With ``shrinkage=0`` and ``min_group=1`` the rates are those of
    fairlearn's ``MetricFrame`` over several sensitive features.

    Parameters
    ----------
    effective : how many independent observations each group's labels are worth, for its interval; their number where
        left out. ``overall`` takes labels for independent.

    Source: the mean of a Beta posterior whose prior is worth κ labels; Morris (1983), Parametric empirical
    Bayes inference, JASA 78, 47-55, for shrinking groups towards their mean.
    """
    if not (shrinkage >= 0 and min_group >= 1):
        raise ValueError(f"Needs shrinkage >= 0 and min_group >= 1, got {shrinkage!r} and {min_group!r}.")
    selected, n = sum(c.selected for c in counts.values()), sum(c.n for c in counts.values())
    if not n:
        missing = Estimate.undefined(Reason.NO_LABELS)
        alone = Estimate.undefined(Reason.ONE_GROUP)
        return Intersections(missing, dict.fromkeys(counts, missing), alone, alone, None, None, tuple(counts))
    overall = Estimate.ok(selected / n, n, wilson(selected, n, confidence))
    worth = effective or {}
    rates = {
        cell: _shrunk(c, selected / n, shrinkage, min_group, confidence, worth.get(cell, c.n))
        for cell, c in counts.items()
    }
    usable = [cell for cell, one in rates.items() if one.is_ok]
    all_pairs = raised(confidence, len(usable))
    limits = {cell: own_limits(counts[cell], worth.get(cell, counts[cell].n), all_pairs) for cell in usable}
    found = parity_of(rates, no_comparison(counts), limits=limits)
    return Intersections(overall, rates, found.difference, found.ratio, found.highest, found.lowest, found.excluded)


def _shrunk(
    c: GroupCounts, overall: float, shrinkage: float, min_group: int, confidence: float, worth: float
) -> Estimate:
    if not c.n:
        return Estimate.undefined(Reason.NO_LABELS)
    if c.n < min_group:
        return Estimate.insufficient(Reason.SMALL_GROUP, c.n)
    # Rounding must not push a rate of 1 beyond it.
    value = min(1.0, (c.selected + shrinkage * overall) / (c.n + shrinkage))
    _own, low, high = own_limits(c, worth, confidence)
    return Estimate.ok(value, c.n, (min(low, value), max(high, value)))


def own_limits(counts: GroupCounts, worth: float, confidence: float) -> Limits:
    """A rate with Wilson's limits, from labels that are ``worth`` so many independent ones."""
    value = counts.selected / counts.n
    return (value, *wilson(min(value * worth, worth), worth, confidence))
