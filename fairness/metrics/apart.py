"""Which figures may be shown side by side, so that no sum or difference of them is about too few people.

A figure is about a set of *units*, each of which belongs to a person. Sets that are each large enough may still leave
something small when one is taken from another, or all of them from the whole. Here figures are safe where **no**
weighted sum of them is about people of whom there are fewer than so many.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

Bools = np.ndarray[Any, np.dtype[np.bool_]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
#: From the cell of each unit, (units,) codes from 0, and the number of cells: sizes, (kinds, cells).
Sizes = Callable[[Integers, int], Integers]
N = TypeVar("N", bound=Hashable)


def kept_apart(candidates: Mapping[N, Bools], sizes: Sizes, least: int, *, known: Sequence[Bools] = ()) -> list[N]:
    """The candidates that may be shown together, taken in their order: each is left out that would make what is known
    by then tell of too few.

    Parameters
    ----------
    candidates : what each figure is about, (units,) of bool.
    sizes : how many people stand behind each cell of units, of one kind or of several (of all labels, say, and of
        those that count in a comparison). A cell is too small where one of its sizes is above 0 and under ``least``.
    known : sets whose figures are known in any case. All units together always are.

    The sets cut the units into cells. Figures are rows over cells; what can be made of them by adding and subtracting
    is the space that the rows span, and what of it lies on small cells alone has the dimension by which the rank falls
    when these columns are left out. A candidate must not raise it. All small cells are left out at once, which forbids
    a little more than it must.

    Whatever is left out later, for any reason, leaves the rest safe: its span is smaller.

    Sources: Hundepool et al. (2012), Statistical Disclosure Control, chapter 4 (tables that can be subtracted);
    Chin & Ozsoyoglu (1982), IEEE Transactions on Software Engineering 8, 574-582 (auditing sums by their span).
    """
    kept: list[N] = []
    rows = list(known)
    cell: Integers | None = None
    for units in known:
        cell = _cut(cell, units)
    for name, units in candidates.items():
        tried = _cut(cell, units)
        _codes, first = np.unique(tried, return_index=True)
        table = np.array([np.ones(len(first), bool), *(row[first] for row in [*rows, units])])
        found = sizes(tried, len(first))
        if _on_few(table, found, least) <= _on_few(table[:-1], found, least):
            kept.append(name)
            rows.append(units)
            cell = tried
    return kept


def people_in(rater: Integers, *kinds: Bools) -> Sizes:
    """Sizes as numbers of different people: ``rater`` (units,) codes from 0; ``kinds`` (units,) which units count."""
    many = int(rater.max(initial=0)) + 1

    def sizes(cell: Integers, cells: int) -> Integers:
        pairs = (np.unique(cell[kind] * many + rater[kind]) // many for kind in kinds)
        return np.array([np.bincount(own, minlength=cells) for own in pairs])

    return sizes


def _cut(cell: Integers | None, units: Bools) -> Integers:
    whole = np.zeros(len(units), dtype=np.int64) if cell is None else cell
    return np.unique(whole * 2 + units, return_inverse=True)[1].astype(np.int64)


def _on_few(table: Bools, sizes: Integers, least: int) -> int:
    """Dimensions of the span of ``table`` (figures, cells) that lie on small cells alone."""
    filled = sizes.any(axis=0)
    small = ((sizes > 0) & (sizes < least)).any(axis=0)
    if not small.any():
        return 0
    return _rank(table[:, filled]) - _rank(table[:, filled & ~small])


def _rank(table: Bools) -> int:
    return int(np.linalg.matrix_rank(table.astype(float))) if table.size else 0
