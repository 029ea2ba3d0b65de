"""What a crowd said, when, how fast and in which order it was shown; and what the others said of the same items."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
UNKNOWN = -1
MIN_OTHERS = 2  # votes of others before they count as a reference
RANKS = 3  # enough to know a majority after two votes are taken away


@dataclass(frozen=True)
class Said:
    """One row per label, as indices from 0; arrays of shape (n,) unless another is given.

    ``seconds``: active time, NaN where it was not measured. ``at``: when, in seconds of any epoch. ``words``: shape
    (n_items,), words to read, NaN where an item is not read. ``known``: shape (n_items,), a label that is known
    otherwise (gold, or an expert's), or ``UNKNOWN``. ``orders``: shape (n_orders, n_labels), the position of each label
    in an order in which options were shown; ``order``: which of them a label was given in, or ``UNKNOWN``. ``judged``:
    shape (n_annotators,), who may be named in a finding; everybody else only counts as one of the others.
    ``prompted``: given beside a model's suggestion, which makes people alike who never copied.

    Raises ``ValueError`` for columns of different lengths.
    """

    item: Ints
    annotator: Ints
    label: Ints
    n_items: int
    n_annotators: int
    n_labels: int
    seconds: Floats
    at: Floats
    words: Floats
    known: Ints
    order: Ints
    orders: Ints
    judged: Bools
    prompted: Bools

    def __post_init__(self) -> None:
        columns = (self.item, self.annotator, self.label, self.seconds, self.at, self.order, self.prompted)
        if len({len(column) for column in columns}) != 1:
            raise ValueError("item, annotator, label, seconds, at, order, prompted: one entry for each label.")
        if len(self.words) != self.n_items or len(self.known) != self.n_items:
            raise ValueError("words and known must have one entry for each item.")
        if len(self.judged) != self.n_annotators:
            raise ValueError("judged must have one entry for each annotator.")

    @classmethod
    def plain(cls, item: Ints, annotator: Ints, label: Ints, **given: Any) -> Said:
        """Labels alone, or with some of the other columns; what is not given is not known, and everybody is judged."""
        n_items = int(item.max(initial=-1)) + 1
        n_annotators = int(annotator.max(initial=-1)) + 1
        n_labels = int(label.max(initial=-1)) + 1
        rest: dict[str, Any] = {
            "seconds": np.full(len(item), np.nan),
            "at": np.arange(len(item), dtype=float),
            "words": np.full(n_items, np.nan),
            "known": np.full(n_items, UNKNOWN),
            "order": np.full(len(item), UNKNOWN),
            "orders": np.empty((0, n_labels), np.int64),
            "judged": np.ones(n_annotators, bool),
            "prompted": np.zeros(len(item), bool),
        }
        return cls(item, annotator, label, n_items, n_annotators, n_labels, **(rest | given))

    def __len__(self) -> int:
        return len(self.item)

    @cached_property
    def given(self) -> Ints:
        """Labels of each person, shape (n_annotators,)."""
        return np.bincount(self.annotator, minlength=self.n_annotators)

    @cached_property
    def per_item(self) -> Ints:
        """Labels of each item, shape (n_items,)."""
        return np.bincount(self.item, minlength=self.n_items)

    @cached_property
    def ranked(self) -> tuple[Ints, Ints]:
        """The most frequent labels of each item and their votes, both of shape (n_items, ``RANKS``)."""
        cells, votes = np.unique(self.item * self.n_labels + self.label, return_counts=True)
        of_item = cells // max(self.n_labels, 1)
        order = np.lexsort((-votes, of_item))
        of_item = of_item[order]
        first = np.searchsorted(of_item, np.arange(self.n_items))
        rank = np.arange(len(order)) - first[of_item]
        top = np.full((self.n_items, RANKS), UNKNOWN)
        many = np.zeros((self.n_items, RANKS), np.int64)
        kept = rank < RANKS
        top[of_item[kept], rank[kept]] = (cells[order] % max(self.n_labels, 1))[kept]
        many[of_item[kept], rank[kept]] = votes[order][kept]
        return top, many

    def without(self, item: Ints, *labels: Ints) -> tuple[Ints, Ints]:
        """(reference, votes) of items after one vote for each of ``labels`` is taken away, all of one shape.

        The reference is the known label where there is one, else what more than half of the votes left say, else
        ``UNKNOWN``. ``votes`` are those left.
        """
        top, many = self.ranked
        left = self.per_item[item] - len(labels)
        reference = np.full(len(item), UNKNOWN)
        for rank in range(RANKS):
            votes = many[item, rank] - sum((top[item, rank] == label).astype(np.int64) for label in labels)
            reference = np.where(2 * votes > left, top[item, rank], reference)
        known = self.known[item]
        return np.where(known != UNKNOWN, known, reference), left

    @cached_property
    def reference(self) -> Ints:
        """For each label what the others say of the item: the known label, or what more than half of at least
        ``MIN_OTHERS`` other people say, or ``UNKNOWN``."""
        reference, votes = self.without(self.item, self.label)
        sure = (votes >= MIN_OTHERS) | (self.known[self.item] != UNKNOWN)
        return np.where(sure, reference, UNKNOWN)
