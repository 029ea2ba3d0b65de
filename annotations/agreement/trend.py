"""Whether agreement rises or falls over time.

Items are ordered by time, and an item's share of agreeing pairs is regressed on its place in that order, items of one
period sharing the middle of their places: 0 for the first period, 1 for the last. The slope is the change from the
first period to the last. Places instead of dates keep a long pause, or one batch of old labels, from deciding.

Shares of agreement are bounded and their spread depends on their mean, so the slope's error is the one that allows for
that: H. White, *A Heteroskedasticity-Consistent Covariance Matrix Estimator*, Econometrica 48 (1980), in the form HC3
for small samples of J. G. MacKinnon and H. White, Journal of Econometrics 29 (1985). Items are taken as independent, as
for every other interval of agreement. Student's t has n − 2 degrees of freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotations.agreement.intervals import student_quantile
from annotations.agreement.reasons import ReasonCode, gettext_noop
from annotations.agreement.several import Tally

MIN_ITEMS = 30
MIN_PERIODS = 3
CONFIDENCE = 0.95


class NoTrend(ReasonCode):
    """Why nothing can be said about a trend."""

    FEW_ITEMS = ("few_items", gettext_noop("Insufficient data: fewer than 30 items have two labels to compare."))
    FEW_PERIODS = (
        "few_periods",
        gettext_noop("Insufficient data: the items compared lie in fewer than three periods."),
    )
    ALL_ALIKE = ("all_alike", gettext_noop("Every item compared is agreed on alike, so there is no change to test."))


@dataclass(frozen=True)
class Trend:
    """``change`` of an item's share of agreeing pairs from the first period to the last, with its 95 % interval.

    ``before`` and ``after``: the shares at both ends. All None where ``reason`` says why.
    """

    n_items: int
    reason: NoTrend | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    before: float | None = None
    after: float | None = None

    @property
    def direction(self) -> str:
        """``rising`` or ``falling`` where the interval excludes no change, ``none`` where not, else ``unknown``."""
        if self.low is None or self.high is None:
            return "unknown"
        if self.low > 0:
            return "rising"
        return "falling" if self.high < 0 else "none"


def trend(counts: npt.ArrayLike, period: npt.ArrayLike, *, items: npt.ArrayLike) -> Trend:
    """The trend of items with value counts ``counts`` (rows, labels) in ``period`` (rows,), numbered in order of time.

    ``items``: how many items each row stands for, shape (rows,). Raises ``ValueError`` as ``Tally.of``.
    """
    tally = Tally.of(counts, items)
    given = np.asarray(counts).sum(axis=1)
    kept = (given >= 2) & (np.asarray(items) > 0)
    when, times = np.asarray(period)[kept], np.asarray(items)[kept].astype(np.float64)
    share = tally.comparable().agreeing
    n = int(times.sum())
    if n < MIN_ITEMS:
        return Trend(n, NoTrend.FEW_ITEMS)
    if len(np.unique(when)) < MIN_PERIODS:
        return Trend(n, NoTrend.FEW_PERIODS)
    if np.ptp(share) == 0:
        return Trend(n, NoTrend.ALL_ALIKE)
    place = _places(when, times)
    centred = place - times @ place / n
    spread = float(times @ centred**2)
    mean = float(times @ share) / n
    slope = float((times * centred) @ share) / spread
    leverage = 1 / n + centred**2 / spread
    error = (share - mean - slope * centred) / (1 - leverage)
    wide = student_quantile(CONFIDENCE, n - 2) * math.sqrt(float(times @ (centred * error) ** 2)) / spread
    ends = [min(max(mean + slope * (end - float(times @ place) / n), 0.0), 1.0) for end in (0.0, 1.0)]
    return Trend(n, None, slope, slope - wide, slope + wide, *ends)


def _places(when: npt.NDArray[np.int64], times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each row's place in the order of items: the middle of its period, 0 for the first and 1 for the last."""
    periods, of = np.unique(when, return_inverse=True)
    sizes = np.bincount(of, times, len(periods))
    middle = sizes.cumsum() - sizes / 2
    places: npt.NDArray[np.float64] = (middle - middle[0]) / (middle[-1] - middle[0])
    return places[of]
