"""Small published data sets, typed in with their sources."""

import numpy as np

from evenhand.reproduce.examples import FLEISS_14_RATERS, KRIPPENDORFF_4X12, krippendorff_counts

__all__ = [
    "ABSTRACTORS",
    "FLEISS_6_RATERS",
    "FLEISS_14_RATERS",
    "KRIPPENDORFF_4X12",
    "TWO_JUDGES",
    "krippendorff_counts",
]

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
