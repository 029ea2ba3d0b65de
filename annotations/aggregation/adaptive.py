"""Adaptive redundancy: stop collecting labels of an item once its posterior is sure enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from annotations.aggregation.fitted import Fitted, one_coin
from annotations.aggregation.labels import Floats, Ints, Labels

WEIGHT = 5.0  # labels that what is common to all annotators weighs beside an annotator's own
LOWEST = 1e-6


@dataclass(frozen=True)
class Told:
    """What a label of an annotator tells. ``logs``: (n_annotators, said, true), the logarithm of P(said | true).

    ``accuracy``: the share of all labels that is expected to be right.
    """

    logs: Floats
    accuracy: float


def told(fitted: Fitted, given: Ints, *, counted: Floats | None = None) -> Told:
    """What labels tell by a fit, with care for annotators who gave few: ``given`` says how many, shape (n_annotators,).

    A row of a confusion matrix is drawn towards one coin of the annotator's own skill, and the skill towards that of
    all, each as if ``WEIGHT`` labels said so: few labels prove little, and a fit believes them too readily.
    ``counted``: (n_annotators,) of bool, whose labels make up the accuracy; None: everybody's.
    """
    skill = np.clip(fitted.skill.astype(np.float64), 0, 1)
    counts = given if counted is None else given * counted
    accuracy = float((skill * counts).sum() / max(counts.sum(), 1))
    drawn = (skill * given + accuracy * WEIGHT) / (given + WEIGHT)
    seen = given[:, None, None] * fitted.prior.astype(np.float64)[None, :, None]  # labels of theirs for each true one
    coin = one_coin(drawn, fitted.confusion.shape[1])
    chances = (seen * fitted.confusion + WEIGHT * coin) / (seen + WEIGHT)
    return Told(np.log(np.maximum(chances, LOWEST)).transpose(0, 2, 1), accuracy)


def certainties(labels: Labels, logs: Floats, prior: Floats, *, counted: Floats) -> Floats:
    """The probability of each item's most probable label, shape (n_items,), from ``Told.logs`` and the prior.

    Only labels of annotators who are ``counted``, (n_annotators,) of bool, tell anything.
    """
    scores = np.tile(np.log(np.maximum(prior.astype(np.float64), LOWEST)), (labels.n_items, 1))
    which = counted[labels.annotator]
    item, annotator, label = labels.item[which], labels.annotator[which], labels.label[which]
    for true in range(labels.n_labels):
        scores[:, true] += np.bincount(item, logs[annotator, label, true], labels.n_items)
    scores -= scores.max(axis=1, keepdims=True)
    top: Floats = 1 / np.exp(scores).sum(axis=1)
    return top


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
