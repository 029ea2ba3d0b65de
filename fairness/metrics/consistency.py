"""Individual fairness by neighbours: are similar items labelled alike?"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
import numpy.typing as npt

from annotations.agreement.intervals import wilson
from fairness.metrics.counts import G
from fairness.metrics.estimate import Estimate, Reason
from fairness.metrics.parity import MIN_GROUP

Integers = np.ndarray[Any, np.dtype[np.intp]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

#: Neighbours that each item is compared with.
NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Consistency(Generic[G]):
    """How alike neighbours are labelled, in [0, 1].

    Attributes
    ----------
    overall : mean share of an item's neighbours that have its label.
    by_group : the same over the items of each group; neighbours may be of any group.
    least : items in the order of that share, the least consistent first (as indices): the ones to look at.
    """

    overall: Estimate
    by_group: Mapping[G, Estimate]
    least: tuple[int, ...]


def nearest(distances: npt.ArrayLike, k: int = NEIGHBOURS, *, first: int | None = None) -> Integers:
    """The ``k`` nearest others of each item, (n, k), the nearest first and of equals the one listed first.

    Parameters
    ----------
    distances : (n, n), from each item to each; need not be symmetric. An item is never its own neighbour.
    first : where the table is a block of rows, (m, n), the item that its first row is of; so a large table need not be
        held at once.

    Raises
    ------
    ValueError
        Where they are not square (or no such block), hold NaN, or there are not more than ``k`` items.
    """
    apart = np.array(distances, dtype=float)
    square = apart.ndim == 2 and (apart.shape[0] == apart.shape[1] if first is None else True)
    if not square or np.isnan(apart).any():
        raise ValueError(f"distances must be a square table of numbers, got shape {apart.shape}.")
    if not 1 <= k < apart.shape[1]:
        raise ValueError(f"k must be at least 1 and less than the number of items, got {k} of {apart.shape[1]}.")
    if first is not None and not 0 <= first <= apart.shape[1] - apart.shape[0]:
        raise ValueError(f"A block of {len(apart)} rows cannot begin at item {first} of {apart.shape[1]}.")
    itself = np.eye(apart.shape[0], apart.shape[1], k=first or 0, dtype=bool)
    # By distance, and an item itself last even behind others that are infinitely far.
    order: Integers = np.lexsort((np.broadcast_to(np.arange(apart.shape[1]), apart.shape), apart, itself), axis=-1)
    return order[:, :k]


def neighbour_consistency(
    labels: npt.ArrayLike,
    neighbours: npt.ArrayLike,
    *,
    groups: list[G] | None = None,
    min_group: int = MIN_GROUP,
    clusters: npt.ArrayLike | None = None,
) -> Consistency[G]:
    """Mean share of each item's neighbours that have its label.

    For two labels this is ``1 - 1/n Σ_i |y_i - 1/k Σ_j y_j|``, the consistency of Zemel et al.; for more the
    same with "another label" in the place of the difference.

    Parameters
    ----------
    labels : (n,) labels, of any kind that can be compared.
    neighbours : (n, k) indices of each item's neighbours, as :func:`nearest` gives them.
    groups : (n,) each item's group.
    min_group : items that a figure needs to be shown.
    clusters : (n,) what each item is a copy of, as whole numbers; each its own where all are independent. With them
        every figure has a 95 % interval.

    Undefined without items.

    Items share neighbours, so their shares are not independent. The variance is that of a jackknife over clusters, each
    left out with every pair that it is part of, which counts a pair for both of its ends and so is too large rather
    than too small; the interval is Wilson's for as many observations as that is the variance of, or for one
    observation a cluster where nothing varies.

    Source of the jackknife: Snijders & Borgatti (1999), Non-parametric standard errors and tests for network
    statistics, Connections 22(2), 161-170.

    Source: Zemel, Wu, Swersky, Pitassi & Dwork (2013), Learning fair representations, section 4.
    """
    given = np.asarray(labels)
    others = np.asarray(neighbours)
    if given.ndim != 1 or others.ndim != 2 or len(given) != len(others) or others.shape[1] < 1:
        raise ValueError(f"Needs n labels and (n, k) neighbours, got {given.shape} and {others.shape}.")
    if groups is not None and len(groups) != len(given):
        raise ValueError(f"Needs a group for each of {len(given)} items, got {len(groups)}.")
    if len(given) and not (others.min() >= 0 and others.max() < len(given)):
        raise ValueError("Neighbours must be indices of the labels.")
    pairs = given[others] == given[:, None] if len(given) else np.zeros((0, others.shape[1]), bool)
    copies = None if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    if copies is not None and len(copies) != len(given):
        raise ValueError(f"Needs a cluster for each of {len(given)} items, got {len(copies)}.")
    by_group: dict[G, Estimate] = {}
    if groups is not None:
        members: dict[Hashable, list[int]] = {}
        for place, group in enumerate(groups):
            members.setdefault(group, []).append(place)
        by_group = {
            group: _mean(pairs, others, np.array(members[group]), copies, min_group) for group in dict.fromkeys(groups)
        }
    least = tuple(int(i) for i in np.argsort(pairs.mean(axis=1), kind="stable"))
    return Consistency(_mean(pairs, others, np.arange(len(given)), copies, min_group), by_group, least)


def _mean(pairs: Bools, others: Integers, items: Integers, copies: Integers | None, min_group: int) -> Estimate:
    """The share of alike ``pairs`` (n, k) over some of the ``items``."""
    n = len(items)
    if not n:
        return Estimate.undefined(Reason.NO_NEIGHBOURS)
    if n < min_group:
        return Estimate.insufficient(Reason.SMALL_GROUP, n)
    value = float(pairs[items].mean())
    if copies is None:
        return Estimate.ok(value, n)
    effective = _effective(pairs[items], copies[items], copies[others[items]])
    return Estimate.ok(value, n, wilson(min(value * effective, effective), effective))


def _effective(pairs: Bools, own: Integers, its: Integers) -> float:
    """How many independent observations the share of ``pairs`` (m, k) is worth; ``own`` (m,) and ``its`` (m, k): the
    clusters of their ends."""
    independent = float(len(np.unique(own)))
    value, size = float(pairs.mean()), int(max(own.max(), its.max())) + 1
    beyond = its != own[:, None]  # a pair within a cluster is part of it once
    sums = np.bincount(own, weights=pairs.sum(axis=1), minlength=size)
    sums += np.bincount(its[beyond], weights=pairs[beyond], minlength=size)
    counts = np.bincount(own, minlength=size) * pairs.shape[1] + np.bincount(its[beyond], minlength=size)
    left = counts[(counts > 0) & (counts < pairs.size)]
    without = (pairs.sum() - sums[(counts > 0) & (counts < pairs.size)]) / (pairs.size - left)
    if len(without) < 2:
        return independent
    variance = (len(without) - 1) / len(without) * float(((without - without.mean()) ** 2).sum())
    return min(value * (1 - value) / variance, float(len(own))) if variance > 0 else independent
