"""The pause rule: a disparity that is certain at any moment, however often one looks.

Every rule here keeps one promise: if what it watches is in truth no more than ``tau``, then the probability
that it *ever* says ``pause``, after any label, is at most ``alpha``. What it assumes is said in
:mod:`fairness.metrics.sequences`. All rules look at counts only and keep no state, so a recount, a restart or
labels taken back need no care; whoever wants to may keep the largest ``lower`` that was ever seen, which the
promise covers too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any, Generic

import numpy as np

from fairness.metrics.counts import G, GroupCounts, OutcomeCounts
from fairness.metrics.estimate import Reason
from fairness.metrics.evidence import log_evidence
from fairness.metrics.sequences import Floats, check_alpha, confidence_sequence

Integers = np.ndarray[Any, np.dtype[np.intp]]

#: Probability of a false pause, and groups that one project may watch at once.
ALPHA = 0.05
MOST_GROUPS = 50
#: Steps of [0, 1] in which the certified difference is sought: to one in a million.
_STEPS = 2**20


class Method(StrEnum):
    """How a certificate was come by."""

    PAIRS = "pairs"  # evidence against every pair of groups, alpha split over the pairs
    SEQUENCES = "sequences"  # each rate's confidence sequence, alpha split over the rates


@dataclass(frozen=True, slots=True)
class Band:
    """Limits that hold at every moment at once; for a rate 0 and 1 where nothing is known."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Certified(Generic[G]):
    """What is certain at this moment about the largest difference between groups.

    Attributes
    ----------
    pause : whether the difference is certain to be above the ``tau`` that was asked about.
    lower : certain lower limit of the largest difference, in [0, 1] (of a gap's spread: in [0, 2]).
        ``pause`` is ``lower > tau`` but for the rounding of ``lower``, which is downwards.
    highest, lowest : the two groups that are certain to lie ``lower`` apart, the higher rate first; where
        nothing is certain, those with the strongest evidence; ``None`` without two groups that have labels.
    bands : each group's rate with probability ``1 - alpha`` for all groups together, to be drawn. A
        certificate by :attr:`Method.PAIRS` may come while two bands still overlap, and does not add to
        their ``alpha``: the pause rule keeps its own.
    alpha, tau : as asked.
    method : see :class:`Method`.
    reason : why nothing can be certified; ``None`` where at least two groups have labels.
    beyond : all pairs that are certain to be further apart than they may, each with the higher rate first.
    """

    pause: bool
    lower: float
    highest: G | None
    lowest: G | None
    bands: Mapping[G, Band]
    alpha: float
    tau: float
    method: Method
    reason: Reason | None = None
    beyond: tuple[tuple[G, G], ...] = ()


def check_tau(tau: float, most: float = 1.0) -> None:
    """Raises ValueError where ``tau`` is no difference that a rule could wait for."""
    if not 0 <= tau < most:
        raise ValueError(f"tau must lie in [0, {most:g}), got {tau!r}.")


def rate_bands(counts: Mapping[G, GroupCounts], *, alpha: float = ALPHA, labels_per_item: int = 1) -> dict[G, Band]:
    """Each group's confidence sequence with ``alpha`` split over the groups: all hold together."""
    check_alpha(alpha)
    if not counts:
        return {}
    selected, n = columns(list(counts.values()), labels_per_item)
    low, high = confidence_sequence(selected, n, alpha / len(counts))
    return {group: Band(float(a), float(b)) for group, a, b in zip(counts, low, high, strict=True)}


def columns(counts: Sequence[GroupCounts], labels_per_item: int) -> tuple[Floats, Floats]:
    """Selected and all, (groups,) each, in items' worth: divided by the labels that one item may have."""
    if labels_per_item < 1:
        raise ValueError(f"labels_per_item must be at least 1, got {labels_per_item}.")
    selected, n = (np.array([getattr(c, name) for c in counts], dtype=float) for name in ("selected", "n"))
    return selected / labels_per_item, n / labels_per_item


