"""Individual fairness by neighbours: are similar items labelled alike?"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
import numpy.typing as npt

from fairness.metrics.counts import G
from fairness.metrics.estimate import Estimate, Reason
from fairness.metrics.parity import MIN_GROUP

Integers = np.ndarray[Any, np.dtype[np.intp]]

#: Neighbours that each item is compared with.
NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Consistency(Generic[G]):
    """How alike neighbours are labelled, in [0, 1].

    Attributes
    ----------
    overall : mean share of an item's neighbours that have its label. No interval: items share neighbours.
    by_group : the same over the items of each group; neighbours may be of any group.
    least : items in the order of that share, the least consistent first (as indices): the ones to look at.
    """

    overall: Estimate
    by_group: Mapping[G, Estimate]
    least: tuple[int, ...]


def nearest(distances: npt.ArrayLike, k: int = NEIGHBOURS) -> Integers:
    """The ``k`` nearest others of each item, (n, k), the nearest first and of equals the one listed first.

    Parameters
    ----------
    distances : (n, n), from each item to each; need not be symmetric. An item is never its own neighbour.

    Raises
    ------
    ValueError
        Where they are not square, hold NaN, or there are not more than ``k`` items.
    """
    apart = np.array(distances, dtype=float)
    if apart.ndim != 2 or apart.shape[0] != apart.shape[1] or np.isnan(apart).any():
        raise ValueError(f"distances must be a square table of numbers, got shape {apart.shape}.")
    if not 1 <= k < len(apart):
        raise ValueError(f"k must be at least 1 and less than the number of items, got {k} of {len(apart)}.")
    itself = np.eye(len(apart), dtype=bool)
    # By distance, and an item itself last even behind others that are infinitely far.
    order: Integers = np.lexsort((np.broadcast_to(np.arange(len(apart)), apart.shape), apart, itself), axis=-1)
    return order[:, :k]


def neighbour_consistency(
    labels: npt.ArrayLike,
    neighbours: npt.ArrayLike,
    *,
    groups: list[G] | None = None,
    min_group: int = MIN_GROUP,
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

    Undefined without items.

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
    alike = (given[others] == given[:, None]).mean(axis=1) if len(given) else np.zeros(0)
    by_group: dict[G, Estimate] = {}
    if groups is not None:
        members: dict[Hashable, list[int]] = {}
        for place, group in enumerate(groups):
            members.setdefault(group, []).append(place)
        by_group = {group: _mean(alike[members[group]], min_group) for group in dict.fromkeys(groups)}
    least = tuple(int(i) for i in np.argsort(alike, kind="stable"))
    return Consistency(_mean(alike, min_group), by_group, least)


def _mean(alike: np.ndarray[Any, np.dtype[np.float64]], min_group: int) -> Estimate:
    if not len(alike):
        return Estimate.undefined(Reason.NO_NEIGHBOURS)
    if len(alike) < min_group:
        return Estimate.insufficient(Reason.SMALL_GROUP, len(alike))
    return Estimate.ok(float(alike.mean()), len(alike))
