"""The value that every agreement function returns."""

import math
from dataclasses import dataclass
from enum import StrEnum

from annotations.agreement.reasons import Reason


class CoefficientName(StrEnum):
    """Stable names, as the API and the exports spell them."""

    RAW_AGREEMENT = "raw_agreement"
    COHEN_KAPPA = "cohen_kappa"
    LINEAR_KAPPA = "linear_kappa"
    QUADRATIC_KAPPA = "quadratic_kappa"
    FLEISS_KAPPA = "fleiss_kappa"
    KRIPPENDORFF_ALPHA = "krippendorff_alpha"
    GWET_AC1 = "gwet_ac1"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One agreement coefficient, or the reason why there is none.

    Attributes
    ----------
    name : which coefficient this is.
    value : the coefficient, at most 1; ``None`` exactly where ``undefined_reason`` says why. Never NaN.
    low, high : limits of the confidence interval, cut to [-1, 1]; both ``None`` where the value is
        undefined and where the data show no variation to estimate an interval from (one item only, or
        complete agreement, where the large-sample interval would shrink to a point and promise too much).
    n_items : items with at least two labels, that is, the items that were compared.
    n_pairs : pairs of labels that were compared.
    undefined_reason : ``None`` where there is a value.
    """

    name: CoefficientName
    value: float | None
    low: float | None
    high: float | None
    n_items: int
    n_pairs: int
    undefined_reason: Reason | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.undefined_reason is None):
            raise ValueError("A coefficient has either a value or a reason why it has none.")
        if any(x is not None and not math.isfinite(x) for x in (self.value, self.low, self.high)):
            raise ValueError("A coefficient and its limits are finite numbers or None.")
        if (self.low is None) != (self.high is None) or (self.value is None and self.low is not None):
            raise ValueError("An interval has both limits and belongs to a value.")

    @classmethod
    def undefined(cls, name: CoefficientName, reason: Reason, *, n_items: int = 0, n_pairs: int = 0) -> "Coefficient":
        """The coefficient that cannot be computed, with the reason."""
        return cls(name, None, None, None, n_items, n_pairs, reason)

    @property
    def is_defined(self) -> bool:
        return self.value is not None