def certified(
    counts: Mapping[G, GroupCounts],
    *,
    alpha: float = ALPHA,
    tau: float = 0.0,
    labels_per_item: int = 1,
    allowed: Mapping[tuple[G, G], float] | None = None,
) -> Certified[G]:
    """The pause rule for selection rates: is the demographic parity difference certain to be above ``tau``?

    Every pair of groups is tested by the evidence of :mod:`fairness.metrics.evidence`, each at ``alpha``
    divided by the number of pairs that the given groups form; all of them hold together. For .3 against
    .5 in two groups of equal size half of all runs are paused within about 225 labels, where sequences that
    must not overlap need about 580.

    Parameters
    ----------
    counts : labels per group, 2 to ``MOST_GROUPS`` groups. The set of groups is part of the promise: name all
        that are watched from the start, those without labels too.
    alpha : probability of a false pause over the whole run.
    tau : difference that is allowed, in [0, 1).
    labels_per_item : the most labels ``k`` that one item has in the counts, as labels of one item are alike:
        the k-th root of the evidence is taken, which is what an item's labels amount to if they are all the
        same. 1 for the run of one model, or a consensus. Exact where an item's labels come together; in other
        orders shown by simulation.
    allowed : how far the first group of a pair may be above the second, where that is more than ``tau``; how far the
        second may be above the first is another pair. The promise is for every ``tau`` at once, so also for one set
        later. It holds for limits of two sizes, as the least evidence lies on the side of what was observed.

    Raises
    ------
    ValueError
        For an ``alpha``, ``tau`` or ``labels_per_item`` out of range, or more than ``MOST_GROUPS`` groups.
    """
    check_alpha(alpha)
    check_tau(tau)
    _check_groups(len(counts))
    bands = rate_bands(counts, alpha=alpha, labels_per_item=labels_per_item)
    groups = [group for group, c in counts.items() if c.n]
    if len(groups) < 2:
        return Certified(False, 0.0, None, None, bands, alpha, tau, Method.PAIRS, Reason.ONE_GROUP)
    needed = math.log(math.comb(len(counts), 2) / alpha)
    pairs = _Pairs(*columns([counts[group] for group in groups], labels_per_item), needed)
    limits = pairs.limits(groups, tau, allowed or {})
    pause = pairs.reach(limits)
    lower, (i, j) = pairs.largest(tau, limits, pause)
    beyond = tuple((groups[a], groups[b]) for a, b in map(pairs.ordered, pause.tolist()))
    return Certified(bool(beyond), lower, groups[i], groups[j], bands, alpha, tau, Method.PAIRS, None, beyond)


def certified_by_sequences(
    counts: Mapping[G, GroupCounts], *, alpha: float = ALPHA, tau: float = 0.0, labels_per_item: int = 1
) -> Certified[G]:
    """The same question by confidence sequences alone: ``L = max over pairs (lo_i - hi_j)``, ``alpha`` split over
    the groups. Later than :func:`certified`, but it needs no independence between the groups' labels, and the
    bands are the whole argument. Parameters, result and errors as there.
    """
    check_alpha(alpha)
    check_tau(tau)
    _check_groups(len(counts))
    bands = rate_bands(counts, alpha=alpha, labels_per_item=labels_per_item)
    return by_bands({g: b for g, b in bands.items() if counts[g].n}, bands, alpha=alpha, tau=tau)


def by_bands(usable: Mapping[G, Band], bands: Mapping[G, Band], *, alpha: float, tau: float) -> Certified[G]:
    """A certificate from bands that hold together; ``usable``: those of groups that have been seen."""
    if len(usable) < 2:
        return Certified(False, 0.0, None, None, bands, alpha, tau, Method.SEQUENCES, Reason.ONE_GROUP)
    highest = max(usable, key=lambda g: usable[g].low)
    lowest = min((g for g in usable if g != highest), key=lambda g: usable[g].high)
    lower = max(0.0, usable[highest].low - usable[lowest].high)
    return Certified(lower > tau, lower, highest, lowest, bands, alpha, tau, Method.SEQUENCES)


def _check_groups(number: int) -> None:
    if number > MOST_GROUPS:
        raise ValueError(f"At most {MOST_GROUPS} groups can be watched at once, got {number}.")


class _Search:
    """Where a falling function of whole numbers is no longer 0 or above: between ``start`` and ``end``.

    The next guess lies on the straight line between the values at both; of an end that stays, half the value is taken
    (Illinois method). The root of the evidence is nearly straight in the difference asked about, and none is left where
    that is the observed one: there the value is -1.
    """

    def __init__(self, over: float, end: int) -> None:
        self.start, self.end = 0, min(max(end, 1), _STEPS)
        self._over, self._under, self._last = over, -1.0, 0

    def middle(self) -> int:
        share = self._over / (self._over - self._under)
        return min(max(self.start + round((self.end - self.start) * share), self.start + 1), self.end - 1)

    def narrow(self, at: int, value: float, enough: bool) -> None:
        """Take in the function's ``value`` at ``at``, and whether it is 0 or above but for rounding."""
        if enough:
            self.start, self._over = at, value
            self._under /= 2 if self._last > 0 else 1
            self._last = 1
        else:
            self.end, self._under = at, value
            self._over /= 2 if self._last < 0 else 1
            self._last = -1


