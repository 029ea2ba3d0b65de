"""Small published data sets, typed in with their sources. ``_`` marks a missing label."""

import numpy as np

from annotations.agreement import value_counts

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

#: Fifteen of the thirty patients of Fleiss (1971), Psychological Bulletin 76, 378-382, six psychiatrists,
#: five diagnoses: ``distrib.6raters`` of the R package irrCAC.
FLEISS_6_RATERS = np.array(
    [
        [0, 0, 0, 6, 0],
        [0, 3, 0, 0, 3],
        [0, 1, 4, 0, 1],
        [0, 0, 0, 0, 6],
        [0, 3, 0, 3, 0],
        [2, 0, 4, 0, 0],
        [0, 0, 4, 0, 2],
        [2, 0, 3, 1, 0],
        [2, 0, 0, 4, 0],
        [0, 0, 0, 0, 6],
        [1, 0, 0, 5, 0],
        [1, 1, 0, 4, 0],
        [0, 3, 3, 0, 0],
        [1, 0, 0, 5, 0],
        [0, 2, 0, 3, 1],
    ]
)

#: Two abstractors, three kinds of pregnancy, 100 patients: ``cont3x3abstractors`` of irrCAC.
ABSTRACTORS = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])

#: Two judges, three diagnoses, 200 patients: Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72, 323.
TWO_JUDGES = np.array([[106, 10, 4], [22, 28, 10], [2, 12, 6]])


def krippendorff_counts() -> np.ndarray:
    """Value counts of the 4 x 12 example, shape (12, 5)."""
    unit, observer = np.nonzero(KRIPPENDORFF_4X12)
    return value_counts(unit, KRIPPENDORFF_4X12[unit, observer] - 1, n_items=12, n_labels=5)
