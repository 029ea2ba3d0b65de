"""Whether confidence means what it says, and curves that mend it. Pure: arrays in, numbers out, no Django.

Throughout, ``confidence`` (n,) is the probability that a label is right as its giver states it, in [0, 1]; ``right``
(n,) of bool is whether it was right.
"""

from annotations.calibration.assessing import Assessment, Calibrated, Measured, assess, calibrate
from annotations.calibration.curves import Curve, CurveMethod, fit_isotonic, fit_temperature
from annotations.calibration.measures import (
    Bin,
    Binning,
    brier_classes,
    brier_score,
    expected_calibration_error,
    log_loss,
    reliability,
)

__all__ = [
    "Assessment",
    "Bin",
    "Binning",
    "Calibrated",
    "Curve",
    "CurveMethod",
    "Measured",
    "assess",
    "brier_classes",
    "brier_score",
    "calibrate",
    "expected_calibration_error",
    "fit_isotonic",
    "fit_temperature",
    "log_loss",
    "reliability",
]
