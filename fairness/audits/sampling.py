"""Intervals for figures over probes that come in families. Pure: arrays in, estimates out.

Members of a family differ in who they are about alone, so a model treats them alike: ten families of eight are far from
eighty independent probes. Shares are therefore given Wilson's interval at their effective sample size, and what has no
such formula is bootstrapped over whole families. Where there are no families, each probe is one of its own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annotations.agreement.intervals import student_quantile, wilson
from annotations.calibration.measures import BINS, bin_numbers
from fairness.metrics import MIN_GROUP, Estimate, Reason

Array = np.ndarray[Any, Any]
DRAWS = 400


def share(
    hits: Array,
    clusters: Array,
    *,
    least: int = MIN_GROUP,
    confidence: float = 0.95,
    empty: Reason = Reason.NO_LABELS,
) -> Estimate:
    """The share of ``hits`` (n,) of bool, by clusters (n,) of whole numbers.

    Wilson's interval with n divided by the design effect, the ratio of the clustered variance of the share to that of
    independent observations, kept between 1 and the mean cluster's size; where nothing varies, one observation for each
    cluster. Source: Korn and Graubard (1998), Survey Methodology 24, 193-201, with Wilson's interval in the place of
    Clopper and Pearson's.
    """
    n = len(hits)
    if n == 0:
        return Estimate.undefined(empty)
    if n < least:
        return Estimate.insufficient(Reason.SMALL_GROUP, n)
    value, effective = float(np.mean(hits)), effective_size(hits, clusters)
    return Estimate.ok(value, n, wilson(min(value * effective, effective), effective, confidence))


def effective_size(hits: Array, clusters: Array) -> float:
    """How many independent observations (n,) of bool in clusters (n,) are worth; 0 of none."""
    if not len(hits):
        return 0.0
    _names, place = np.unique(clusters, return_inverse=True)
    return len(hits) / design_effect(hits, place)


def design_effect(hits: Array, place: Array) -> float:
    """How many times larger the variance of the share is than that of independent observations; ``place`` (n,): the
    cluster of each, 0 …"""
    n, groups = len(hits), int(place.max()) + 1
    largest = n / groups
    value = float(np.mean(hits))
    if value in (0.0, 1.0) or groups < 2:
        return max(largest, 1.0)
    residuals = np.bincount(place, weights=hits - value)
    clustered = groups / (groups - 1) * float((residuals**2).sum()) / n**2
    return min(max(clustered / (value * (1 - value) / n), 1.0), max(largest, 1.0))


def mean_of(values: Array, confidence: float = 0.95) -> Estimate:
    """A mean with Student's interval; undefined without values, without an interval of fewer than three."""
    n = len(values)
    if n == 0:
        return Estimate.undefined(Reason.NO_LABELS)
    mean = float(np.mean(values))
    if n < 3:
        return Estimate.ok(mean, n)
    half = student_quantile(confidence, n - 1) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return Estimate.ok(mean, n, (mean - half, mean + half))


def ratio_of(over: Array, under: Array, confidence: float = 0.95) -> Estimate:
    """Σ over ÷ Σ under with the interval of a ratio of means: what speed is, over stretches of work."""
    n = len(over)
    if n == 0 or under.sum() <= 0:
        return Estimate.undefined(Reason.NO_LABELS)
    ratio = float(over.sum() / under.sum())
    if n < 3:
        return Estimate.ok(ratio, n)
    spread = float(np.std(over - ratio * under, ddof=1)) / math.sqrt(n) / float(under.mean())
    half = student_quantile(confidence, n - 1) * spread
    return Estimate.ok(ratio, n, (max(ratio - half, 0.0), ratio + half))


class Resampled:
    """Draws of whole clusters with replacement: (draws, clusters) counts, the same for every figure of one part."""

    def __init__(self, clusters: Array, *, draws: int = DRAWS, seed: int = 0) -> None:
        _names, self.place = np.unique(clusters, return_inverse=True)
        count = int(self.place.max()) + 1 if len(clusters) else 0
        chance = np.random.default_rng(seed)
        shares = np.full(count, 1 / count) if count else np.empty(0)
        self.times = chance.multinomial(count, shares, size=draws) if count else np.zeros((draws, 0))

    def sums(self, columns: Array) -> Array:
        """What each draw sums up to: (n, k) values → (draws, k)."""
        summed = np.zeros((self.times.shape[1], columns.shape[1]))
        np.add.at(summed, self.place, columns)
        return self.times @ summed

    @staticmethod
    def interval(drawn: Array, value: float, confidence: float = 0.95) -> tuple[float, float] | None:
        """Percentiles of what was drawn, widened to hold the value itself."""
        usable = drawn[np.isfinite(drawn)]
        if not len(usable):
            return None
        tail = (1 - confidence) / 2
        low, high = np.quantile(usable, [tail, 1 - tail])
        return min(float(low), value), max(float(high), value)


def macro_f1(truth: Array, given: Array, clusters: Array, *, least: int = MIN_GROUP) -> Estimate:
    """The mean of the labels' F1 = 2 TP / (2 TP + FP + FN), over labels that occur; (n, labels) of bool each.

    Bootstrapped over clusters.
    """
    n = len(truth)
    if n == 0:
        return Estimate.undefined(Reason.NO_LABELS)
    if n < least:
        return Estimate.insufficient(Reason.SMALL_GROUP, n)
    hit, either = (truth & given).astype(float), truth.astype(float) + given
    value = float(_mean_f1(hit.sum(axis=0), either.sum(axis=0)))
    again = Resampled(clusters)
    return Estimate.ok(value, n, again.interval(_mean_f1(again.sums(hit), again.sums(either)), value))


def _mean_f1(hit: Array, either: Array) -> Array:
    """Over the labels that occur; 0 where none does."""
    occurs = either > 0
    each = np.where(occurs, 2 * hit / np.where(occurs, either, 1), 0.0)
    return each.sum(axis=-1) / np.maximum(occurs.sum(axis=-1), 1)  # type: ignore[no-any-return]


def calibration_error(sure: Array, right: Array, clusters: Array, *, least: int = MIN_GROUP) -> Estimate:
    """Expected calibration error in ten bins, bootstrapped over clusters: (n,) confidences in [0, 1] and of bool."""
    n = len(sure)
    if n == 0:
        return Estimate.undefined(Reason.NO_LABELS)
    if n < least:
        return Estimate.insufficient(Reason.SMALL_GROUP, n)
    inside = np.zeros((n, BINS + 1))
    inside[np.arange(n), bin_numbers(sure)] = right - sure
    inside[:, BINS] = 1.0
    value = float(np.abs(inside[:, :BINS].sum(axis=0)).sum() / n)
    again = Resampled(clusters)
    sums = again.sums(inside)
    drawn = np.abs(sums[:, :BINS]).sum(axis=1) / np.maximum(sums[:, BINS], 1)
    return Estimate.ok(value, n, again.interval(drawn, value))


def brier(sure: Array, right: Array, clusters: Array, *, least: int = MIN_GROUP) -> Estimate:
    """Mean squared distance of confidence and outcome, bootstrapped over clusters."""
    n = len(sure)
    if n == 0:
        return Estimate.undefined(Reason.NO_LABELS)
    if n < least:
        return Estimate.insufficient(Reason.SMALL_GROUP, n)
    squares = (sure - right) ** 2
    again = Resampled(clusters)
    sums = again.sums(np.column_stack([squares, np.ones(n)]))
    value = float(squares.mean())
    return Estimate.ok(value, n, again.interval(sums[:, 0] / np.maximum(sums[:, 1], 1), value))
