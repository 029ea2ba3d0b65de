"""How far confidence and the share of right labels lie apart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from annotations.agreement.intervals import wilson

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

BINS = 10
SMALLEST = 1e-6  # a confidence of 0 or 1 is taken for this far from it where a logarithm is formed


class Binning(StrEnum):
    """Bins that are equally wide, or that hold equally many labels (equal confidences stay together)."""

    WIDTH = "width"
    MASS = "mass"


@dataclass(frozen=True)
class Bin:
    """The labels with a confidence in (``low``, ``high``]: how many, how sure on average, how many of them right
    (``accuracy``) with Wilson's 95 % interval. Of equal mass, ``low`` and ``high`` are the ends that occur."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float


def checked(confidence: npt.ArrayLike, right: npt.ArrayLike) -> tuple[Floats, Flags]:
    """Both as arrays; raises ``ValueError`` where they differ in length or a confidence is not in [0, 1]."""
    sure, hit = np.asarray(confidence, np.float64), np.asarray(right, np.bool_)
    if sure.ndim != 1 or sure.shape != hit.shape:
        raise ValueError(f"confidence and right must be of one length, got shapes {sure.shape} and {hit.shape}.")
    if not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError("Every confidence must lie between 0 and 1.")
    return sure, hit


def bin_numbers(confidence: Floats, binning: Binning = Binning.WIDTH, bins: int = BINS) -> Ints:
    """The bin of each label, 0 … bins − 1: shape (n,).

    Of equal width, bin b holds (b/bins, (b+1)/bins] as in Guo et al. (2017), 0 the first; of equal mass, a label's
    bin is that of the first of all labels with its confidence, in order.
    """
    if bins < 1:
        raise ValueError(f"At least one bin is needed, got {bins}.")
    if binning is Binning.WIDTH:
        # A hair less, so that .3 · 10 = 3.0000000000000004 stays in the bin that it closes.
        return np.clip(np.ceil(confidence * bins - 1e-9).astype(np.int64) - 1, 0, bins - 1)
    place = np.searchsorted(np.sort(confidence), confidence, side="left")
    return (place * bins // max(len(confidence), 1)).astype(np.int64)


def expected_calibration_error(
    confidence: npt.ArrayLike, right: npt.ArrayLike, *, binning: Binning = Binning.WIDTH, bins: int = BINS
) -> float:
    """ECE = Σ_b n_b/n · |share right in b − mean confidence in b| (Naeini et al. 2015; Guo et al. 2017), in [0, 1].

    NaN without labels. With few labels it is above 0 by chance alone, however good the model: see ``ece_by_chance``.
    """
    sure, hit = checked(confidence, right)
    return ece_of(hit - sure, bin_numbers(sure, binning, bins), bins)


def ece_of(gaps: Floats, numbers: Ints, bins: int = BINS) -> float:
    """The same from ``gaps`` = right − confidence (n,) and the bin of each label (n,)."""
    if not len(gaps):
        return float("nan")
    return float(np.abs(np.bincount(numbers, weights=gaps, minlength=bins)).sum() / len(gaps))


def ece_by_chance(confidence: Floats, *, draws: int = 200, seed: int = 0, bins: int = BINS) -> float:
    """The ECE (equal width) to expect of a model with these confidences if it were perfectly calibrated: the mean over
    ``draws`` of labels that are right with exactly the stated probability (Bröcker and Smith 2007)."""
    chance = np.random.default_rng(seed)
    numbers = bin_numbers(confidence, Binning.WIDTH, bins)
    drawn = [ece_of((chance.random(len(confidence)) < confidence) - confidence, numbers, bins) for _ in range(draws)]
    return float(np.mean(drawn))


def brier_score(confidence: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Mean squared distance between confidence and outcome (Brier 1950), in [0, 1]; NaN without labels."""
    sure, hit = checked(confidence, right)
    return float(np.mean((sure - hit) ** 2)) if len(sure) else float("nan")


def brier_classes(probabilities: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """Brier's score over all labels: the mean of Σ_k (p_k − [k is true])², in [0, 2]; NaN without labels.

    ``probabilities`` (n, K) sum to 1 in each row, ``truth`` (n,) is the index of the true label.
    """
    given, true = np.asarray(probabilities, np.float64), np.asarray(truth, np.int64)
    if given.ndim != 2 or true.shape != given.shape[:1]:
        raise ValueError(f"Probabilities (n, K) and truth (n,) are needed, got shapes {given.shape} and {true.shape}.")
    if not len(given):
        return float("nan")
    at_truth = given[np.arange(len(true)), true]
    return brier_from_sums((given**2).sum(axis=1), at_truth)


def brier_from_sums(squares: Floats, at_truth: Floats) -> float:
    """The same from each row's Σ_k p_k² and its probability of the true label, both (n,)."""
    return float(np.mean(squares - 2 * at_truth + 1)) if len(squares) else float("nan")


def log_loss(confidence: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Mean −ln of the probability given to what happened; NaN without labels."""
    sure, hit = checked(confidence, right)
    sure = np.clip(sure, SMALLEST, 1 - SMALLEST)
    return float(-np.mean(np.log(np.where(hit, sure, 1 - sure)))) if len(sure) else float("nan")


def reliability(
    confidence: npt.ArrayLike, right: npt.ArrayLike, *, binning: Binning = Binning.WIDTH, bins: int = BINS
) -> list[Bin]:
    """The bins of a reliability diagram that hold labels, the least sure first."""
    sure, hit = checked(confidence, right)
    numbers = bin_numbers(sure, binning, bins)
    found = []
    for number in np.unique(numbers).tolist():
        inside = numbers == number
        n, good = int(inside.sum()), int(hit[inside].sum())
        low, high = number / bins, (number + 1) / bins
        if binning is Binning.MASS:
            low, high = float(sure[inside].min()), float(sure[inside].max())
        found.append(Bin(low, high, n, float(sure[inside].mean()), good / n, *wilson(good, n)))
    return found
