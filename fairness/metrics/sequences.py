"""Confidence sequences for a rate: intervals that hold at every moment at once, however often one looks.

A fixed-n interval that is read after every label cries wolf: a 95 % Wald test of two equal groups, looked at
after each of 5,000 labels, finds a difference in more than half of all runs. The sequence here contains the
true rate at *all* moments with probability at least ``1 - alpha``, so it may be looked at, and acted upon, at
any of them.

Assumes that each label, whatever came before it, has the label in question with one and the same probability
``p``: items in random order and one label per item of each annotator. Which group a label falls to, and when
one looks, may depend on the past. What breaks it: items chosen by what is expected of their label (see
:mod:`fairness.metrics.weighted`), several labels of one item, and labels that are changed *because of* their
value. A label that is taken back and given again regardless of its value is one more draw of the same rate.

Source: Howard, Ramdas, McAuliffe & Sekhon (2021), Time-uniform, nonparametric, nonasymptotic confidence
sequences, Annals of Statistics 49, 1055-1080; the mixture goes back to Robbins (1970) and Ville (1939).
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, xlogy

Floats = np.ndarray[Any, np.dtype[np.float64]]

#: Both parameters of the Beta distribution that the alternatives are mixed by (Jeffreys' prior).
MIXTURE = 0.5
#: Halvings of the bracket around a limit: beyond the precision of a double between 0 and 1.
_HALVINGS = 60


def check_alpha(alpha: float) -> None:
    """Raises ValueError where ``alpha`` is no probability of a false alarm."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie strictly between 0 and 1, got {alpha!r}.")


def checked_counts(selected: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Both as float arrays of one shape. Raises ValueError where not ``0 <= selected <= n``, or not finite."""
    s, total = np.broadcast_arrays(np.asarray(selected, dtype=float), np.asarray(n, dtype=float))
    if not (np.all(np.isfinite(total)) and np.all(s >= 0) and np.all(s <= total)):
        raise ValueError("Needs finite counts with 0 <= selected <= n.")
    return s, total


def log_likelihood(selected: npt.ArrayLike, n: npt.ArrayLike, p: npt.ArrayLike) -> Floats:
    """``s ln p + (n - s) ln(1 - p)``, with ``0 ln 0 = 0``; broadcasts."""
    s, total, rate = (np.asarray(x, dtype=float) for x in (selected, n, p))
    found: Floats = xlogy(s, rate) + xlogy(total - s, 1 - rate)
    return found


def log_mixture(selected: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    """``ln B(½ + s, ½ + f) - ln B(½, ½)``: the labels' likelihood, averaged over all rates by Beta(½, ½)."""
    s, total = np.asarray(selected, dtype=float), np.asarray(n, dtype=float)
    found: Floats = betaln(MIXTURE + s, MIXTURE + total - s) - betaln(MIXTURE, MIXTURE)
    return found


def rate_limits(selected: npt.ArrayLike, n: npt.ArrayLike, log_odds_against: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The rates ``p`` with ``log_mixture - log_likelihood(p) < log_odds_against``, which form an interval.

    Parameters
    ----------
    selected, n : counts, of one shape or broadcast to one.
    log_odds_against : ``ln(1/α)`` of each sequence, positive.

    Returns
    -------
    lower and upper limits of that shape. Without labels 0 and 1. Rounded outwards: the evidence against a
    limit that lies inside (0, 1) is at least what was asked for.
    """
    s, total = checked_counts(selected, n)
    s, total, against = np.broadcast_arrays(s, total, np.asarray(log_odds_against, dtype=float))
    if not np.all(against > 0):
        raise ValueError("The evidence asked for must be positive.")
    highest = log_mixture(s, total) - against  # log-likelihoods above this are in
    observed = s / np.maximum(total, 1)
    low = np.where(s == 0, 0.0, _edge(s, total, highest, observed, np.zeros_like(observed)))
    high = np.where(s == total, 1.0, _edge(s, total, highest, observed, np.ones_like(observed)))
    return low, high


def _edge(s: Floats, total: Floats, level: Floats, inside: Floats, outside: Floats) -> Floats:
    """Where the log-likelihood, which falls on either side of ``inside``, sinks to ``level``: by bisection, whose end
    outside is returned."""
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        within = log_likelihood(s, total, middle) > level
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    return outside


def confidence_sequence(selected: npt.ArrayLike, n: npt.ArrayLike, alpha: float = 0.05) -> tuple[Floats, Floats]:
    """The exact mixture confidence sequence of one or several rates, at whatever moment the counts were taken.

    ``p`` is inside as long as ``ln B(a+s, b+f) - ln B(a, b) - s ln p - f ln(1-p) < ln(1/alpha)`` with
    ``a = b = ½``. Each sequence on its own holds with probability ``1 - alpha``; for several at once give
    ``alpha`` divided by their number.

    Parameters
    ----------
    selected, n : numbers or arrays of one shape, ``0 <= selected <= n``.
    alpha : probability that the rate is ever outside.

    Returns
    -------
    lower and upper limits, arrays of that shape (of shape () for numbers).

    Raises
    ------
    ValueError
        For impossible counts or an ``alpha`` not between 0 and 1.
    """
    check_alpha(alpha)
    return rate_limits(selected, n, math.log(1 / alpha))
