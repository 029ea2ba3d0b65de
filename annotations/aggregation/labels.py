"""The labels that consensus is made of, as arrays, and how much a model's label may count.

Pure: arrays in, numbers out, no Django.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[Any]
NO_GOLD = -1


@dataclass(frozen=True)
class Labels:
    """One row per label: which item, which annotator, which label, as indices from 0.

    ``item``, ``annotator``, ``label``: integers of shape (n,). ``weight``: shape (n,), what a label counts when an
    item is decided; None: 1 each. ``gold``: shape (n_items,), the known label of an item or ``NO_GOLD``; None: none is
    known. An annotator's own skill is learnt from all of their labels, whatever these weigh.
    """

    item: Ints
    annotator: Ints
    label: Ints
    n_items: int
    n_annotators: int
    n_labels: int
    weight: Floats | None = None
    gold: Ints | None = None

    def __post_init__(self) -> None:
        if not len(self.item) == len(self.annotator) == len(self.label):
            raise ValueError("item, annotator and label must have one entry for each label.")
        for name, column, most in (
            ("item", self.item, self.n_items),
            ("annotator", self.annotator, self.n_annotators),
            ("label", self.label, self.n_labels),
        ):
            if len(column) and not 0 <= int(column.min()) <= int(column.max()) < most:
                raise ValueError(f"{name} must lie between 0 and {most - 1}.")
        if self.weight is not None and (len(self.weight) != len(self.item) or bool((self.weight < 0).any())):
            raise ValueError("weight must have one entry for each label, none below 0.")
        if self.gold is not None and len(self.gold) != self.n_items:
            raise ValueError("gold must have one entry for each item.")

    def __len__(self) -> int:
        return len(self.item)

    @cached_property
    def weights(self) -> Floats:
        """What each label counts for its item, shape (n,), float32."""
        return np.ones(len(self), np.float32) if self.weight is None else self.weight.astype(np.float32)

    @cached_property
    def tally(self) -> Floats:
        """Weighted votes, shape (n_items, n_labels)."""
        cells = np.bincount(self.item * self.n_labels + self.label, self.weights, self.n_items * self.n_labels)
        return cells.reshape(self.n_items, self.n_labels)

    @cached_property
    def by_item(self) -> sparse.csr_matrix:
        """Weights of shape (n_items, n_annotators × n_labels): who said what of an item."""
        return self._matrix(self.weights)

    @cached_property
    def by_annotator(self) -> sparse.csr_matrix:
        """Counts of shape (n_annotators × n_labels, n_items): the same the other way round, every label counting 1."""
        return self._matrix(np.ones(len(self), np.float32)).T.tocsr()

    def _matrix(self, values: Floats) -> sparse.csr_matrix:
        column = self.annotator * self.n_labels + self.label
        shape = (self.n_items, self.n_annotators * self.n_labels)
        return sparse.csr_matrix((values, (self.item, column)), shape=shape)

    @cached_property
    def given(self) -> Ints:
        """Labels that each annotator gave, shape (n_annotators,)."""
        return np.bincount(self.annotator, minlength=self.n_annotators)

    def anchor(self, posterior: Floats) -> Floats:
        """``posterior`` (n_items, n_labels) with the items whose label is known set to it, in place."""
        if self.gold is not None:
            known = np.flatnonzero(self.gold != NO_GOLD)
            posterior[known] = 0
            posterior[known, self.gold[known]] = 1
        return posterior


def labels_of(
    rows: Iterable[tuple[Hashable, Hashable, Hashable]], labels: Sequence[Hashable] | None = None
) -> tuple[Labels, list[Hashable], list[Hashable], list[Hashable]]:
    """``Labels`` from (item, annotator, label) triples, with the names behind the indices of all three.

    ``labels`` fixes the order of the labels, and adds those that nobody gave.
    """
    items: dict[Hashable, int] = {}
    annotators: dict[Hashable, int] = {}
    names: dict[Hashable, int] = {name: number for number, name in enumerate(labels or ())}
    triples = [
        (items.setdefault(i, len(items)), annotators.setdefault(a, len(annotators)), names.setdefault(y, len(names)))
        for i, a, y in rows
    ]
    table = np.array(triples, dtype=np.int64).reshape(-1, 3)
    made = Labels(table[:, 0], table[:, 1], table[:, 2], len(items), len(annotators), len(names))
    return made, list(items), list(annotators), list(names)


def model_weights(*, item: Ints, model: Ints, n_items: int, counted: bool = True) -> Floats:
    """What each label counts for its item, shape (n,), float32, when some come from models.

    ``model``: shape (n,), the number of the base model (whatever prompt it was asked with, whatever adapter it had),
    −1 for a person. People count 1. All labels of one model on an item count 1 together, because its errors repeat
    from prompt to prompt. All models on an item count at most as much as its people together; where no person has
    labelled the item they count nothing, and with ``counted`` False they never do.
    """
    weight = np.ones(len(item), np.float64)
    is_model = model >= 0
    if not counted:
        weight[is_model] = 0
    if not counted or not is_model.any():
        return weight.astype(np.float32)
    base = int(model.max()) + 1
    pair, prompts = np.unique(item[is_model] * base + model[is_model], return_counts=True)
    share = 1.0 / prompts[np.searchsorted(pair, item[is_model] * base + model[is_model])]
    people = np.bincount(item[~is_model], minlength=n_items)
    models = np.bincount(item[is_model], share, n_items)
    cap = np.minimum(1.0, people / np.maximum(models, 1e-12))
    weight[is_model] = share * cap[item[is_model]]
    return weight.astype(np.float32)
