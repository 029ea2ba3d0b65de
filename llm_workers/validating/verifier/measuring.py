"""How good scores are: AUROC with its interval, expected calibration error, Brier score, reliability diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Ints = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
BINS = 10
DRAWS = 400
LEAST_ITEMS, LEAST_EACH = 30, 10  # below, a part's figures say nothing: items, and labels right as well as wrong


@dataclass(frozen=True)
class Measured:
    """Figures of scores against what is known. None below the least numbers; ``low`` and ``high``: of the AUROC.

    ``bins``: (labels, mean score, share right) of each tenth of the scores that has labels.
    """

    labels: int
    right: int
    items: int
    auroc: float | None = None
    low: float | None = None
    high: float | None = None
    ece: float | None = None
    brier: float | None = None
    bins: tuple[tuple[int, float, float], ...] = ()

    @property
    def enough(self) -> bool:
        return self.auroc is not None


def auroc(right: Ints, score: Floats) -> float:
    """The probability that a right label scores higher than a wrong one, ties counting half (Mann and Whitney).

    ``right``: (n,) of 0 or 1, both of which occur. Raises ``ValueError`` where one does not.
    """
    ones = int(np.sum(right))
    zeros = len(right) - ones
    if not ones or not zeros:
        raise ValueError("AUROC needs right labels and wrong ones.")
    ranks = rankdata(score)
    return float((ranks[np.asarray(right, bool)].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def auroc_interval(
    right: Ints, score: Floats, item: Ints, *, seed: int, draws: int = DRAWS
) -> tuple[float, float] | None:
    """The 95 % percentile interval of the AUROC when *items* are drawn anew, each with all its labels.

    Labels of one item are right and wrong together, so drawing labels would make the interval too narrow. None where
    hardly any draw has right labels and wrong ones.
    """
    random = np.random.default_rng(seed)
    names, which = np.unique(item, return_inverse=True)
    found = []
    for _draw in range(draws):
        times = np.bincount(random.integers(0, len(names), len(names)), minlength=len(names))[which]
        rows = np.repeat(np.arange(len(right)), times)
        if 0 < right[rows].sum() < len(rows):
            found.append(auroc(right[rows], score[rows]))
    if len(found) < draws / 2:
        return None
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def bins_of(right: Ints, score: Floats) -> tuple[tuple[int, float, float], ...]:
    """(labels, mean score, share right) of each of ``BINS`` equal parts of [0, 1] that has labels."""
    place = np.minimum((np.asarray(score) * BINS).astype(int), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    mean = np.bincount(place, score, BINS) / np.maximum(count, 1)
    share = np.bincount(place, right, BINS) / np.maximum(count, 1)
    rows = zip(count.tolist(), mean.tolist(), share.tolist(), strict=True)
    return tuple((number, round(x, 4), round(y, 4)) for number, x, y in rows if number)


def expected_calibration_error(right: Ints, score: Floats) -> float:
    """The mean over labels of |mean score − share right| of their bin (Naeini et al., AAAI 2015)."""
    bins = bins_of(right, score)
    return sum(count * abs(mean - share) for count, mean, share in bins) / len(right)


def measure(right: Ints, score: Floats, item: Ints, *, seed: int = 0, draws: int = DRAWS) -> Measured:
    """All figures of ``score`` (n,) against ``right`` (n,) of labels of ``item`` (n,)."""
    ones, items = int(np.sum(right)), len(np.unique(item))
    if items < LEAST_ITEMS or min(ones, len(right) - ones) < LEAST_EACH:
        return Measured(len(right), ones, items)
    low, high = auroc_interval(right, score, item, seed=seed, draws=draws) or (None, None)
    return Measured(
        labels=len(right),
        right=ones,
        items=items,
        auroc=auroc(right, score),
        low=low,
        high=high,
        ece=expected_calibration_error(right, score),
        brier=float(np.mean((score - right) ** 2)),
        bins=bins_of(right, score),
    )


def log_loss(right: Ints, score: Floats) -> float:
    """The mean of −log of the probability that was given to what is the case."""
    score = np.clip(score, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(np.asarray(right, bool), np.log(score), np.log(1 - score))))
