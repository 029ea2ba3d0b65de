"""Evidence against "these two rates lie no further apart than τ" that may be looked at after every label.

For two groups' rates ``p`` and ``q``, count what was seen: ``s`` of ``n`` and ``u`` of ``m``. Each of

- ``mixture(s, n) · mixture(u, m) / (likelihood of the counts under p and q)``, and, for any two shifts
  ``a, b >= 0`` of the log odds,
- ``exp(a s) / (1 + p (e^a - 1))^n · exp(-b u) / (1 + q (e^-b - 1))^m`` (the first above the second), and
- the same with the groups exchanged,

starts at 1, has the same mean at any later moment if ``p`` and ``q`` are the true rates, and so do their
weighted means: a *test martingale*, which ever reaches ``1/α`` with probability at most ``α`` (Ville 1939).
The first notices any two rates; the others only such as differ by about ``a + b`` in their log odds, but
sooner, as they need not learn where the two lie. The evidence is the weighted mean of all, over a grid of
differences and three ways to share each between the groups (a small group is farther from the common rate
than a large one), at those rates within ``τ`` of one another under which it is *smallest*; so whichever two
such rates are true, it reaches ``1/α`` with probability at most ``α``. It depends on the counts alone, not on
the order of the labels. (Of the direction against the observed one nothing is counted: that makes it smaller
still.)

Sources: the infimum over a composite hypothesis as in Wasserman, Ramdas & Balakrishnan (2020), Universal
inference, PNAS 117, 16880-16890; e-variables for two groups: Turner, Ly & Grünwald (2024), Generic
E-variables for exact sequential k-sample tests that allow for optional stopping, Journal of Statistical
Planning and Inference 230, 106116. The combination here is our own and is argued in the ADR on the pause rule.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from fairness.metrics.sequences import Floats, checked_counts, log_likelihood, log_mixture

#: Weight of the mixture, and of the shifts in either direction.
_LOG_MIXTURE, _LOG_DIRECTION = math.log(0.3), math.log(0.35)
#: Differences of the log odds that are looked for, weighted by a normal density with σ = 1; 0.06 is a rate of
#: 48.5 % against 50 %.
_DIFFERENCES = 0.06 * (4 / 3) ** np.arange(16)
_DENSITY = _DIFFERENCES * np.exp(-(_DIFFERENCES**2) / 2)
#: The higher group's part of a difference, and the weight of each.
_PARTS, _PART_WEIGHTS = np.array([0.15, 0.5, 0.85]), np.array([0.25, 0.5, 0.25])
#: All shifts (K,): of the higher group upwards, of the lower downwards, and the logarithm of their weights.
_UP = np.outer(_PARTS, _DIFFERENCES).ravel()
_DOWN = -np.outer(1 - _PARTS, _DIFFERENCES).ravel()
_LOG_WEIGHTS = np.log(np.outer(_PART_WEIGHTS, _DENSITY / _DENSITY.sum()).ravel()) + _LOG_DIRECTION
#: Standard errors to either side of the likeliest rates that are searched in cells, and cells per standard error.
_REACH, _CELLS = 4, 12
#: Pairs whose cells are in memory at once.
_CHUNK = 500


def log_evidence(
    selected: npt.ArrayLike,
    n: npt.ArrayLike,
    other_selected: npt.ArrayLike,
    other_n: npt.ArrayLike,
    *,
    tau: float = 0.0,
    enough: float = -math.inf,
) -> Floats:
    """Natural logarithm of the evidence that two rates differ by more than ``tau``, in either direction.

    Parameters
    ----------
    selected, n, other_selected, other_n : counts of both sides, numbers or arrays of one shape (P,).
    tau : distance that is allowed, in [0, 1).
    enough : evidence that matters. Where it cannot be reached, a quick upper bound below it is returned
        instead of the evidence itself.

    Returns
    -------
    (P,). Nothing is ever above the true infimum: each cell of the search counts with a lower bound of what is
    in it. ``-inf`` where the observed rates differ by no more than ``tau``.

    Raises
    ------
    ValueError
        For impossible counts or a ``tau`` outside [0, 1).
    """
    if not 0 <= tau < 1:
        raise ValueError(f"tau must lie in [0, 1), got {tau!r}.")
    s, total = checked_counts(selected, n)
    u, other = checked_counts(other_selected, other_n)
    s, total, u, other = (np.atleast_1d(x).ravel() for x in np.broadcast_arrays(s, total, u, other))
    rate, other_rate = s / np.maximum(total, 1), u / np.maximum(other, 1)
    swapped = rate < other_rate
    first = np.where(swapped, (u, other), (s, total))
    second = np.where(swapped, (s, total), (u, other))
    found = np.full(s.shape, -np.inf)
    apart = np.flatnonzero((np.abs(rate - other_rate) > tau) & (total > 0) & (other > 0))
    found[apart] = _ordered(first[:, apart], second[:, apart], tau, enough)
    return found


def _ordered(first: Floats, second: Floats, tau: float, enough: float) -> Floats:
    """The evidence for pairs whose first rate is the higher by more than ``tau``; ``first``, ``second``: (2, P)."""
    (s, n), (u, m) = first, second
    # No alternative explains the counts better than the observed rates do, and some allowed rates this well.
    allowed = np.clip((s + u - n * tau) / (n + m), 0.0, 1 - tau)
    bound = _explained(first, second, s / n, u / m) - _explained(first, second, allowed + tau, allowed)
    rest = np.flatnonzero(bound >= enough)
    for start in range(0, len(rest), _CHUNK):
        part = rest[start : start + _CHUNK]
        bound[part] = _searched(first[:, part], second[:, part], tau, enough)
    return bound


def _searched(first: Floats, second: Floats, tau: float, enough: float) -> Floats:
    likely = _nearest(first, second, tau)
    bound = _at(first, second, likely, tau)
    rest = np.flatnonzero(bound >= enough)
    bound[rest] = _in_cells(first[:, rest], second[:, rest], likely[rest], tau)
    return bound


def _explained(first: Floats, second: Floats, rate: Floats, other: Floats) -> Floats:
    """Log-likelihood of both groups' counts, (P,)."""
    return log_likelihood(first[0], first[1], rate) + log_likelihood(second[0], second[1], other)


