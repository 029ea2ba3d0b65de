"""Agreement of any number of annotators, with labels missing, from value counts.

Notation: item *i* has ``r_i`` labels, ``r_ik`` of them label *k*; ``n₂`` items have at least two labels.
``p_a = (1/n₂) Σ_i Σ_k r_ik(r_ik - 1) / (r_i(r_i - 1))`` is the mean share of agreeing pairs per item and
``π_k`` the mean over items of ``r_ik / r_i``.

Rows may stand for several items: ``items=[412, 31, …]`` says how often each row occurs, so that a live
counter of label patterns is enough and the cost does not grow with the number of items.

Intervals are for the population of *items*, with these annotators: the coefficient is linearised in the
items (Gwet 2008, British Journal of Mathematical and Statistical Psychology 61, 29-48), with the number
of comparable items taken as random, and Student's t is used with ``n₂ - 1`` degrees of freedom.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from annotations.agreement.coefficient import Coefficient, CoefficientName
from annotations.agreement.intervals import student_quantile, symmetric
from annotations.agreement.reasons import Reason
from annotations.agreement.tables import Floats, Integers, integers


@dataclass(frozen=True, slots=True)
class Tally:
    """Value counts checked once, with the sums that every coefficient needs.

    Attributes
    ----------
    counts : value counts of the rows that have a label, shape (rows, labels).
    items : how many items each row stands for, shape (rows,).
    labels : labels per row, ``r_i``, shape (rows,), at least 1.
    agreeing : share of agreeing pairs per row, shape (rows,); 0 where a row has a single label.
    n_independent : items that may be taken as independent, for the interval; ``None`` for all compared.
    """

    counts: Integers
    items: Integers
    labels: Integers
    agreeing: Floats
    n_independent: int | None = None

    @classmethod
    def of(
        cls,
        counts: npt.ArrayLike,
        items: npt.ArrayLike | None = None,
        *,
        n_independent: int | None = None,
    ) -> "Tally":
        """Check value counts of shape (rows, labels) and how many items each row stands for.

        Raises
        ------
        ValueError
            Where the shapes do not fit, or something other than a non-negative whole number is counted.
        """
        rows = integers(counts, "counts", 2)
        times = np.ones(len(rows), dtype=np.int64) if items is None else integers(items, "items", 1)
        if len(times) != len(rows):
            raise ValueError(f"items must have one entry per row of counts, got {len(times)} for {len(rows)}.")
        labels = rows.sum(axis=1)
        used = (labels > 0) & (times > 0)
        if not used.all():
            rows, times, labels = rows[used], times[used], labels[used]
        matches = np.einsum("ik,ik->i", rows, rows) - labels
        agreeing = matches / np.maximum(labels * (labels - 1), 1)
        return cls(rows, times, labels, agreeing, n_independent)

    @property
    def compared(self) -> npt.NDArray[np.bool_]:
        """Which rows have at least two labels, shape (rows,)."""
        return self.labels >= 2

    def comparable(self) -> "Tally":
        """The same tally without the rows that have a single label."""
        kept = self.compared
        if kept.all():
            return self
        return Tally(self.counts[kept], self.items[kept], self.labels[kept], self.agreeing[kept], self.n_independent)

    @property
    def n_rated(self) -> int:
        """Items with at least one label."""
        return int(self.items.sum())

    @property
    def n_compared(self) -> int:
        """Items with at least two labels, ``n₂``."""
        return int(self.items[self.compared].sum())

    @property
    def n_pairs(self) -> int:
        """Pairs of labels of one item."""
        return int((self.items * (self.labels * (self.labels - 1) // 2)).sum())

    def mean_agreement(self) -> float:
        """``p_a``; needs a compared item."""
        return float(self.items @ self.agreeing) / self.n_compared

    def prevalence(self) -> Floats:
        """``π``, shape (labels,): mean over rated items of each item's share of labels."""
        shares: Floats = np.einsum("ik,i->k", self.counts, self.items / self.labels)
        return shares / self.n_rated

    def project(self, slope: Floats) -> Floats:
        """``Σ_k slope_k · r_ik / r_i`` per row, shape (rows,)."""
        projected: Floats = np.einsum("ik,k->i", self.counts, slope)
        return projected / self.labels

    def undefined(self, name: CoefficientName, reason: Reason) -> Coefficient:
        independent = self.n_compared if self.n_independent is None else self.n_independent
        return Coefficient.undefined(name, reason, n_items=independent, n_pairs=self.n_pairs)

    def estimate(
        self, name: CoefficientName, value: float, influence: Floats, items: Integers, confidence: float
    ) -> Coefficient:
        """The coefficient with the interval that its influence values give.

        ``influence[j]``, in units of the coefficient, is what one of the ``items[j]`` items of row *j*
        contributes: the variance is ``n/(n-1) · mean((influence - mean)²) / n``.
        """
        n = int(items.sum())
        n_items = self.n_compared if self.n_independent is None else self.n_independent
        low = high = None
        if n > 1 and n_items > 1:
            centred = influence - float(items @ influence) / n
            spread = float(items @ (centred * centred)) / (n - 1)
            # Pairs of one item move together: where fewer items than rows are independent, their number,
            # not the number of pairs, sets the width.
            independent = n if self.n_independent is None else min(n, n_items)
            error = math.sqrt(spread / independent)
            low, high = symmetric(value, error, student_quantile(confidence, n_items - 1))
        return Coefficient(name, value, low, high, n_items, self.n_pairs)


