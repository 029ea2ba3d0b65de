"""Rates per group and their disparities: demographic parity, equal opportunity, equalized odds.

Every value is a rational function of the counts. With ``min_group=1`` and where all rates exist, the values
equal those of fairlearn 0.15 on the raw rows. Two differences are deliberate:

- a rate over nothing is *undefined*, where fairlearn gives 0 (a group without positives gets a true
  positive rate of 0 there, and the difference becomes a false 1.0): such a group is left out of the
  comparison and named in ``excluded``;
- a group with fewer than ``min_group`` labels is *insufficient* and left out too: with no bias at all, four
  groups of 50 labels each show a parity ratio below 0.8 in most samples.

Label-only metrics take :class:`GroupCounts`; those against the truth take :class:`OutcomeCounts`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Generic

from fairness.metrics.counts import G, GroupCounts, OutcomeCounts
from fairness.metrics.estimate import Estimate, Reason, Status
from fairness.metrics.intervals import each_of, mover_difference, mover_ratio, newcombe, wilson

#: Labels that a group needs before its rate is shown.
MIN_GROUP = 30


Limits = tuple[float, float, float]  # (value, low, high) of one rate


@dataclass(frozen=True, slots=True)
class Parity(Generic[G]):
    """How far the groups' rates lie apart.

    Attributes
    ----------
    rates : each group's rate, with Wilson's interval, in the order given.
    difference : highest minus lowest rate, in [0, 1], with Newcombe's interval for that pair. The pair is picked by
        looking, so the confidence is raised for the number of pairs (Bonferroni): all pairs' intervals hold together
        with what was asked for. For one look. Of :func:`parity_of` see there.
    ratio : lowest divided by highest rate, in [0, 1]; below 0.8 it fails the four-fifths rule (disparate
        impact, Feldman et al. 2015). With an interval from :func:`parity_of` alone, where something bounds it.
    highest, lowest : the two groups of that pair (the last and first of equals); ``None`` without a pair.
    excluded : groups without a usable rate; ``rates`` says why.
    pair_confidence : of the difference's interval taken for itself; ``None`` where there is none, or no pairs counted.
    """

    rates: Mapping[G, Estimate]
    difference: Estimate
    ratio: Estimate
    highest: G | None
    lowest: G | None
    excluded: tuple[G, ...]
    pair_confidence: float | None = None

    @property
    def status(self) -> Status:
        """Of the difference; the ratio alone is undefined where every rate is 0."""
        return self.difference.status


@dataclass(frozen=True, slots=True)
class EqualizedOdds(Generic[G]):
    """Equalized odds: the worse of the true and the false positive rates' disparities.

    Attributes
    ----------
    difference : ``max(ΔTPR, ΔFPR)``, bounded from below and above by the larger of both parts' limits, which hold
        together: which part is larger is picked by looking too.
    ratio : the smaller of the two ratios, bounded by the smaller limits.
    true_positive, false_positive : the two disparities themselves.

    ``difference`` and ``ratio`` have a value only where both parts have one.
    """

    difference: Estimate
    ratio: Estimate
    true_positive: Parity[G]
    false_positive: Parity[G]


def rate(
    counts: GroupCounts,
    *,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
    empty: Reason = Reason.NO_LABELS,
    labels_per_item: int = 1,
) -> Estimate:
    """``selected / n`` with Wilson's interval, in which ``labels_per_item`` labels count as one, as those of one item
    are alike (a design effect).

    Undefined, for the reason ``empty``, where ``n`` is 0; insufficient where ``n < min_group``.

    Raises
    ------
    ValueError
        Where ``min_group`` is below 1 or ``confidence`` not between 0 and 1.
    """
    if min_group < 1:
        raise ValueError(f"min_group must be at least 1, got {min_group}.")
    if counts.n == 0:
        return Estimate.undefined(empty)
    if counts.n < min_group:
        return Estimate.insufficient(Reason.SMALL_GROUP, counts.n)
    interval = wilson(counts.selected / labels_per_item, counts.n / labels_per_item, confidence)
    return Estimate.ok(counts.selected / counts.n, counts.n, interval)


def selection_rates(
    counts: Mapping[G, GroupCounts], *, min_group: int = MIN_GROUP, confidence: float = 0.95
) -> dict[G, Estimate]:
    """Each group's share of the label in question, ``sel_g = selected_g / n_g``; see :func:`rate`."""
    return {group: rate(c, min_group=min_group, confidence=confidence) for group, c in counts.items()}


