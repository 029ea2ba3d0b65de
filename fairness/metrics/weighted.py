"""Rates where items were *chosen* to be labelled, from the probability that each was chosen with.

Active learning picks the items that it expects most of, so rates among them are not the rates of the project.
Each label is therefore weighted by how unlikely it was to be there. Two estimates stand side by side: the
weighted one, which uses all labels, and that of the *uniform audit stream*, a part of the items drawn
regardless of anything, which needs no weights and nothing but that to be right.

Every item must have had a chance: with probabilities ``(1 - ε) q + ε/N`` no weight is larger than ``1/ε``
times that of a uniform draw. An item whose label was sure to be asked for weighs 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
import numpy.typing as npt

from annotations.agreement.intervals import normal_quantile
from fairness.metrics.counts import G, GroupCounts
from fairness.metrics.estimate import Estimate, Reason
from fairness.metrics.intervals import wilson
from fairness.metrics.parity import MIN_GROUP, Parity, demographic_parity, no_comparison, parity_of, raised

Floats = np.ndarray[Any, np.dtype[np.float64]]

#: Labels of equal weight that a weighted rate must be worth: below, a few heavy ones decide it.
MIN_EFFECTIVE = 10.0


def inverse_weights(probability: npt.ArrayLike) -> Floats:
    """``1 / π`` for items that were chosen independently of one another, or drawn with putting back, (n,).

    Raises
    ------
    ValueError
        Where a probability is not in (0, 1]: an item that could not be chosen cannot be weighted.
    """
    chances = np.asarray(probability, dtype=float)
    if chances.ndim != 1 or not np.all((chances > 0) & (chances <= 1)):
        raise ValueError("Selection probabilities must lie in (0, 1].")
    weights: Floats = 1 / chances
    return weights


def sequential_weights(probability: npt.ArrayLike, pool: int) -> Floats:
    """Weights of items that were drawn one after the other without putting back, in that order, (n,).

    ``v_m = 1 + (N - M)/(N - m) · (1/((N - m + 1) π_m) - 1)`` for the m-th of M draws from ``pool`` = N items,
    where ``π_m`` was the probability of that item among those that were left. Their mean of ``v y`` has the
    pool's mean of ``y`` as its expectation. 1 throughout where all were drawn uniformly, or all were drawn.

    Raises
    ------
    ValueError
        Where a probability is not in (0, 1], or more were drawn than there are.

    Source: Farquhar, Gal & Rainforth (2021), On statistical bias in active learning: how and when to fix it.
    """
    odds = inverse_weights(probability)
    drawn = len(odds)
    if drawn > pool:
        raise ValueError(f"No more items can be drawn than there are, got {drawn} of {pool}.")
    m = np.arange(1, drawn + 1)
    # The last of all has nothing left beside it: its factor is 0 / 0, and its weight 1.
    share = np.divide(pool - drawn, pool - m, out=np.zeros(drawn), where=m < pool)
    weights: Floats = 1 + share * (odds / (pool - m + 1) - 1)
    return weights


def effective_size(weights: npt.ArrayLike) -> float:
    """Labels of equal weight that these are worth, ``(Σ w)² / Σ w²`` (Kish 1965, Survey sampling); 0 without weight."""
    w = np.asarray(weights, dtype=float)
    return float(w.sum() ** 2 / (w**2).sum()) if w.any() else 0.0


def weighted_rate(
    selected: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
    labels_per_item: int = 1,
) -> Estimate:
    """Hájek's estimate ``Σ w y / Σ w`` of a rate.

    Its variance is that of the ratio, linearised: ``n/(n-1) Σ (w (y - p))² / (Σ w)²``; the interval is
    Wilson's of as many labels as give that variance (never more than there are), so it stays within [0, 1].

    Parameters
    ----------
    selected : (n,) whether each label is the one in question.
    weights : (n,) finite and not negative, of any scale.
    labels_per_item : so many labels count as one in the interval, as those of one item are alike.

    Undefined without labels or weight; insufficient where there are fewer than ``min_group`` labels, or they are
    worth fewer than ``MIN_EFFECTIVE`` of equal weight, ``(Σ w)² / Σ w²`` (Kish).

    Sources: Hájek (1971), in Foundations of statistical inference, 236; Särndal, Swensson & Wretman (1992),
    Model assisted survey sampling, section 5.7; Korn & Graubard (1998) for intervals by effective size.
    """
    y, w = _columns(selected, weights)
    if not len(y) or w.sum() <= 0:
        return Estimate.undefined(Reason.NO_LABELS)
    # Never more than there are labels, but for rounding, which must not take the last of ten equal ones away.
    worth = effective_size(w) * (1 + 1e-9)
    if len(y) < min_group or worth < min(MIN_EFFECTIVE, min_group):
        return Estimate.insufficient(Reason.SMALL_GROUP, len(y))
    value = min(1.0, float((w * y).sum() / w.sum()))
    variance = float(((w * (y - value)) ** 2).sum() / w.sum() ** 2) * len(y) / max(len(y) - 1, 1)
    effective = min(len(y), value * (1 - value) / variance) if variance > 1e-15 else min(len(y), worth)
    effective /= labels_per_item
    return Estimate.ok(value, len(y), wilson(value * effective, effective, confidence))


def horvitz_thompson(
    selected: npt.ArrayLike, probability: npt.ArrayLike, population: int, *, confidence: float = 0.95
) -> Estimate:
    """Horvitz and Thompson's estimate ``Σ y/π / N`` of a rate among ``population`` items.

    Its expectation is the rate itself, but it may come out above 1, and it varies more than Hájek's where the
    rate is not small: for totals and as a check. Items chosen independently of one another, each with its own
    ``π``: the variance is estimated by ``Σ (1 - π) (y/π)² / N²``. The interval is normal.

    Source: Horvitz & Thompson (1952), JASA 47, 663-685.
    """
    weights = inverse_weights(probability)
    y, w = _columns(selected, weights)
    if population < len(y):
        raise ValueError(f"No more items can be chosen than there are, got {len(y)} of {population}.")
    if not len(y):
        return Estimate.undefined(Reason.NO_LABELS)
    value = float((w * y).sum()) / population
    error = float(np.sqrt(((1 - 1 / w) * (w * y) ** 2).sum())) / population
    half = normal_quantile(confidence) * error
    return Estimate.ok(value, len(y), (max(0.0, value - half), value + half))


def _columns(selected: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[Floats, Floats]:
    y, w = np.asarray(selected, dtype=bool).astype(float), np.asarray(weights, dtype=float)
    if y.ndim != 1 or y.shape != w.shape or not np.all(np.isfinite(w) & (w >= 0)):
        raise ValueError("Needs a finite weight that is not negative for every label.")
    return y, w


@dataclass(frozen=True, slots=True)
class ActiveParity(Generic[G]):
    """Three readings of demographic parity where items were chosen.

    Attributes
    ----------
    naive : as if they had not been: shown only to say how far off it is.
    weighted : by the logged probabilities.
    audit : from the uniform audit stream alone.
    """

    naive: Parity[G]
    weighted: Parity[G]
    audit: Parity[G]


def weighted_parity(
    groups: Sequence[G],
    selected: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
    labels_per_item: int = 1,
) -> Parity[G]:
    """Demographic parity of weighted labels: each group's Hájek rate, and how far they lie apart, with an interval that
    holds whichever pair lies furthest apart.

    Parameters
    ----------
    groups : (n,) the group of each label's item.
    selected, weights, labels_per_item : see :func:`weighted_rate`. Weights of the whole draw, not of each group's.
    """
    y, w = _columns(selected, weights)
    members = _members(groups, len(y))

    def found(confidence: float) -> dict[G, Estimate]:
        return {
            group: weighted_rate(
                y[rows], w[rows], min_group=min_group, confidence=confidence, labels_per_item=labels_per_item
            )
            for group, rows in members.items()
        }

    rates = found(confidence)
    usable = sum(rate.value is not None for rate in rates.values())
    sure = found(raised(confidence, usable)) if usable > 1 else {}
    limits = {
        group: (one.value, one.low, one.high)
        for group, one in sure.items()
        if one.value is not None and one.low is not None and one.high is not None
    }
    return parity_of(rates, no_comparison(_tally(members, y)), limits=limits)


def active_parity(
    groups: Sequence[G],
    selected: npt.ArrayLike,
    weights: npt.ArrayLike,
    audit: Mapping[G, GroupCounts],
    *,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
    labels_per_item: int = 1,
) -> ActiveParity[G]:
    """The weighted estimate, that of the audit stream beside it, and the naive one for comparison.

    Parameters
    ----------
    groups, selected, weights : the chosen items' labels, see :func:`weighted_parity`.
    audit : counts of the items that were drawn uniformly.
    labels_per_item : the most labels that one item has among them: so many count as one in every interval.
    """
    y, _w = _columns(selected, weights)
    naive = _tally(_members(groups, len(y)), y)
    asked: Any = {"min_group": min_group, "confidence": confidence, "labels_per_item": labels_per_item}
    return ActiveParity(
        naive=demographic_parity(naive, **asked),
        weighted=weighted_parity(groups, selected, weights, **asked),
        audit=demographic_parity(audit, **asked),
    )


def _members(groups: Sequence[G], n: int) -> dict[G, list[int]]:
    if len(groups) != n:
        raise ValueError(f"Needs a group for each of {n} labels, got {len(groups)}.")
    members: dict[G, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    return members


def _tally(members: Mapping[G, list[int]], y: Floats) -> dict[G, GroupCounts]:
    return {group: GroupCounts(int(y[rows].sum()), len(rows)) for group, rows in members.items()}