def _nearest(first: Floats, second: Floats, tau: float) -> Floats:
    """The second rate of the likeliest pair ``(q + tau, q)``: the log-likelihood is concave in ``q``. (P,)

    Its slope is zero at a root of a cubic, which has a closed form: Miettinen & Nurminen (1985), Comparative analysis
    of two rates, Statistics in Medicine 4, 213-226, appendix. A step of Newton's takes the rounding away.
    """
    (s, n), (u, m) = first, second
    if tau == 0:
        pooled: Floats = (s + u) / (n + m)
        return pooled
    a = ((n + 2 * m) * tau - (n + m) - (s + u)) / (3 * (n + m))
    b = ((m * tau - (n + m) - 2 * u) * tau + (s + u)) / (3 * (n + m))
    c = u * tau * (1 - tau) / (2 * (n + m))
    turned = a**3 - 1.5 * a * b + c
    size = np.copysign(np.sqrt(np.maximum(a * a - b, 0.0)), turned)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.where(size == 0, 1.0, np.clip(turned / size**3, -1.0, 1.0))
        q = np.clip(2 * size * np.cos((math.pi + np.arccos(cosine)) / 3) - a, 0.0, 1 - tau)
        slope = _slope(s, n, q + tau) + _slope(u, m, q)
        step = slope / (_bend(s, n, q + tau) + _bend(u, m, q))
    return np.clip(np.where(np.isfinite(step), q + step, q), 0.0, 1 - tau)


