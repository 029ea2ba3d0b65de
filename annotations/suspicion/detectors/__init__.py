"""Patterns in a crowd's labels that an owner should look at: implausible speed, constant answers, copying.

Pure: arrays in, findings out, no Django. A finding is a reason to look and never a verdict.
"""

from annotations.suspicion.detectors.copying import MIN_SAME, MIN_SHARED, copying
from annotations.suspicion.detectors.everything import Found, find_all
from annotations.suspicion.detectors.finding import Finding, Kind
from annotations.suspicion.detectors.said import UNKNOWN, Said
from annotations.suspicion.detectors.sameness import MIN_INFORMATIVE, MIN_RUN, constant, positions, runs
from annotations.suspicion.detectors.speed import MIN_TIMED, floors, speed

__all__ = [
    "MIN_INFORMATIVE",
    "MIN_RUN",
    "MIN_SAME",
    "MIN_SHARED",
    "MIN_TIMED",
    "UNKNOWN",
    "Finding",
    "Found",
    "Kind",
    "Said",
    "constant",
    "copying",
    "find_all",
    "floors",
    "positions",
    "runs",
    "speed",
]
