"""Everything that is said of one annotator's confidence: before and after calibration, overall or of one group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotations.calibration.crossfit import choose, cross_fitted
from annotations.calibration.curves import Curve, CurveMethod
from annotations.calibration.measures import (
    BINS,
    Bin,
    Binning,
    Flags,
    Floats,
    Ints,
    bin_numbers,
    checked,
    ece_by_chance,
    ece_of,
    reliability,
)

LEAST = 100  # human-checked labels before a curve is fitted or anything is said
LEAST_GROUP = 50  # of a group
DRAWS = 500  # of the bootstrap
MOST_DRAWN = 20_000  # of labels: from here on a draw takes a random part, and its spread is scaled by √(part / n)


@dataclass(frozen=True)
class Measured:
    """A figure with its 95 % interval from a bootstrap over items, moved so that the draws' mean is the figure: to draw
    again adds noise, which an ECE takes for error."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Assessment:
    """One side, before or after: ``ece`` of ten bins of equal width, ``ece_mass`` of equal mass; ``chance``: the ECE of
    equal width that a perfectly calibrated model would show with so many labels; ``bins``: the diagram."""

    n: int
    accuracy: float
    confidence: float
    ece: Measured
    ece_mass: Measured
    brier: Measured
    chance: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Calibrated:
    """``curve``: fitted on everything, for labels to come. ``confidence`` (n,): each label's by a curve that has not
    seen its item: what figures of *after* are made of. ``losses``: cross-validated log loss of each method."""

    curve: Curve
    confidence: Floats
    losses: dict[CurveMethod, float]


def calibrate(
    confidence: npt.ArrayLike, right: npt.ArrayLike, *, item: npt.ArrayLike, classes: int = 2, seed: int = 0
) -> Calibrated | None:
    """The curve of an annotator whose labels were checked; None below ``LEAST`` labels.

    ``item`` (n,): whose label it is, so that an item's labels stay together. ``classes``: labels to choose from.
    """
    sure, hit = checked(confidence, right)
    items = np.asarray(item, np.int64)
    if len(sure) < LEAST:
        return None
    curve, losses = choose(sure, hit, items, classes=classes, seed=seed)
    return Calibrated(curve, cross_fitted(sure, hit, items, classes=classes, seed=seed), losses)


def assess(
    confidence: npt.ArrayLike, right: npt.ArrayLike, *, item: npt.ArrayLike, least: int = LEAST, seed: int = 0
) -> Assessment | None:
    """What there is to say of these labels; None below ``least``. Intervals resample items."""
    sure, hit = checked(confidence, right)
    if len(sure) < max(least, 1):
        return None
    drawn = _bootstrap(sure, hit, np.asarray(item, np.int64), seed)
    values = _figures(sure, hit, *_bins_of(sure))
    ece, mass, brier = (_interval(value, drawn[:, column]) for column, value in enumerate(values))
    return Assessment(
        n=len(sure),
        accuracy=float(hit.mean()),
        confidence=float(sure.mean()),
        ece=ece,
        ece_mass=mass,
        brier=brier,
        chance=float(ece_by_chance(_part(sure, seed), seed=seed) * np.sqrt(min(len(sure), MOST_DRAWN) / len(sure))),
        bins=tuple(reliability(sure, hit)),
    )


def _bins_of(confidence: Floats) -> tuple[Ints, Ints]:
    return bin_numbers(confidence, Binning.WIDTH), bin_numbers(confidence, Binning.MASS)


def _figures(confidence: Floats, right: Flags, width: Ints, mass: Ints) -> tuple[float, float, float]:
    gaps = right - confidence
    return ece_of(gaps, width, BINS), ece_of(gaps, mass, BINS), float(np.mean(gaps**2))


def _bootstrap(confidence: Floats, right: Flags, item: Ints, seed: int) -> Floats:
    """(draws, 3): ECE of equal width, of equal mass, and Brier's score of items drawn with repetition."""
    chance = np.random.default_rng(seed)
    width, mass = _bins_of(confidence)
    items, place = np.unique(item, return_inverse=True)
    order = np.argsort(place.ravel(), kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(place.ravel(), minlength=len(items)))])
    size = min(len(items), MOST_DRAWN)
    found = np.empty((DRAWS, 3))
    for number in range(DRAWS):
        drawn = chance.integers(0, len(items), size)
        rows = order[starts[drawn]] if len(items) == len(item) else _rows(order, starts, drawn)
        found[number] = _figures(confidence[rows], right[rows], width[rows], mass[rows])
    middle = found.mean(axis=0)
    return np.asarray(middle + (found - middle) * np.sqrt(size / len(items)), np.float64)


def _rows(order: Ints, starts: Ints, drawn: Ints) -> Ints:
    return np.concatenate([order[starts[one] : starts[one + 1]] for one in drawn.tolist()])


def _interval(value: float, drawn: Floats) -> Measured:
    low, high = np.quantile(drawn - drawn.mean() + value, [0.025, 0.975])
    return Measured(value, max(float(low), 0.0), min(float(high), 1.0))


def _part(confidence: Floats, seed: int) -> Floats:
    if len(confidence) <= MOST_DRAWN:
        return confidence
    return np.random.default_rng(seed).choice(confidence, MOST_DRAWN, replace=False)
