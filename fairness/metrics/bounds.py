"""Rules about one rate, a gap between two sources, and κ, that hold however often one looks.

As in :mod:`fairness.metrics.pausing`: if what is watched is in truth within its bound, the probability that
the rule ever says otherwise is at most ``alpha``.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, xlogy

from fairness.metrics.counts import G, GroupCounts, whole_number
from fairness.metrics.pausing import ALPHA, Band, Certified, by_bands, check_tau, columns
from fairness.metrics.sequences import Floats, check_alpha, confidence_sequence, rate_limits

_HALVINGS = 50


@dataclass(frozen=True, slots=True)
class CertifiedRate:
    """One rate against a bound: ``beyond`` where it is certain to lie beyond, and the band that says so."""

    beyond: bool
    band: Band
    alpha: float
    bound: float


def rate_above(counts: GroupCounts, *, bound: float, alpha: float = ALPHA) -> CertifiedRate:
    """Is the rate certain to be above ``bound``: the error rate on the audit stream, say, above what is allowed?

    By the lower limit of the two-sided sequence. A count of what is known, as completeness of a finished
    count of labels, needs no such rule; a rate estimated from a random part of the items does.
    """
    band = _band(counts, alpha, bound)
    return CertifiedRate(band.low > bound, band, alpha, bound)


def rate_below(counts: GroupCounts, *, bound: float, alpha: float = ALPHA) -> CertifiedRate:
    """Is the rate certain to be below ``bound``: completeness under what is needed, or errors under a target?"""
    band = _band(counts, alpha, bound)
    return CertifiedRate(band.high < bound, band, alpha, bound)


def _band(counts: GroupCounts, alpha: float, bound: float) -> Band:
    if not 0 <= bound <= 1:
        raise ValueError(f"bound must lie in [0, 1], got {bound!r}.")
    low, high = confidence_sequence(counts.selected, counts.n, alpha)
    return Band(float(low), float(high))


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """What two sources said of the same items of one group: of ``n`` items, ``first_only`` got the label from
    the first source alone, ``second_only`` from the second alone, the others from both or neither."""

    first_only: int
    second_only: int
    n: int

    def __post_init__(self) -> None:
        differing = whole_number(self.first_only, "first_only") + whole_number(self.second_only, "second_only")
        if differing > whole_number(self.n, "n"):
            raise ValueError(f"No more items can differ than there are, got {differing} of {self.n}.")


@dataclass(frozen=True, slots=True)
class CertifiedGaps(Generic[G]):
    """Gaps between two sources per group: first minus second rate, in [-1, 1].

    Attributes
    ----------
    pause : whether the gap of some group is certain to be more than ``tau`` away from 0, in either direction.
    lower : certain lower limit of the largest distance from 0.
    group : the group of that gap; ``None`` where nothing is certain.
    bands : each group's gap; all hold together with probability ``1 - alpha``.
    spread : the same for the difference between two groups' gaps, in [0, 2], from the same bands: 0 where the
        first source is off by the same in every group.
    """

    pause: bool
    lower: float
    group: G | None
    bands: Mapping[G, Band]
    spread: Certified[G]
    alpha: float
    tau: float


def certified_paired_gaps(
    counts: Mapping[G, PairedCounts], *, alpha: float = ALPHA, tau: float = 0.0
) -> CertifiedGaps[G]:
    """Gap of a model (first) and people (second) on the *same* items, from how often they differed.

    A group's gap ``d`` is in its band as long as the likeliest three rates (first only, second only, neither)
    that have this ``d`` explain the counts well enough beside the Dirichlet(½, ½, ½) mixture of all:
    ``ln mixture - max ln likelihood < ln(1/α_g)``, a confidence sequence by universal inference. ``alpha`` is
    split over the groups.

    Source: Wasserman, Ramdas & Balakrishnan (2020), Universal inference, PNAS 117, 16880-16890.
    """
    check_alpha(alpha)
    check_tau(tau)
    if not counts:
        return _gaps({}, [], alpha, tau)
    a, b, n = (np.array([getattr(c, f) for c in counts.values()], float) for f in ("first_only", "second_only", "n"))
    low, high = _paired_limits(a, b, n, math.log(len(counts) / alpha))
    bands = {g: Band(float(x), float(y)) for g, x, y in zip(counts, low, high, strict=True)}
    return _gaps(bands, [g for g, c in counts.items() if c.n], alpha, tau)


def certified_gaps(
    first: Mapping[G, GroupCounts],
    second: Mapping[G, GroupCounts],
    *,
    alpha: float = ALPHA,
    tau: float = 0.0,
    labels_per_item: tuple[int, int] = (1, 1),
) -> CertifiedGaps[G]:
    """Gap of two sources per group from each one's own counts, whether or not they are of the same items.

    Each source's rate gets a sequence at half of the group's ``alpha``; their limits subtracted bound the gap
    however the two depend on one another. Where the items are the same, :func:`certified_paired_gaps` is
    sooner. A group that one side lacks counts as empty there.

    Parameters
    ----------
    labels_per_item : the most labels that one item has from the first and from the second source, as of
        :func:`fairness.metrics.pausing.certified`; (1, 3) for a model beside three people.
    """
    check_alpha(alpha)
    check_tau(tau)
    groups = list(dict.fromkeys([*first, *second]))
    if not groups:
        return _gaps({}, [], alpha, tau)
    nobody = GroupCounts(0, 0)
    sides = []
    for side, most in zip((first, second), labels_per_item, strict=True):
        selected, n = columns([side.get(g, nobody) for g in groups], most)
        sides.append(confidence_sequence(selected, n, alpha / len(groups) / 2))
    (low, high), (other_low, other_high) = sides
    bands = {g: Band(float(x), float(y)) for g, x, y in zip(groups, low - other_high, high - other_low, strict=True)}
    return _gaps(bands, [g for g in groups if first.get(g, nobody).n and second.get(g, nobody).n], alpha, tau)


def _gaps(bands: Mapping[G, Band], seen: Sequence[G], alpha: float, tau: float) -> CertifiedGaps[G]:
    distance = {g: max(bands[g].low, -bands[g].high, 0.0) for g in seen}
    group = max(distance, key=distance.__getitem__, default=None)
    lower = 0.0 if group is None else distance[group]
    spread = by_bands({g: bands[g] for g in seen}, bands, alpha=alpha, tau=tau)
    return CertifiedGaps(lower > tau, lower, group if lower > 0 else None, bands, spread, alpha, tau)


def _paired_limits(a: Floats, b: Floats, n: Floats, against: float) -> tuple[Floats, Floats]:
    """Both limits of the gap ``q₁ - q₂`` that the counts leave, each (G,)."""
    c = n - a - b
    mixture = gammaln(1.5) - gammaln(n + 1.5) + sum(gammaln(0.5 + x) - gammaln(0.5) for x in (a, b, c))
    observed = (a - b) / np.maximum(n, 1)

    def edge(inside: Floats, outside: Floats) -> Floats:
        # Of a concave function's slices the maximum is concave too: one edge on either side of what was observed.
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            within = _profile(a, b, c, middle) > mixture - against
            inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
        return outside

    return edge(observed, np.full_like(observed, -1.0)), edge(observed, np.ones_like(observed))


def _profile(a: Floats, b: Floats, c: Floats, gap: Floats) -> Floats:
    """The largest log-likelihood of any three rates ``(q + gap, q, 1 - 2q - gap)``, each (G,).

    Concave in ``q``, and its slope is 0 where ``2n q² - linear q - b gap (1 - gap) = 0``: as in Tango (1998),
    Statistics in Medicine 17, 891-908.
    """
    a, b = np.where(gap < 0, (b, a), (a, b))  # mirrored, so that the gap is not negative and one root is not either
    gap = np.abs(gap)
    n = np.maximum(a + b + c, 1)
    linear, constant = (a + b) * (1 - gap) - 2 * (b + c) * gap, b * gap * (1 - gap)
    root = np.sqrt(linear**2 + 8 * n * constant)
    # Of the two ways to write the root, the one that subtracts nothing from nearly the same.
    q = np.where(linear > 0, (linear + root) / (4 * n), 2 * constant / np.maximum(root - linear, 1e-300))
    q = np.clip(q, 0.0, (1 - gap) / 2)
    best: Floats = xlogy(a, q + gap) + xlogy(b, q) + xlogy(c, np.maximum(1 - 2 * q - gap, 0.0))
    return best


def kappa_below(
    confusion: npt.ArrayLike, *, bound: float, alpha: float = ALPHA, named: int | None = None
) -> CertifiedRate:
    """Is Cohen's κ of two annotators certain to be below ``bound``?

    κ rises with the observed agreement and falls with the agreement by chance. So it is at most
    ``(h - e) / (1 - e)``, where ``h`` is the upper limit of the sequence of the agreement rate and ``e`` a
    lower limit of chance agreement, from the sequences of both annotators' label rates; ``alpha`` is split
    evenly over all of them. The bound is conservative: it lets all of them be at their worst at once. For two
    labels there are three sequences, for K labels 1 + 2K. K is part of the promise, as the groups are elsewhere:
    it may not grow with the labels that happen to have come up.

    Parameters
    ----------
    confusion : (K, K) counts of items by the label of the one and the other, K >= 2: all labels that there can be,
        those that nobody gave too.
    named : where there can be labels that nobody can name beforehand (any set of labels, say): how many of the first
        rows and columns are named. The others count as agreement where both gave them, and as no agreement by chance,
        so that they take no part of ``alpha`` and the limit stays one.

    Returns
    -------
    ``band.high`` is the certain upper limit; ``band.low`` is -1, as nothing is claimed downwards.
    """
    check_alpha(alpha)
    table = np.asarray(confusion)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.shape[0] < 2 or (table < 0).any():
        raise ValueError(f"confusion must be a square table of counts of at least two labels, got {table.shape}.")
    labels = table.shape[0] if named is None else named
    if not 1 <= labels <= table.shape[0]:
        raise ValueError(f"named must lie in [1, {table.shape[0]}], got {named!r}.")
    n, binary = table.sum(), named is None and labels == 2
    rows, columns = table.sum(axis=1)[:labels], table.sum(axis=0)[:labels]
    margins = np.array([rows[:1], columns[:1]]) if binary else np.array([rows, columns])
    against = math.log((1 + margins.size) / alpha)
    agreed = float(rate_limits(np.trace(table), n, against)[1])
    low, high = rate_limits(margins, n, against)
    chance = _least_chance_of_two(low[:, 0], high[:, 0]) if binary else float((low[0] * low[1]).sum())
    upper = 1.0 if agreed >= 1 or chance >= 1 else (agreed - chance) / (1 - chance)
    return CertifiedRate(upper < bound, Band(-1.0, max(-1.0, upper)), alpha, bound)


def _least_chance_of_two(low: Floats, high: Floats) -> float:
    """The least chance agreement of two labels, where the rates of the first lie within their limits, (2,) each."""
    # Linear in each rate, so the least is at a corner.
    corners = [(r, c) for r in (low[0], high[0]) for c in (low[1], high[1])]
    return float(min(r * c + (1 - r) * (1 - c) for r, c in corners))
