"""Adaptive redundancy: stop collecting labels of an item once its posterior is sure enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from annotations.aggregation.fitted import Fitted
from annotations.aggregation.labels import Floats, Ints, Labels


def enough(posterior: Mapping[str, float], *, labels: int, target: float, minimum: int = 1, maximum: int) -> bool:
    """Whether an item with ``labels`` labels and this posterior needs no further one.

    It has ``maximum`` labels, or at least ``minimum`` and one label that is at least ``target`` probable.
    """
    if labels >= maximum:
        return True
    return labels >= max(minimum, 1) and max(posterior.values(), default=0.0) >= target


@dataclass(frozen=True)
class Saving:
    """What a stop rule would have cost and given. ``labels``: (n_items,) labels taken, ``decided``: (n_items,)."""

    labels: Ints
    decided: Ints

    @property
    def per_item(self) -> float:
        return float(self.labels.mean())


def simulate(
    labels: Labels, fitted: Fitted, *, target: float, minimum: int = 1, maximum: int | None = None, seed: int = 0
) -> Saving:
    """Replay the labels of each item in random order and stop where ``enough`` does, with the skills of ``fitted``.

    Raises ``ValueError`` for an item without a label.
    """
    if (np.bincount(labels.item, minlength=labels.n_items) == 0).any():
        raise ValueError("Every item needs a label.")
    order = np.lexsort((np.random.default_rng(seed).random(len(labels)), labels.item))
    item, annotator, label = labels.item[order], labels.annotator[order], labels.label[order]
    first = np.flatnonzero(np.r_[True, item[1:] != item[:-1]])
    rank = np.arange(len(item)) - np.repeat(first, np.diff(np.r_[first, len(item)]))
    told = np.log(np.maximum(fitted.confusion[annotator, :, label], 1e-12))
    running = _running_sum(told, first, item) + np.log(np.maximum(fitted.prior, 1e-12))
    running -= running.max(axis=1, keepdims=True)
    top = 1 / np.exp(running).sum(axis=1)
    last = np.r_[item[1:] != item[:-1], True]
    stop = ((top >= target) & (rank + 1 >= minimum)) | last
    if maximum is not None:
        stop |= rank + 1 >= maximum
    at = np.flatnonzero(stop)
    chosen = at[np.r_[True, item[at][1:] != item[at][:-1]]]
    return Saving(labels=rank[chosen] + 1, decided=running[chosen].argmax(axis=1))


def _running_sum(values: Floats, first: Ints, item: Ints) -> Floats:
    """Sums of the rows of each item so far; rows of an item stand together."""
    whole = values.cumsum(axis=0)
    before = np.vstack([np.zeros(values.shape[1]), whole])[first]
    return whole - before[np.searchsorted(item[first], item)]
