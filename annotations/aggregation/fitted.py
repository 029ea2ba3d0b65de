"""What every method of consensus answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotations.aggregation.labels import Floats, Ints, Labels


@dataclass(frozen=True)
class Fitted:
    """A method's answer for one set of labels.

    ``posterior``: (n_items, n_labels), each row a distribution; items without a label that counts have the prior.
    ``skill``: (n_annotators,), the probability that the annotator's label is right, over the labels as they occur.
    ``confusion``: (n_annotators, n_labels, n_labels), P(said | true) with the true label in rows, each row summing
    to 1. ``prior``: (n_labels,). ``easiness``: (n_items,) and ``ability``: (n_annotators,) of GLAD, else None.
    ``worth``: (n_annotators,), what a vote weighs where votes are shared out, else None.
    ``log_likelihood``: of the labels under the method's model, NaN where it has none. ``spread``: the share of items
    whose label depends on the random start, 0 for methods without one.
    """

    method: str
    posterior: Floats
    skill: Floats
    confusion: Floats
    prior: Floats
    iterations: int = 1
    converged: bool = True
    log_likelihood: float = float("nan")
    spread: float = 0.0
    easiness: Floats | None = None
    ability: Floats | None = None
    worth: Floats | None = None

    @property
    def decided(self) -> Ints:
        """The most probable label of each item, the first of several that are as probable: (n_items,)."""
        return self.posterior.argmax(axis=1)


def one_coin(skill: Floats, n_labels: int) -> Floats:
    """Confusion matrices of annotators who are right with probability ``skill`` and else take any other label."""
    wrong = (1 - skill) / max(n_labels - 1, 1)
    matrices = np.repeat(wrong, n_labels * n_labels).reshape(len(skill), n_labels, n_labels)
    diagonal = np.arange(n_labels)
    matrices[:, diagonal, diagonal] = skill[:, None] if n_labels > 1 else 1.0
    return matrices


def normalised(rows: Floats) -> Floats:
    """``rows`` scaled to sum 1 along the last axis; a row of zeros becomes uniform."""
    total = rows.sum(axis=-1, keepdims=True)
    uniform = np.full_like(rows, 1 / rows.shape[-1])
    return np.divide(rows, total, out=uniform, where=total > 0)


def softmax(scores: Floats) -> tuple[Floats, float]:
    """Rows of log-probabilities as distributions, and the sum of the rows' log-sum-exps.

    Answers an array with the columns contiguous: classes are few and items many, so working column by column is several
    times as fast as row by row.
    """
    scores = np.asfortranarray(scores)
    peak = scores.max(axis=1)
    scores -= peak[:, None]
    np.exp(scores, out=scores)
    total = scores.sum(axis=1)
    scores /= total[:, None]
    return scores, float(np.log(total).sum(dtype=np.float64) + peak.sum(dtype=np.float64))


def expected_skill(labels: Labels, posterior: Floats) -> Floats:
    """The posterior probability of each annotator's labels, on average over them: (n_annotators,)."""
    right = np.bincount(labels.annotator, posterior[labels.item, labels.label], labels.n_annotators)
    return right / np.maximum(labels.given, 1)
