"""In which order experts look at items: the most errors found per minute first."""

from __future__ import annotations

import math

import numpy as np

from annotations.aggregation.labels import Floats

SECONDS = 60.0
TYPICAL_SECONDS = 45.0  # to settle a case, before a project has settled any
TYPICAL_LENGTH = 200  # characters
PRIOR_CASES = 5  # how many settlements the typical time weighs


class SettlingTime:
    """Expected minutes to settle an item, from how long past settlements took: a + b · √length, a and b ≥ 0.

    Reading takes longer the longer the text, but less than in proportion: experts skim. The line is fitted by least
    squares to the settlements so far, with ``PRIOR_CASES`` typical ones so that the first few do not rule.
    """

    def __init__(self, lengths: Floats, seconds: Floats) -> None:
        """``lengths``: characters of each settled item, (n,); ``seconds``: how long its settlement took, (n,)."""
        x = np.sqrt(np.maximum(np.asarray(lengths, float), 0))
        y = np.asarray(seconds, float)
        typical = np.sqrt([TYPICAL_LENGTH / 4, TYPICAL_LENGTH, TYPICAL_LENGTH * 4])
        expected = TYPICAL_SECONDS * (0.5 + 0.5 * typical / math.sqrt(TYPICAL_LENGTH))
        x, y = np.r_[x, typical], np.r_[y, expected]
        weight = np.r_[np.ones(len(x) - 3), np.full(3, PRIOR_CASES / 3)]
        middle, level = np.average(x, weights=weight), np.average(y, weights=weight)
        spread = np.average((x - middle) ** 2, weights=weight)
        slope = np.average((x - middle) * (y - level), weights=weight) / spread if spread else 0.0
        # A line that falls, or that starts below nothing, would say that long items are free or short ones negative.
        self.slope = float(min(max(slope, 0.0), level / middle if middle else 0.0))
        self.base = float(level - self.slope * middle)

    def minutes(self, length: float) -> float:
        """Expected minutes for an item of ``length`` characters; never less than one second."""
        return max(self.base + self.slope * math.sqrt(max(length, 0.0)), 1.0) / SECONDS


def priority(expected_error: float, minutes: float) -> float:
    """Expected errors found per expert minute."""
    return expected_error / max(minutes, 1 / SECONDS)


def lift(scores: Floats, errors: Floats, *, share: float = 0.1) -> float:
    """Errors among the first ``share`` of the items in falling order of ``scores``, over the same share of all errors.

    ``errors``: (n_items,), 1 where the consensus is wrong, a fraction where a tie may be. 1 = as good as chance.
    Raises ``ValueError`` where there are no errors to find.
    """
    total = float(np.sum(errors))
    if total <= 0:
        raise ValueError("There are no errors to find.")
    first = np.argsort(-np.asarray(scores), kind="stable")[: max(1, round(share * len(scores)))]
    return float(np.asarray(errors)[first].sum() / total / share)
