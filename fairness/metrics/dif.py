"""Differential item functioning: at the same difficulty, do two groups of people answer with different odds?

Two groups that were served items of different difficulty answer differently without any bias. So they are
compared within strata of items that are about as often labelled so by everyone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from fairness.metrics.counts import G
from fairness.metrics.estimate import Estimate, Reason
from fairness.metrics.ratings import DRAWS, MIN_RATERS, Floats, Integers, Ratings, draws_of, spread_of

STRATA = 5
Bools = np.ndarray[Any, np.dtype[np.bool_]]


class Size(StrEnum):
    """How much a certain effect matters, by the classes of the Educational Testing Service: ``|2.35 ln OR|`` is
    certainly under 1, certainly at least 1.5, or in between or not certain."""

    NEGLIGIBLE = "negligible"
    MODERATE = "moderate"
    LARGE = "large"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Dif:
    """Mantel-Haenszel comparison of two groups of people over strata.

    Attributes
    ----------
    odds_ratio : common odds ratio, above 1 where the first group gives the label more readily; interval from a
        bootstrap over people, on the logarithm.
    size : see :class:`Size`; ``None`` without an odds ratio and its interval.
    strata : how many strata it rests on: those with labels of both groups and both answers.
    """

    odds_ratio: Estimate
    size: Size | None
    strata: int


def difficulty_strata(ratings: Ratings[G], strata: int = STRATA) -> Integers:
    """Stratum of each item, (items,): quantiles of the share of all labels that are the one in question.

    Equal shares are in one stratum, so there may be fewer than asked; an item without labels is in the first.
    """
    if strata < 1:
        raise ValueError(f"strata must be at least 1, got {strata}.")
    n = np.bincount(ratings.item, minlength=ratings.n_items)
    share = np.bincount(ratings.item, weights=ratings.selected, minlength=ratings.n_items) / np.maximum(n, 1)
    if not n.any():
        return np.zeros(ratings.n_items, dtype=np.int64)
    inner = np.quantile(share[n > 0], np.arange(1, strata) / strata)
    return np.searchsorted(inner, share, side="left").astype(np.int64)


def mantel_haenszel(
    ratings: Ratings[G],
    first: G,
    second: G,
    strata: Sequence[int] | Integers,
    *,
    min_raters: int = MIN_RATERS,
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> Dif:
    """Common odds ratio ``Σ a d / N  ÷  Σ b c / N`` of the label, first against second group, over strata.

    ``a``, ``b`` are the first group's labels that are and are not the one in question, ``c``, ``d`` the second's,
    ``N`` all four. A stratum where a margin is empty says nothing and is left out. Equal to
    ``statsmodels.stats.contingency_tables.StratifiedTable.oddsratio_pooled``.

    Parameters
    ----------
    strata : (items,) codes from 0, as from :func:`difficulty_strata`.

    Insufficient where a group has fewer than ``min_raters`` people with labels in the strata that are used; undefined
    where no stratum is left, or all differences point one way.

    Sources: Mantel & Haenszel (1959), JNCI 22, 719-748; Holland & Thayer (1988), Differential item performance
    and the Mantel-Haenszel procedure.
    """
    level = np.asarray(strata, dtype=np.int64)
    if len(level) < ratings.n_items or (len(level) and level.min() < 0):
        raise ValueError(f"Needs a stratum from 0 for each of {ratings.n_items} items, got {len(level)}.")
    people, others = ratings.active(first), ratings.active(second)
    if min(len(people), len(others)) < min_raters:
        return Dif(Estimate.insufficient(Reason.FEW_RATERS, 0), None, 0)
    every, selected = (m.toarray() for m in ratings.by_rater(level[ratings.item], int(level.max(initial=0)) + 1))
    size, chance = len(ratings.rater_groups), np.random.default_rng(seed)
    ones = np.zeros((2, 1, size))
    ones[0, 0, people] = ones[1, 0, others] = 1
    above, below, used = _sums(every, selected, ones[0], ones[1])
    n = int(every[people].sum() + every[others].sum())
    if not used[0].any():
        return Dif(Estimate.undefined(Reason.NO_STRATA), None, 0)
    if min(int(every[who][:, used[0]].any(axis=1).sum()) for who in (people, others)) < min_raters:
        return Dif(Estimate.insufficient(Reason.FEW_RATERS, 0), None, 0)
    if not (above[0] > 0 and below[0] > 0):
        return Dif(Estimate.undefined(Reason.ONE_SIDED, n), None, int(used[0].sum()))
    drawn = _sums(every, selected, *(draws_of(who, size, draws, chance) for who in (people, others)))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(drawn[0]) - np.log(drawn[1])
    value, half = math.log(above[0] / below[0]), spread_of(logs, min(len(people), len(others)), confidence)
    if half is None:
        return Dif(Estimate.ok(math.exp(value), n), None, int(used[0].sum()))
    interval = (math.exp(value - half), math.exp(value + half))
    return Dif(Estimate.ok(math.exp(value), n, interval), _size(value - half, value + half), int(used[0].sum()))


def _sums(every: Floats, selected: Floats, ours: Floats, theirs: Floats) -> tuple[Floats, Floats, Bools]:
    """Both sums of the odds ratio, (draws,) each, and which strata are used, (draws, strata), from (raters, strata)."""
    n, a = ours @ every, ours @ selected
    m, c = theirs @ every, theirs @ selected
    b, d, total = n - a, m - c, n + m
    used = (n > 0) & (m > 0) & (a + c > 0) & (b + d > 0)
    size = np.maximum(total, 1)
    above, below = ((np.where(used, x / size, 0)).sum(axis=1) for x in (a * d, b * c))
    return above, below, used


def _size(low: float, high: float) -> Size:
    least = 0.0 if low < 0 < high else min(abs(low), abs(high))
    most = max(abs(low), abs(high))
    if 2.35 * most < 1:
        return Size.NEGLIGIBLE
    if 2.35 * least >= 1.5:
        return Size.LARGE
    return Size.MODERATE if 2.35 * least >= 1 and 2.35 * most < 1.5 else Size.UNCLEAR