def raised(confidence: float, groups: int, sides: int = 1) -> float:
    """The confidence at which each pair of ``groups`` has to be held, in each of ``sides`` such comparisons, for all of
    them to hold together at ``confidence``: see :func:`~fairness.metrics.intervals.each_of`."""
    return each_of(confidence, sides * math.comb(groups, 2))


def disparity(
    counts: Mapping[G, GroupCounts],
    *,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
    empty: Reason = Reason.NO_LABELS,
    labels_per_item: int = 1,
    among: int = 1,
) -> Parity[G]:
    """Difference and ratio of any rate between the groups; the other functions name what is counted.

    ``among``: how many such differences the one that is shown is picked from. Values do not depend on it, nor on
    ``labels_per_item``: see :func:`rate`.
    """
    rates = {
        group: rate(c, min_group=min_group, confidence=confidence, empty=empty, labels_per_item=labels_per_item)
        for group, c in counts.items()
    }
    usable = {group: found.value for group, found in rates.items() if found.value is not None}
    excluded = tuple(group for group in rates if group not in usable)
    if len(usable) < 2:
        missing = no_comparison(counts)
        return Parity(rates, missing, missing, None, None, excluded)
    ordered = sorted(usable, key=usable.__getitem__)
    lowest, highest = ordered[0], ordered[-1]
    low, high = usable[lowest], usable[highest]
    n = sum(counts[group].n for group in usable)
    each = raised(confidence, len(usable), among)
    interval = newcombe(counts[highest], counts[lowest], each, labels_per_item=(labels_per_item, labels_per_item))
    difference = Estimate.ok(high - low, n, interval)
    ratio = Estimate.ok(low / high, n) if high > 0 else Estimate.undefined(Reason.ALL_ZERO, n)
    return Parity(rates, difference, ratio, highest, lowest, excluded, each)


def no_comparison(counts: Mapping[G, GroupCounts]) -> Estimate:
    """Undefined where fewer than two groups have the rate at all, else insufficient."""
    sizes = [c.n for c in counts.values() if c.n]
    if len(sizes) < 2:
        return Estimate.undefined(Reason.ONE_GROUP, sum(sizes))
    return Estimate.insufficient(Reason.SMALL_GROUPS, sum(sizes))


def parity_of(rates: Mapping[G, Estimate], missing: Estimate, *, limits: Mapping[G, Limits]) -> Parity[G]:
    """Difference and ratio of rates that were estimated otherwise, each with limits of its own.

    Difference and ratio have MOVER intervals. ``missing`` is what both are where fewer than two rates have a value.

    Parameters
    ----------
    limits : of every rate with a value, at a confidence that is :func:`raised` for the number of pairs. The intervals
        then hold the largest true difference and the smallest true ratio, whichever pair that is: each is bounded by
        every pair, and widened to hold the estimate itself.
    """
    usable = {group: e.value for group, e in rates.items() if e.value is not None}
    excluded = tuple(group for group in rates if group not in usable)
    if len(usable) < 2:
        return Parity(rates, missing, missing, None, None, excluded)
    ordered = sorted(usable, key=usable.__getitem__)
    lowest, highest = ordered[0], ordered[-1]
    n = sum(rates[group].n for group in usable)
    top, bottom = usable[highest], usable[lowest]
    low, high = _widest(top - bottom, limits)
    difference = Estimate.ok(top - bottom, n, (max(-1.0, low), min(1.0, high)))
    if top <= 0:
        return Parity(rates, difference, Estimate.undefined(Reason.ALL_ZERO, n), highest, lowest, excluded)
    bounds = _smallest(bottom / top, limits)
    ratio = Estimate.ok(bottom / top, n, bounds if math.isfinite(bounds[1]) else None)
    return Parity(rates, difference, ratio, highest, lowest, excluded)


def _widest(value: float, limits: Mapping[G, Limits]) -> tuple[float, float]:
    pairs = [mover_difference(one, other) for one, other in permutations(limits.values(), 2)]
    return min(value, max(least for least, _most in pairs)), max(value, max(most for _least, most in pairs))


