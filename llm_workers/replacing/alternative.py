"""The alternative-annotator test (Calderon, Reichart and Dror, ACL 2025). Pure: arrays in, numbers out.

For each person j and each item i that j, the model and at least one more person labelled: with ``sim`` = 1 − distance,
S(model) is the model's mean similarity to the labels of the others (j left out), S(j) that of j's own label.

- The model's advantage W^f is 1 where S(model) ≥ S(j), the person's W^h is 1 where S(j) ≥ S(model): a tie is both.
- ρ^f_j and ρ^h_j are their means over j's items. H0: ρ^f_j ≤ ρ^h_j − ε, tested by a one-sided t-test of
  d = W^h − W^f against ε: small d is the model's success. ε is what a person costs more, as an allowance.
- The p-values of all persons are corrected by Benjamini and Yekutieli (2001), because the tests share items.
- Winning rate ω: the share of persons whose H0 is rejected. The model passes where ω ≥ .5.
- Average advantage probability ρ: the mean of ρ^f_j. It ranks models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import stdtr

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

LEAST_ITEMS = 30  # compared with a person before that person counts, as the t-test asks
LEAST_PEOPLE = 3  # who count before anything is said
LEVEL = 0.05  # false discovery rate
PASSES = 0.5  # winning rate from which on a model passes
TIE = 1e-9  # similarities that are nearer than this are equal
CHUNK = 20_000  # items whose similarities to every answer are in memory at once


@dataclass(frozen=True)
class Judged:
    """Labels to compare. Of people, one row each: ``item`` (n,) 0 … items − 1, ``person`` (n,) 0 … people − 1,
    ``label`` (n,) 0 … labels − 1. ``model`` (items,): the model's label of each item, −1 where it gave none.
    ``similarity`` (labels, labels): 1 the same … 0 nothing in common."""

    item: Ints
    person: Ints
    label: Ints
    model: Ints
    similarity: Floats
    people: int


@dataclass(frozen=True)
class Compared:
    """One person against the model: ``items`` compared, ρ of either side, the corrected p-value of H0, and whether it
    is rejected (the model ``wins``)."""

    person: int
    items: int
    model: float
    human: float
    p: float
    wins: bool


@dataclass(frozen=True)
class Verdict:
    """``winning_rate`` (ω), ``advantage`` (ρ) and ``passes``: None where fewer than ``LEAST_PEOPLE`` can be compared.
    ``people``: those with at least ``LEAST_ITEMS`` items. ``left_out``: how many have too few. ``items``: compared."""

    people: tuple[Compared, ...]
    left_out: int
    items: int
    winning_rate: float | None
    advantage: float | None

    @property
    def passes(self) -> bool | None:
        return None if self.winning_rate is None else self.winning_rate >= PASSES


@dataclass(frozen=True)
class Advantages:
    """What the test is made of, one row for each person and item compared: ``item``, ``person``, and whether the model
    (``model``) and the person (``human``) did at least as well as the other."""

    item: Ints
    person: Ints
    model: Floats
    human: Floats

    def of_items(self, inside: np.ndarray[Any, np.dtype[np.bool_]]) -> Advantages:
        """Those of the items that are ``inside`` (items,)."""
        kept = inside[self.item]
        return Advantages(self.item[kept], self.person[kept], self.model[kept], self.human[kept])


def advantages(judged: Judged) -> Advantages:
    """Who was nearer to the others, item by item."""
    order = np.argsort(judged.item, kind="stable")
    item, person, label = judged.item[order], judged.person[order], judged.label[order]
    given = np.bincount(item, minlength=len(judged.model))
    ends = np.searchsorted(item, np.arange(0, len(judged.model) + CHUNK, CHUNK))
    mine, models = np.empty(len(item)), np.empty(len(item))
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        if end > start:
            part = slice(start, end)
            mine[part], models[part] = _similarities(item[part], label[part], judged)
    kept = (given[item] > 1) & (judged.model[item] >= 0)
    gap = (models - mine)[kept]
    return Advantages(
        item=item[kept],
        person=person[kept],
        model=(gap >= -TIE).astype(np.float64),
        human=(gap <= TIE).astype(np.float64),
    )


def _similarities(item: Ints, label: Ints, judged: Judged) -> tuple[Floats, Floats]:
    """For each row the summed similarity of its own label, and of the model's, to the labels of the others."""
    first = int(item[0])
    size = int(item[-1]) - first + 1
    shape = (size, len(judged.similarity))
    counts = sparse.csr_matrix((np.ones(len(item)), (item - first, label)), shape=shape)
    near = counts @ judged.similarity  # (items, labels): of each answer to all labels of the item
    model = judged.model[item]
    own = near[item - first, label] - judged.similarity[label, label]
    return own, near[item - first, model] - judged.similarity[model, label]


def verdict(found: Advantages, *, people: int, allowance: float, level: float = LEVEL) -> Verdict:
    """The test over these advantages of ``people`` persons. ``allowance`` is ε: .1 against a crowd, .15 against skilled
    annotators, .2 against experts."""
    n = np.bincount(found.person, minlength=people)
    able = np.flatnonzero(n >= LEAST_ITEMS)
    left_out = int(((n > 0) & (n < LEAST_ITEMS)).sum())
    items = len(np.unique(found.item))
    if len(able) < LEAST_PEOPLE:
        return Verdict((), left_out + len(able), items, None, None)
    model, human = _means(found.person, found.model, n, able), _means(found.person, found.human, n, able)
    p = benjamini_yekutieli(_p_values(found, n, able, allowance))
    compared = tuple(
        Compared(int(person), int(n[person]), float(ours), float(theirs), float(one), bool(one <= level))
        for person, ours, theirs, one in zip(able, model, human, p, strict=True)
    )
    winning = float(np.mean([one.wins for one in compared]))
    return Verdict(compared, left_out, items, winning, float(model.mean()))


def _means(person: Ints, values: Floats, n: Ints, able: Ints) -> Floats:
    return np.asarray((np.bincount(person, weights=values, minlength=len(n)) / np.maximum(n, 1))[able], np.float64)


def _p_values(found: Advantages, n: Ints, able: Ints, allowance: float) -> Floats:
    """One-sided t-test of mean d < ε for each person; where all d are equal, 0 below ε and 1 from it on."""
    d = found.human - found.model
    mean = _means(found.person, d, n, able)
    size = n[able]
    variance = np.maximum(_means(found.person, d**2, n, able) - mean**2, 0) * size / (size - 1)
    same = variance < TIE
    error = np.sqrt(np.where(same, 1.0, variance) / size)
    return np.asarray(np.where(same, mean >= allowance, stdtr(size - 1, (mean - allowance) / error)), np.float64)


def benjamini_yekutieli(p: Floats) -> Floats:
    """Corrected p-values (m,): those at most q are rejected at false discovery rate q, whatever the dependence."""
    m = len(p)
    order = np.argsort(p)
    rank = np.arange(1, m + 1)
    scaled = p[order] * m * (1 / rank).sum() / rank
    found = np.empty(m, np.float64)
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found
