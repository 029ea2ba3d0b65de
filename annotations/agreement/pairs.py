"""Agreement of two annotators, or of two kinds of annotators, from their confusion matrix.

Where the matrix pairs several labels of one item (each human label with the model's, say), its pairs are
not independent. Pass the number of distinct items as ``n_items``: the value stays, the interval is then as
wide as that many independent pairs make it, which is on the safe side.
"""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from annotations.agreement.coefficient import Coefficient, CoefficientName
from annotations.agreement.intervals import normal_quantile, symmetric, wilson
from annotations.agreement.reasons import Reason
from annotations.agreement.several import Tally, gwet_ac1_of, krippendorff_alpha_of
from annotations.agreement.tables import Floats, Integers, integers

Weights = Literal["linear", "quadratic"]

_NAMES: dict[Weights | None, CoefficientName] = {
    None: CoefficientName.COHEN_KAPPA,
    "linear": CoefficientName.LINEAR_KAPPA,
    "quadratic": CoefficientName.QUADRATIC_KAPPA,
}


def _check(matrix: npt.ArrayLike, n_items: int | None) -> tuple[Integers, int, int]:
    """The matrix, its total, and the number of independent items."""
    table = integers(matrix, "matrix", 2)
    if table.shape[0] != table.shape[1]:
        raise ValueError(f"A confusion matrix is square, got {table.shape}.")
    total = int(table.sum())
    if n_items is None:
        return table, total, total
    if not min(total, 1) <= n_items <= total:
        raise ValueError(f"n_items must lie between 1 and the {total} pairs of the matrix, got {n_items}.")
    return table, total, n_items


def _disagreement(n_labels: int, weights: Weights | None) -> Floats:
    """Weights of disagreement, shape (labels, labels): 0 on the diagonal, 1 at the furthest."""
    rank = np.arange(n_labels, dtype=np.float64)
    distance: Floats = np.abs(rank[:, None] - rank) / max(n_labels - 1, 1)
    if weights is None:
        return (distance > 0).astype(np.float64)
    if weights == "linear":
        return distance
    if weights == "quadratic":
        return distance**2
    raise ValueError(f"weights must be None, 'linear' or 'quadratic', got {weights!r}.")


def pair_raw_agreement(matrix: npt.ArrayLike, *, n_items: int | None = None, confidence: float = 0.95) -> Coefficient:
    """Share of pairs that agree, with Wilson's interval.

    Parameters
    ----------
    matrix : confusion matrix, whole numbers, shape (labels, labels).
    n_items : distinct items behind the pairs; as many as pairs where left out.
    confidence : of the interval, between 0 and 1.

    Undefined (``NO_PAIRS``) where the matrix is empty.
    """
    table, total, independent = _check(matrix, n_items)
    if not total:
        return Coefficient.undefined(CoefficientName.RAW_AGREEMENT, Reason.NO_PAIRS)
    agreed = int(np.trace(table))
    low, high = wilson(agreed * independent / total, independent, confidence)
    return Coefficient(CoefficientName.RAW_AGREEMENT, agreed / total, low, high, independent, total)


def cohen_kappa(
    matrix: npt.ArrayLike,
    *,
    weights: Weights | None = None,
    n_items: int | None = None,
    confidence: float = 0.95,
) -> Coefficient:
    """Cohen's κ, unweighted or weighted for ordered labels, with its large-sample interval.

    ``κ = 1 - Σ v_kl p_kl / Σ v_kl p_k. p_.l`` with the weights of disagreement ``v``: 1 off the diagonal
    (unweighted), ``|k-l|/(K-1)`` (linear) or its square (quadratic). Unweighted this is
    ``(p_o - p_e)/(1 - p_e)``.

    Parameters
    ----------
    matrix : confusion matrix, whole numbers, shape (labels, labels); for weights, labels in their order.
    weights : ``None``, ``"linear"`` or ``"quadratic"``.
    n_items : distinct items behind the pairs; as many as pairs where left out.
    confidence : of the interval, between 0 and 1.

    Undefined where the matrix is empty (``NO_PAIRS``) or both sides always used the same one label
    (``ONE_LABEL_USED``).

    Source: Cohen (1960, 1968); standard error of Fleiss, Cohen & Everitt (1969), Psychological Bulletin
    72, 323-327. The same values as ``statsmodels.stats.inter_rater.cohens_kappa``.
    """
    table, total, independent = _check(matrix, n_items)
    name = _NAMES.get(weights, CoefficientName.COHEN_KAPPA)
    disagreement = _disagreement(len(table), weights)
    if not total:
        return Coefficient.undefined(name, Reason.NO_PAIRS)
    shares = table / total
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    expected = float(rows @ disagreement @ columns)
    if expected == 0.0:
        return Coefficient.undefined(name, Reason.ONE_LABEL_USED, n_items=independent, n_pairs=total)
    value = 1 - float((disagreement * shares).sum()) / expected
    credit = 1 - disagreement
    influence = credit - ((credit @ columns)[:, None] + rows @ credit) * (1 - value)
    centred = influence - float((shares * influence).sum())
    error = math.sqrt(float((shares * centred**2).sum()) / independent) / expected
    low, high = symmetric(value, error, normal_quantile(confidence))
    return Coefficient(name, value, low, high, independent, total)


def pair_patterns(matrix: npt.ArrayLike) -> tuple[Integers, Integers]:
    """The confusion matrix as value counts of items with two labels.

    Returns
    -------
    counts, items : value counts of shape (patterns, labels) with two labels in each row, and how many pairs
        show that pattern, shape (patterns,).
    """
    table, _, _ = _check(matrix, None)
    first, second = np.nonzero(table)
    counts = np.zeros((len(first), len(table)), dtype=np.int64)
    position = np.arange(len(first))
    counts[position, first] += 1
    counts[position, second] += 1
    return counts, table[first, second]


def pair_agreement(
    matrix: npt.ArrayLike,
    *,
    ordered: bool = False,
    n_items: int | None = None,
    confidence: float = 0.95,
) -> dict[CoefficientName, Coefficient]:
    """Raw agreement, Cohen's κ, Krippendorff's α and Gwet's AC1 of one confusion matrix, always together.

    ``ordered=True`` adds the linear and quadratic κ, for labels that have an order. Other parameters as for
    :func:`cohen_kappa`.
    """
    table, _, independent = _check(matrix, n_items)
    tally = Tally.of(*pair_patterns(table), n_independent=independent)
    found = [
        pair_raw_agreement(table, n_items=n_items, confidence=confidence),
        cohen_kappa(table, n_items=n_items, confidence=confidence),
        krippendorff_alpha_of(tally, confidence),
        gwet_ac1_of(tally, confidence),
    ]
    if ordered:
        schemes: tuple[Weights, ...] = ("linear", "quadratic")
        found += [cohen_kappa(table, weights=w, n_items=n_items, confidence=confidence) for w in schemes]
    return {coefficient.name: coefficient for coefficient in found}
