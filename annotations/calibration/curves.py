"""Curves from stated to calibrated confidence: temperature scaling and isotonic regression.

Both keep the order of confidences. A curve is a function of the confidence alone, so that millions of labels are
calibrated in one pass over a column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from annotations.calibration.measures import SMALLEST, Flags, Floats, checked, log_loss

MOST_LOG_TEMPERATURE = 3.0  # e³ ≈ 20: at that temperature every confidence is nearly that of a guess


class CurveMethod(StrEnum):
    """``NONE``: the confidence stays as it is, because no curve foretells unseen labels better."""

    NONE = "none"
    TEMPERATURE = "temperature"
    ISOTONIC = "isotonic"


@dataclass(frozen=True)
class Curve:
    """A map of [0, 1] into itself that never falls. ``temperature`` and ``classes``: of temperature scaling;
    ``x`` and ``y``: the corners of isotonic regression's line, ascending."""

    method: CurveMethod = CurveMethod.NONE
    temperature: float = 1.0
    classes: int = 2
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def apply(self, confidence: npt.ArrayLike) -> Floats:
        """Calibrated confidences, of the shape of ``confidence``; NaN stays NaN."""
        given = np.asarray(confidence, np.float64)
        if self.method is CurveMethod.ISOTONIC:
            return np.asarray(np.interp(given, self.x, self.y), np.float64)
        if self.method is CurveMethod.TEMPERATURE:
            return _tempered(given, self.temperature, self.classes)
        return given

    def as_json(self) -> dict[str, Any]:
        return {
            "method": self.method.value,
            "temperature": self.temperature,
            "classes": self.classes,
            "x": list(self.x),
            "y": list(self.y),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Curve:
        return cls(
            CurveMethod(data["method"]), data["temperature"], data["classes"], tuple(data["x"]), tuple(data["y"])
        )


def _tempered(confidence: Floats, temperature: float, classes: int) -> Floats:
    # With the rest spread over K − 1 labels, the softmax of logits / T has the log-odds ratio
    # (logit c + ln(K − 1)) / T − ln(K − 1); for two labels that is logit(c) / T.
    rest = np.log(max(classes - 1, 1))
    odds = logit(np.clip(confidence, SMALLEST, 1 - SMALLEST)) + rest
    return np.asarray(expit(odds / temperature - rest), np.float64)


def fit_temperature(confidence: npt.ArrayLike, right: npt.ArrayLike, *, classes: int = 2) -> Curve:
    """Temperature scaling (Guo et al. 2017): the T that gives the labels at hand the smallest log loss.

    All of a label's probabilities are not needed: what the confidence leaves is taken to be spread evenly over the
    other ``classes`` − 1 labels. For two labels that is exactly Guo's method; for more, a confidence of 1/K is where
    a guess is and stays there.
    """
    sure, hit = checked(confidence, right)

    def loss(log_temperature: float) -> float:
        return log_loss(_tempered(sure, float(np.exp(log_temperature)), classes), hit)

    bounds = (-MOST_LOG_TEMPERATURE, MOST_LOG_TEMPERATURE)
    found = minimize_scalar(loss, bounds=bounds, method="bounded")
    return Curve(CurveMethod.TEMPERATURE, temperature=float(np.exp(found.x)), classes=classes)


def fit_isotonic(confidence: npt.ArrayLike, right: npt.ArrayLike) -> Curve:
    """Isotonic regression (Zadrozny and Elkan 2002), linear between corners, by scikit-learn.

    Kept from 0 and 1 by 1/(n + 2): n labels, all right, do not show that the next one must be.
    """
    sure, hit = checked(confidence, right)
    edge = 1 / (len(sure) + 2)
    fitted = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip").fit(sure, hit.astype(np.float64))
    x, y = fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist()
    return Curve(CurveMethod.ISOTONIC, x=tuple(x), y=tuple(y))


def fit_by(method: CurveMethod, confidence: Floats, right: Flags, *, classes: int) -> Curve:
    """The method's curve."""
    if method is CurveMethod.ISOTONIC:
        return fit_isotonic(confidence, right)
    if method is CurveMethod.TEMPERATURE:
        return fit_temperature(confidence, right, classes=classes)
    return Curve()