class _Pairs:
    """All pairs of some groups, and how far apart they are certain to be once the evidence reaches ``needed``."""

    def __init__(self, selected: Floats, n: Floats, needed: float) -> None:
        self.needed = needed
        self.rates = selected / n
        self.index = np.array(list(combinations(range(len(n)), 2)))
        i, j = self.index.T
        self.columns = np.array([selected[i], n[i], selected[j], n[j]])

    def evidence(self, tau: float, which: Integers | slice) -> Floats:
        return log_evidence(*self.columns[:, which], tau=tau, enough=self.needed)

    def limits(self, groups: Sequence[G], tau: float, allowed: Mapping[tuple[G, G], float]) -> Floats:
        """How far each pair may be apart in the direction in which it is, (P,)."""
        if not allowed:
            return np.full(len(self.index), tau)
        ordered = map(self.ordered, range(len(self.index)))
        return np.array([max(tau, allowed.get((groups[i], groups[j]), tau)) for i, j in ordered])

    def reach(self, limits: Floats) -> Integers:
        """The pairs that are certain to be further apart than their limits."""
        i, j = self.index.T
        apart = (np.abs(self.rates[i] - self.rates[j]) > limits) & (limits < 1)
        found = [
            which[self.evidence(float(limit), which) >= self.needed]
            for limit in np.unique(limits[apart])
            for which in [np.flatnonzero(apart & (limits == limit))]
        ]
        return np.sort(np.concatenate(found)) if found else np.array([], dtype=np.intp)

    def largest(self, tau: float, limits: Floats, reached: Integers) -> tuple[float, tuple[int, int]]:
        """The largest difference for which a pair reaches the evidence needed, and that pair, higher rate first. Where
        some pairs are beyond their limits, it is one of them."""
        low, high = (float(limits[reached].min()), 1.0) if len(reached) else (0.0, 1.0)
        among: Integers | slice = reached if len(reached) else slice(None)
        found = self.evidence(low, among)
        index = np.arange(len(self.index))[among]
        if found.max() < self.needed:
            return 0.0, self.ordered(int(index[found.argmax()]))
        rest = index[found >= self.needed]
        best = int(index[found.argmax()])
        if not len(reached) and (limits == tau).all():
            high = tau or 1.0
        furthest = float(np.abs(np.subtract(*self.rates[self.index[rest]].T)).max())
        search = _Search(math.sqrt(found.max() / self.needed) - 1, math.ceil((furthest - low) / (high - low) * _STEPS))
        while search.end - search.start > 1:
            middle = search.middle()
            found = self.evidence(low + (high - low) * middle / _STEPS, rest)
            enough = bool(found.max() >= self.needed)
            search.narrow(middle, math.sqrt(max(found.max(), 0.0) / self.needed) - 1, enough)
            if enough:
                best, rest = int(rest[found.argmax()]), rest[found >= self.needed]
        return low + (high - low) * search.start / _STEPS, self.ordered(best)

    def ordered(self, pair: int) -> tuple[int, int]:
        """Both groups of a pair, that with the higher rate first."""
        i, j = (int(x) for x in self.index[pair])
        return (i, j) if self.rates[i] >= self.rates[j] else (j, i)


@dataclass(frozen=True, slots=True)
class CertifiedOdds(Generic[G]):
    """Both halves of equalized odds, each at half of ``alpha``."""

    true_positive: Certified[G]
    false_positive: Certified[G]

    @property
    def worse(self) -> Certified[G]:
        """The half with the larger certain difference."""
        return max((self.true_positive, self.false_positive), key=lambda half: half.lower)

    @property
    def pause(self) -> bool:
        return self.true_positive.pause or self.false_positive.pause

    @property
    def lower(self) -> float:
        """Certain lower limit of the equalized odds difference ``max(ΔTPR, ΔFPR)``."""
        return self.worse.lower


def certified_odds(
    outcomes: Mapping[G, OutcomeCounts],
    *,
    alpha: float = ALPHA,
    tau: float = 0.0,
    labels_per_item: int = 1,
    allowed: tuple[Mapping[tuple[G, G], float], Mapping[tuple[G, G], float]] = ({}, {}),
) -> CertifiedOdds[G]:
    """The pause rule for equalized odds: :func:`certified` of the true and of the false positive rates, ``alpha``
    halved between them; ``allowed``: of the one and of the other. Against a consensus the truth of an item may still
    change, and with it past counts; the promise is then about the truth that the counts were taken with."""
    found_true, found_false = (
        certified(
            {group: getattr(o, rate) for group, o in outcomes.items()},
            alpha=alpha / 2,
            tau=tau,
            labels_per_item=labels_per_item,
            allowed=further,
        )
        for rate, further in zip(("true_positive", "false_positive"), allowed, strict=True)
    )
    return CertifiedOdds(found_true, found_false)
