"""Evidence that labels do not reach two groups in an order that knows no groups, at whatever moment one looks.

What is missing is known: ``m`` labels of the one group and ``k`` of the other. Given out at random, the next label
that goes to either goes to the first with probability ``m / (m + k)``; so the probability of an order in which ``s``
of ``N`` and ``f`` of ``M`` were given is ``(N)_s (M)_f / (N + M)_{s+f}`` with falling factorials ``(N)_s``. The
evidence is the likelihood averaged over all shares by Beta(½, ½), divided by that: it starts at 1, and where the order
is random its mean never rises (it falls once a group is full), so it ever reaches ``1/α`` with probability at most
``α`` (Ville 1939). It depends on counts alone.

Source: Waudby-Smith & Ramdas (2020), Confidence sequences for sampling without replacement, NeurIPS 33 (the
prior-posterior-ratio martingale), read for a known whole and an unknown order.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from fairness.metrics.sequences import Floats, checked_counts, log_mixture


def log_order_evidence(
    given: npt.ArrayLike,
    needed: npt.ArrayLike,
    other_given: npt.ArrayLike,
    other_needed: npt.ArrayLike,
    *,
    labels_per_item: int = 1,
) -> Floats:
    """Natural logarithm of the evidence that one of two groups is labelled before the other.

    Parameters
    ----------
    given, needed, other_given, other_needed : labels of both groups, numbers or arrays of one shape.
    labels_per_item : the most labels that one item gets, as they may come together: so many count as one, which takes
        that root of the evidence. Exact where an item's labels come together; in other orders shown by simulation.

    Raises
    ------
    ValueError
        For impossible counts, or ``labels_per_item`` below 1.
    """
    if labels_per_item < 1:
        raise ValueError(f"labels_per_item must be at least 1, got {labels_per_item}.")
    s, n = (x / labels_per_item for x in checked_counts(given, needed))
    f, m = (x / labels_per_item for x in checked_counts(other_given, other_needed))
    at_random = _log_falling(n, s) + _log_falling(m, f) - _log_falling(n + m, s + f)
    found: Floats = np.asarray(log_mixture(s, s + f) - at_random, dtype=float)
    return found


def _log_falling(n: Floats, drawn: Floats) -> Floats:
    """``ln n (n - 1) … (n - drawn + 1)``."""
    found: Floats = gammaln(n + 1) - gammaln(n - drawn + 1)
    return found
