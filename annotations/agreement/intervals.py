"""Quantiles and the two interval shapes that agreement and bias share. Plain floats, no arrays."""

import math
from functools import lru_cache
from statistics import NormalDist

from scipy.special import stdtrit

#: A standard error below this is rounding noise around an exact 0: with n items the smallest real one is
#: of the order of 1/n.
SMALLEST_STANDARD_ERROR = 1e-9


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie strictly between 0 and 1, got {confidence!r}.")


@lru_cache(maxsize=64)
def normal_quantile(confidence: float) -> float:
    """Two-sided standard normal quantile: 1.96 for ``confidence=0.95``."""
    _check_confidence(confidence)
    return NormalDist().inv_cdf((1 + confidence) / 2)


@lru_cache(maxsize=1024)
def student_quantile(confidence: float, degrees: int) -> float:
    """Two-sided quantile of Student's t with ``degrees`` degrees of freedom."""
    _check_confidence(confidence)
    return float(stdtrit(degrees, (1 + confidence) / 2))


def wilson(selected: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a share ``p = selected / n``.

    ``(p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)``, inside [0, 1] at any count, and exactly 0 or
    1 at the ends where none or all were selected.

    Raises
    ------
    ValueError
        Where ``n`` is not positive or ``selected`` is not between 0 and ``n``.

    Source: Wilson (1927), JASA 22, 209-212; the same values as
    ``statsmodels.stats.proportion.proportion_confint(method="wilson")``.
    """
    if n <= 0 or not 0 <= selected <= n:
        raise ValueError(f"Needs 0 <= selected <= n and n > 0, got selected={selected!r}, n={n!r}.")
    z2 = normal_quantile(confidence) ** 2
    share = selected / n
    shrink = 1 + z2 / n
    centre = (share + z2 / (2 * n)) / shrink
    half = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / shrink
    low = 0.0 if selected == 0 else max(0.0, centre - half)
    high = 1.0 if selected == n else min(1.0, centre + half)
    return low, high


def symmetric(value: float, standard_error: float, quantile: float) -> tuple[float, float] | tuple[None, None]:
    """``value ± quantile · standard_error`` cut to [-1, 1]; no limits where nothing varied."""
    if standard_error < SMALLEST_STANDARD_ERROR:
        return None, None
    half = quantile * standard_error
    return max(-1.0, value - half), min(1.0, value + half)