def raw_agreement_of(tally: Tally, confidence: float = 0.95) -> Coefficient:
    """Raw agreement of a checked tally; see :func:`raw_agreement`."""
    name = CoefficientName.RAW_AGREEMENT
    if not tally.n_compared:
        return tally.undefined(name, Reason.NO_PAIRS)
    tally = tally.comparable()
    value = tally.mean_agreement()
    found = tally.estimate(name, value, tally.agreeing, tally.items, confidence)
    if found.low is not None and found.low < 0:  # a share has no negative limit
        return replace(found, low=0.0)
    return found


def fleiss_kappa_of(tally: Tally, confidence: float = 0.95) -> Coefficient:
    """Fleiss' κ of a checked tally; see :func:`fleiss_kappa`."""
    name = CoefficientName.FLEISS_KAPPA
    if not tally.n_compared:
        return tally.undefined(name, Reason.NO_PAIRS)
    tally = tally.comparable()
    if np.count_nonzero(tally.counts.any(axis=0)) < 2:
        return tally.undefined(name, Reason.ONE_LABEL_USED)
    prevalence = tally.prevalence()
    chance = float(prevalence @ prevalence)
    return _chance_corrected(tally, name, chance, 2 * prevalence, confidence)


def gwet_ac1_of(tally: Tally, confidence: float = 0.95) -> Coefficient:
    """Gwet's AC1 of a checked tally; see :func:`gwet_ac1`."""
    name = CoefficientName.GWET_AC1
    n_labels = tally.counts.shape[1]
    if n_labels < 2:
        return tally.undefined(name, Reason.ONE_LABEL_OFFERED)
    if not tally.n_compared:
        return tally.undefined(name, Reason.NO_PAIRS)
    prevalence = tally.prevalence()
    chance = float(prevalence @ (1 - prevalence)) / (n_labels - 1)
    return _chance_corrected(tally, name, chance, (1 - 2 * prevalence) / (n_labels - 1), confidence)


def _chance_corrected(
    tally: Tally, name: CoefficientName, chance: float, slope: Floats, confidence: float
) -> Coefficient:
    """``(p_a - p_e) / (1 - p_e)``, where ``slope`` is the gradient of ``p_e`` in the prevalences."""
    agreement = tally.mean_agreement()
    value = (agreement - chance) / (1 - chance)
    per_rated = tally.n_rated / tally.n_compared
    from_agreement = np.where(tally.compared, per_rated * (tally.agreeing - agreement), 0.0)
    from_chance = (1 - value) * tally.project(slope)
    influence = (from_agreement - from_chance) / (1 - chance)
    return tally.estimate(name, value, influence, tally.items, confidence)


def krippendorff_alpha_of(tally: Tally, confidence: float = 0.95) -> Coefficient:
    """Krippendorff's α of a checked tally; see :func:`krippendorff_alpha`."""
    name = CoefficientName.KRIPPENDORFF_ALPHA
    if not tally.n_compared:
        return tally.undefined(name, Reason.NO_PAIRS)
    tally = tally.comparable()
    counts, items, labels = tally.counts, tally.items, tally.labels
    per_label = np.einsum("ik,i->k", counts, items)
    if np.count_nonzero(per_label) < 2:
        return tally.undefined(name, Reason.ONE_LABEL_USED)
    n = float(items @ labels)
    totals = per_label.astype(np.float64)
    # Observed: Σ_u (m_u² - Σ_k n_uk²)/(m_u - 1) = Σ_u m_u · (share of disagreeing pairs of u).
    disagreeing = labels * (1 - tally.agreeing)
    observed = float(items @ disagreeing)
    expected = n * n - float(totals @ totals)
    value = 1 - (n - 1) * observed / expected
    pull = n * labels - np.einsum("ik,k->i", counts, totals)
    influence = -(observed * labels + (n - 1) * disagreeing) / expected + 2 * (n - 1) * observed * pull / expected**2
    return tally.estimate(name, value, influence * int(items.sum()), items, confidence)