def _slope(s: Floats, n: Floats, p: Floats) -> Floats:
    slope: Floats = np.where(s > 0, s / p, 0.0) - np.where(n > s, (n - s) / (1 - p), 0.0)
    return slope


def _bend(s: Floats, n: Floats, p: Floats) -> Floats:
    """How fast the slope falls."""
    bend: Floats = np.where(s > 0, s / p**2, 0.0) + np.where(n > s, (n - s) / (1 - p) ** 2, 0.0)
    return bend


def _mixed(first: Floats, second: Floats, rate: Floats, other: Floats, learnt: Floats) -> Floats:
    """The weighted mean of the mixture and the shifts in one direction; the other one counts as nothing.

    ``rate``, ``other``, ``learnt``: (P, C), where ``learnt`` is the mixture's logarithm there.
    """
    (s, n), (u, m) = first[:, :, None, None], second[:, :, None, None]
    shifted = s * _UP - n * np.log1p(rate[..., None] * np.expm1(_UP)) + _LOG_WEIGHTS
    shifted += u * _DOWN - m * np.log1p(other[..., None] * np.expm1(_DOWN))
    mean: Floats = np.logaddexp(logsumexp(shifted, axis=-1), learnt + _LOG_MIXTURE)
    return mean


def _learnt(first: Floats, second: Floats, q: Floats, tau: float) -> Floats:
    """Logarithm of the mixture's evidence against ``(q + tau, q)``, for ``q`` of shape (P, C)."""
    (s, n), (u, m) = first[:, :, None], second[:, :, None]
    against: Floats = log_likelihood(s, n, np.minimum(q + tau, 1.0)) + log_likelihood(u, m, q)
    return log_mixture(s, n) + log_mixture(u, m) - against


def _at(first: Floats, second: Floats, likely: Floats, tau: float) -> Floats:
    """The evidence at the likeliest pair of allowed rates: never below the smallest."""
    q = likely[:, None]
    return _mixed(first, second, q + tau, q, _learnt(first, second, q, tau))[:, 0]


def _in_cells(first: Floats, second: Floats, likely: Floats, tau: float) -> Floats:
    """A lower bound of the evidence over all allowed pairs of rates, (P,).

    The smallest lies where the rates are ``(q + tau, q)``: from anywhere further inside, to raise the first
    rate towards the observed one, or lower the second, makes every part smaller. Within a cell of ``q``, a
    shift's part is bounded by the first rate's upper end and the second's lower end, as it falls in the one
    and rises in the other; the mixture's is convex in ``q`` with its minimum at ``likely``, so it is smallest
    at the nearer end. Outside the cells the mixture alone is more than at their ends.
    """
    spread = (_precision(likely + tau, first[1]) + _precision(likely, second[1])) ** -0.5
    steps = np.arange(-_REACH * _CELLS, _REACH * _CELLS + 1) / _CELLS
    edges = np.clip(likely[:, None] + steps * spread[:, None], 0.0, 1 - tau)
    learnt = _learnt(first, second, edges, tau)
    cells = _mixed(
        first,
        second,
        np.minimum(edges[:, 1:] + tau, 1.0),
        edges[:, :-1],
        np.minimum(learnt[:, 1:], learnt[:, :-1]),
    )
    below = np.where(edges[:, 0] > 0, learnt[:, 0], np.inf)
    above = np.where(edges[:, -1] < 1 - tau, learnt[:, -1], np.inf)
    return np.minimum(cells.min(axis=1), _LOG_MIXTURE + np.minimum(below, above))


def _precision(rate: Floats, n: Floats) -> Floats:
    """``n / (p (1 - p))``, the inverse of a rate's variance, with ``p`` half a label away from 0 and 1 at least."""
    p = np.clip(rate, 0.5 / (n + 1), 1 - 0.5 / (n + 1))
    found: Floats = n / (p * (1 - p))
    return found
