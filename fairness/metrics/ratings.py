"""Labels with who gave them, for figures about the people who label, and a bootstrap over people.

Labels of one person are alike, so an interval that takes labels for independent is too narrow, by two to
three times where people give hundreds of them. Here people are drawn anew, not labels.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from scipy import sparse

from annotations.agreement.intervals import student_quantile
from fairness.metrics.counts import G

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
H = TypeVar("H", bound=Hashable)

#: People that a group of them needs before anything is said of it.
MIN_RATERS = 5
DRAWS = 1_000
#: Draws times items in memory at once.
_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Ratings(Generic[G]):
    """One row per label: item, person and whether the label is the one in question.

    Attributes
    ----------
    item, rater : (n,) codes from 0.
    selected : (n,) of bool.
    rater_groups : (raters,) the group of each person; ``None`` where unknown: in no group, but among the
        others that a group is compared with.

    Raises
    ------
    ValueError
        Where the columns do not fit, or a person labels an item twice.
    """

    item: Integers
    rater: Integers
    selected: Floats
    rater_groups: tuple[G | None, ...]

    @classmethod
    def of(
        cls,
        item: Sequence[int],
        rater: Sequence[int],
        selected: Sequence[bool],
        rater_groups: Sequence[G | None],
    ) -> "Ratings[G]":
        items, raters = np.asarray(item, dtype=np.int64), np.asarray(rater, dtype=np.int64)
        chosen = np.asarray(selected, dtype=bool).astype(float)
        if not (items.shape == raters.shape == chosen.shape and items.ndim == 1):
            raise ValueError("Needs an item, a rater and a label in every row.")
        if len(items) and (min(items.min(), raters.min()) < 0 or raters.max() >= len(rater_groups)):
            raise ValueError("Items and raters are codes from 0, and every rater needs an entry in rater_groups.")
        if len(np.unique(items * len(rater_groups) + raters)) < len(items):
            raise ValueError("A rater counts once per item: leave superseded labels out.")
        return cls(items, raters, chosen, tuple(rater_groups))

    @property
    def groups(self) -> tuple[G, ...]:
        """The groups in the order of their first member."""
        return tuple(dict.fromkeys(g for g in self.rater_groups if g is not None))

    @property
    def n_items(self) -> int:
        return int(self.item.max()) + 1 if len(self.item) else 0

    def active(self, group: G | None = None, *, others: bool = False) -> Integers:
        """Codes of the people with labels, of all, of one group, or of everyone else."""
        present = np.unique(self.rater)
        if group is None:
            return present
        member = np.array([self.rater_groups[r] == group for r in present], dtype=bool)
        return present[member != others]

    def by_rater(self, column: Integers, width: int) -> tuple[sparse.csr_array, sparse.csr_array]:
        """Labels, and selected labels, of each person in each value of ``column``: two (raters, width) matrices."""
        shape = (len(self.rater_groups), width)
        place = (self.rater, column)
        every = sparse.csr_array((np.ones(len(self.rater)), place), shape=shape)
        return every, sparse.csr_array((self.selected, place), shape=shape)


def shared_items(every: sparse.csr_array, people: Integers, others: Integers) -> Floats:
    """(items,): 1 where somebody of both sides labelled it; ``every`` as from :meth:`Ratings.by_rater`."""
    ours, theirs = (every[side].sum(axis=0) for side in (people, others))
    return ((ours > 0) & (theirs > 0)).astype(float)


def draws_of(people: Integers, size: int, draws: int, chance: np.random.Generator) -> Floats:
    """How often each of ``size`` people is in each draw of ``people`` with putting back, (draws, size)."""
    weights = np.zeros((draws, size))
    if len(people):
        weights[:, people] = chance.multinomial(len(people), np.full(len(people), 1 / len(people)), size=draws)
    return weights


def chunks(draws: int, width: int) -> list[int]:
    """Sizes of parts of the draws that fit into memory together with ``width`` columns."""
    most = max(1, _CELLS // max(width, 1))
    return [min(most, draws - start) for start in range(0, draws, most)]


def spread_of(drawn: Floats, people: int, confidence: float) -> float | None:
    """Half the width of an interval from draws of a figure: Student's t times their standard deviation.

    With ``people`` in the smaller group the bootstrap's variance is too small by ``(k - 1)/k``, which is put
    right, and t has ``k - 1`` degrees of freedom. ``None`` where most draws have no figure (NaN).
    """
    usable = drawn[np.isfinite(drawn)]
    if len(usable) < max(2, len(drawn) / 2) or people < 2:
        return None
    error = float(usable.std(ddof=1)) * (people / (people - 1)) ** 0.5
    return student_quantile(confidence, people - 1) * error
