"""Agreement and intervals on small examples that are printed in full in their sources. ``_`` marks a missing label."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from annotations.agreement import fleiss_kappa, gwet_ac1, krippendorff_alpha, value_counts
from evenhand.reproduce.values import DataSet, Value
from fairness.metrics import GroupCounts, newcombe

_ = 0

#: Four observers, twelve units, five values. Krippendorff (2011), Computing Krippendorff's Alpha-Reliability,
#: section C; also ``cac.raw4raters`` of the R package irrCAC. One row per unit here.
KRIPPENDORFF_4X12 = np.array(
    [
        [1, 1, _, 1],
        [2, 2, 3, 2],
        [3, 3, 3, 3],
        [3, 3, 3, 3],
        [2, 2, 2, 2],
        [1, 2, 3, 4],
        [4, 4, 4, 4],
        [1, 1, 2, 1],
        [2, 2, 2, 2],
        [_, 5, 5, 5],
        [_, _, 1, 1],
        [_, _, 3, _],
    ]
)

#: Ten subjects, fourteen raters, five categories: the worked example that is known by its κ of .210.
#: https://en.wikipedia.org/wiki/Fleiss%27_kappa
FLEISS_14_RATERS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


def krippendorff_counts() -> np.ndarray:
    """Value counts of the 4 x 12 example, shape (12, 5)."""
    unit, observer = np.nonzero(KRIPPENDORFF_4X12)
    return value_counts(unit, KRIPPENDORFF_4X12[unit, observer] - 1, n_items=12, n_labels=5)


def number(value: float | None) -> float:
    """The value; NaN, which never holds, where there is none."""
    return float("nan") if value is None else value


def examples(_folder: Path) -> list[Value]:
    counts = krippendorff_counts()
    low, high = newcombe(GroupCounts(56, 70), GroupCounts(48, 80), 0.95)
    alpha, ac1 = krippendorff_alpha(counts).value, gwet_ac1(counts).value
    kappa = fleiss_kappa(FLEISS_14_RATERS).value
    interval = "Newcombe (1998), Statistics in Medicine 17, 873-890, method 10"
    return [
        Value("Krippendorff's α, 4 × 12 example", 0.743, number(alpha), 0.0005, "Krippendorff (2011)"),
        Value("Gwet's AC1, 4 × 12 example", 0.7754, number(ac1), 0.00005, "irrCAC, cac.raw4raters"),
        Value("Fleiss' κ, 14 raters", 0.210, number(kappa), 0.0005, "the worked example of Fleiss' κ"),
        Value("56/70 − 48/80, lower limit", 0.0524, low, 0.00005, interval),
        Value("56/70 − 48/80, upper limit", 0.3339, high, 0.00005, interval),
    ]


EXAMPLES = DataSet("printed examples", (), "They are part of the program.", examples)
