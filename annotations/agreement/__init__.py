"""How much annotators agree: counts in, :class:`Coefficient` out. Pure: no Django, no database.

Model labels never enter the agreement among humans: the caller keeps the two kinds in tables of their own
and compares them through :func:`cross_confusion` and :func:`pair_agreement`.
"""

from annotations.agreement.coefficient import Coefficient, CoefficientName
from annotations.agreement.pairs import (
    Weights,
    cohen_kappa,
    pair_agreement,
    pair_patterns,
    pair_raw_agreement,
)
from annotations.agreement.reasons import Reason
from annotations.agreement.several import (
    agreement,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    raw_agreement,
)
from annotations.agreement.tables import (
    confusion_matrix,
    cross_confusion,
    pairwise_confusions,
    value_counts,
)

__all__ = [
    "Coefficient",
    "CoefficientName",
    "Reason",
    "Weights",
    "agreement",
    "cohen_kappa",
    "confusion_matrix",
    "cross_confusion",
    "fleiss_kappa",
    "gwet_ac1",
    "krippendorff_alpha",
    "pair_agreement",
    "pair_patterns",
    "pair_raw_agreement",
    "pairwise_confusions",
    "raw_agreement",
    "value_counts",
]