def raw_agreement(
    counts: npt.ArrayLike, *, items: npt.ArrayLike | None = None, confidence: float = 0.95
) -> Coefficient:
    """Mean share of agreeing pairs of labels per item, ``p_a``.

    Parameters
    ----------
    counts : value counts, whole numbers, shape (rows, labels).
    items : how many items each row stands for, shape (rows,); one each where left out.
    confidence : of the interval, between 0 and 1.

    Undefined (``NO_PAIRS``) where no item has two labels.
    """
    return raw_agreement_of(Tally.of(counts, items), confidence)


def fleiss_kappa(counts: npt.ArrayLike, *, items: npt.ArrayLike | None = None, confidence: float = 0.95) -> Coefficient:
    """Fleiss' κ ``= (p_a - p_e)/(1 - p_e)`` with ``p_e = Σ_k π_k²``.

    Fleiss asks for equally many labels on every item; then this is his coefficient exactly. Where the
    numbers differ it is Gwet's extension, each item weighing the same, over the items with at least two
    labels. Gwet takes the prevalences from items with a single label too; while labelling is under way these
    are many and come in the order of the queue, and the coefficient could fall below -1, so they stay out.
    Parameters as for :func:`raw_agreement`.

    Undefined where no item has two labels (``NO_PAIRS``) or all compared labels are one (``ONE_LABEL_USED``).

    Source: Fleiss (1971), Psychological Bulletin 76, 378-382; Gwet (2014), Handbook of Inter-Rater
    Reliability, 4th edition, chapter 2.
    """
    return fleiss_kappa_of(Tally.of(counts, items), confidence)


def krippendorff_alpha(
    counts: npt.ArrayLike, *, items: npt.ArrayLike | None = None, confidence: float = 0.95
) -> Coefficient:
    """Krippendorff's α for nominal labels, ``1 - D_o/D_e``, labels missing or not.

    Over the items with ``m_u ≥ 2`` labels, ``n = Σ m_u`` and ``n_k`` of them label *k*:
    ``α = 1 - (n-1) · Σ_u (m_u² - Σ_k n_uk²)/(m_u - 1) / (n² - Σ_k n_k²)``. Parameters as for
    :func:`raw_agreement`. The same values as ``krippendorff.alpha(value_counts=…,
    level_of_measurement="nominal")``, without its array of items × labels × labels.

    Undefined where no item has two labels (``NO_PAIRS``) or all compared labels are one (``ONE_LABEL_USED``).

    Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
    """
    return krippendorff_alpha_of(Tally.of(counts, items), confidence)


def gwet_ac1(counts: npt.ArrayLike, *, items: npt.ArrayLike | None = None, confidence: float = 0.95) -> Coefficient:
    """Gwet's AC1 ``= (p_a - p_e)/(1 - p_e)`` with ``p_e = Σ_k π_k(1 - π_k)/(K - 1)``.

    *K* is the number of columns, that is, of labels offered, used or not. Parameters as for
    :func:`raw_agreement`. Stays defined, and 1, where everyone used one label; undefined where no item has
    two labels (``NO_PAIRS``) or fewer than two labels were offered (``ONE_LABEL_OFFERED``).

    Source: Gwet (2008), British Journal of Mathematical and Statistical Psychology 61, 29-48.
    """
    return gwet_ac1_of(Tally.of(counts, items), confidence)


def agreement(
    counts: npt.ArrayLike, *, items: npt.ArrayLike | None = None, confidence: float = 0.95
) -> dict[CoefficientName, Coefficient]:
    """Raw agreement, Fleiss' κ, Krippendorff's α and Gwet's AC1 of the same value counts, always together.

    Each of them misleads alone: raw agreement ignores chance, κ and α fall where one label is rare, AC1
    hardly corrects there. Parameters as for :func:`raw_agreement`.
    """
    tally = Tally.of(counts, items)
    found = (
        raw_agreement_of(tally, confidence),
        fleiss_kappa_of(tally, confidence),
        krippendorff_alpha_of(tally, confidence),
        gwet_ac1_of(tally, confidence),
    )
    return {coefficient.name: coefficient for coefficient in found}
