"""Consensus by vote: every label counts the same, or what its annotator's agreement with the others is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from annotations.aggregation.fitted import Fitted, normalised, one_coin
from annotations.aggregation.labels import Floats, Labels

MAX_ROUNDS = 20


def majority(labels: Labels) -> Fitted:
    """Each item's labels as shares of its votes; the label with the largest share wins."""
    worth = np.ones(labels.n_annotators)
    return _voted(labels, worth, "majority")


def wawa(labels: Labels) -> Fitted:
    """Worker agreement with aggregate: votes weighted by how often each annotator agrees with the majority.

    Appen's method; the same as crowd-kit's ``Wawa``. Raises ``ValueError`` where there are no labels, as all do.
    """
    won = majority(labels)
    agreement = _hits(labels, won.decided) / np.maximum(labels.given, 1)
    return replace(_voted(labels, agreement, "wawa"), skill=agreement, confusion=one_coin(agreement, labels.n_labels))


def weighted_majority(labels: Labels) -> Fitted:
    """Wawa's step repeated until no item changes, each vote weighted by what it tells about a label.

    An annotator who is right with probability s among K labels tells ln(s (K − 1) / (1 − s)): nothing at chance level,
    and less than nothing counts as nothing (S. Nitzan, J. Paroush, *Optimal Decision Rules in Uncertain Dichotomous
    Choice Situations*, 1982).
    """
    fitted, rounds, converged = majority(labels), 1, False
    while not converged and rounds < MAX_ROUNDS:
        skill = (_hits(labels, fitted.decided) + 1) / (labels.given + 2)
        odds = np.maximum(np.log(skill * max(labels.n_labels - 1, 1) / (1 - skill)), 0)
        rounds += 1
        after = _voted(labels, odds, "weighted_majority", rounds)
        converged = bool((after.decided == fitted.decided).all())
        fitted = after
    return fitted


def _hits(labels: Labels, decided: Floats) -> Floats:
    """How many of each annotator's labels are the decided ones; gold stands above what was decided."""
    known = labels.anchor(np.eye(labels.n_labels)[decided])
    return np.bincount(labels.annotator, known[labels.item, labels.label], labels.n_annotators)


def _voted(labels: Labels, worth: Floats, method: str, rounds: int = 1) -> Fitted:
    if not len(labels):
        raise ValueError("There are no labels to fit.")
    cells = np.bincount(
        labels.item * labels.n_labels + labels.label,
        labels.weights * worth[labels.annotator],
        labels.n_items * labels.n_labels,
    )
    posterior = labels.anchor(normalised(cells.reshape(labels.n_items, labels.n_labels)))
    skill = _hits(labels, posterior.argmax(axis=1)) / np.maximum(labels.given, 1)
    return Fitted(
        method=method,
        posterior=posterior,
        skill=skill,
        confusion=one_coin(skill, labels.n_labels),
        prior=normalised(posterior.sum(axis=0)),
        iterations=rounds,
        worth=worth,
    )
