"""How far apart groups can be at most, from bands that hold at every moment: the other side of the pause rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

from fairness.metrics.counts import G
from fairness.metrics.impact import FOUR_FIFTHS, Verdict
from fairness.metrics.pausing import Band


@dataclass(frozen=True, slots=True)
class CertifiedSpan:
    """What bands that hold together leave open; all of it holds at every moment as the bands do.

    Attributes
    ----------
    difference : no two groups' rates lie further apart, in [0, 1].
    ratio : limits of the lowest rate divided by the highest, in [0, 1].
    impact : whether that ratio is certainly below ``threshold``, certainly not, or unclear; insufficient where fewer
        than two groups were given.
    """

    difference: float
    ratio: Band
    impact: Verdict
    threshold: float


def certified_span(bands: Mapping[G, Band], *, threshold: float = FOUR_FIFTHS) -> CertifiedSpan:
    """The largest difference and the smallest ratio that rates within ``bands`` can have, and the four-fifths rule by
    them: the ratio of some two groups is certainly under it, or that of every two certainly reaches it.

    Raises
    ------
    ValueError
        Where ``threshold`` is not in (0, 1].
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must lie in (0, 1], got {threshold!r}.")
    pairs = list(permutations(bands.values(), 2))
    if not pairs:
        return CertifiedSpan(1.0, Band(0.0, 1.0), Verdict.INSUFFICIENT, threshold)
    difference = max(one.high - other.low for one, other in pairs)
    low = min(_share(one.low, other.high) for one, other in pairs)
    high = min(_share(one.high, other.low) for one, other in pairs)
    unclear_or_above = Verdict.ABOVE if low >= threshold else Verdict.UNCLEAR
    verdict = Verdict.BELOW if high < threshold else unclear_or_above
    return CertifiedSpan(difference, Band(low, high), verdict, threshold)


def _share(part: float, whole: float) -> float:
    """At most 1; of nothing nothing is known, so 1."""
    return min(1.0, part / whole) if whole > 0 else 1.0