def _smallest(value: float, limits: Mapping[G, Limits]) -> tuple[float, float]:
    pairs = [mover_ratio(one, other) for one, other in permutations(limits.values(), 2) if other[0] > 0]
    least, most = min(least for least, _most in pairs), min(most for _least, most in pairs)
    return min(value, least), max(value, most)


def demographic_parity(
    counts: Mapping[G, GroupCounts],
    *,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
    labels_per_item: int = 1,
) -> Parity[G]:
    """Demographic parity difference ``max - min sel_g`` and ratio ``min / max sel_g``.

    Equal to fairlearn's ``demographic_parity_difference`` and ``demographic_parity_ratio``.
    """
    return disparity(counts, min_group=min_group, confidence=confidence, labels_per_item=labels_per_item)


def equal_opportunity(
    outcomes: Mapping[G, OutcomeCounts], *, min_group: int = MIN_GROUP, confidence: float = 0.95, among: int = 1
) -> Parity[G]:
    """Disparity of the true positive rate ``TP / (TP + FN)``; ``min_group`` is asked of the positives.

    Equal to fairlearn's ``equal_opportunity_difference`` and ``equal_opportunity_ratio`` where every group
    has positives.

    Source: Hardt, Price & Srebro (2016), Equality of Opportunity in Supervised Learning.
    """
    counts = {group: o.true_positive for group, o in outcomes.items()}
    return disparity(counts, min_group=min_group, confidence=confidence, empty=Reason.NO_POSITIVES, among=among)


def false_positive_parity(
    outcomes: Mapping[G, OutcomeCounts], *, min_group: int = MIN_GROUP, confidence: float = 0.95, among: int = 1
) -> Parity[G]:
    """Disparity of the false positive rate ``FP / (FP + TN)``, also called predictive equality."""
    counts = {group: o.false_positive for group, o in outcomes.items()}
    return disparity(counts, min_group=min_group, confidence=confidence, empty=Reason.NO_NEGATIVES, among=among)


def equalized_odds(
    outcomes: Mapping[G, OutcomeCounts], *, min_group: int = MIN_GROUP, confidence: float = 0.95
) -> EqualizedOdds[G]:
    """Equalized odds difference ``max(ΔTPR, ΔFPR)`` and ratio ``min`` of the two ratios.

    ``min_group`` is asked of the positives for the one rate and of the negatives for the other. Equal to
    fairlearn's ``equalized_odds_difference`` and ``equalized_odds_ratio`` where every group has positives and
    negatives and no rate is 0 everywhere. Against a consensus instead of a gold label the result is
    provisional; the caller says so.

    Source: Hardt, Price & Srebro (2016), Equality of Opportunity in Supervised Learning.
    """
    return odds_of(
        equal_opportunity(outcomes, min_group=min_group, confidence=confidence, among=2),
        false_positive_parity(outcomes, min_group=min_group, confidence=confidence, among=2),
    )


def odds_of(tpr: Parity[G], fpr: Parity[G]) -> EqualizedOdds[G]:
    """Equalized odds from the disparities of both rates."""
    return EqualizedOdds(
        difference=_worse(tpr.difference, fpr.difference, largest=True),
        ratio=_worse(tpr.ratio, fpr.ratio, largest=False),
        true_positive=tpr,
        false_positive=fpr,
    )


def _worse(first: Estimate, second: Estimate, *, largest: bool) -> Estimate:
    """The larger (or smaller) of two estimates; where one has no value, that one, undefined first."""
    n = first.n + second.n
    missing = [e for e in (first, second) if not e.is_ok]
    if missing:
        worst = min(missing, key=lambda e: e.status is not Status.UNDEFINED)
        return Estimate(None, worst.status, n, reason=worst.reason)
    pick = max if largest else min
    chosen = pick((first, second), key=lambda e: e.value or 0.0)
    if None in (first.low, first.high, second.low, second.high):
        return Estimate(chosen.value, Status.OK, n, chosen.low, chosen.high)
    low, high = (pick(getattr(e, name) for e in (first, second)) for name in ("low", "high"))
    return Estimate(chosen.value, Status.OK, n, low, high)
