"""Dawid and Skene's model: each annotator has a confusion matrix, found together with the items' labels by EM.

A. P. Dawid, A. M. Skene, *Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm*, Applied
Statistics 28 (1979). Both steps are one product of a sparse matrix (who said what of which item) with a dense one, so
an iteration costs as much as there are labels times classes, whatever the number of annotators.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotations.aggregation.fitted import Fitted, expected_skill, normalised, softmax
from annotations.aggregation.labels import Floats, Labels

SMOOTHING = 0.01  # added to every cell of every confusion matrix
TOLERANCE = 1e-6  # of the log-likelihood per label
ITERATIONS = 100


@dataclass(frozen=True)
class Start:
    """Where an earlier fit ended. ``confusion``: (n_annotators, n_labels, n_labels), P(said | true), true in rows, NaN
    for annotators who were not in it; ``prior``: (n_labels,)."""

    confusion: Floats
    prior: Floats


def dawid_skene(
    labels: Labels,
    *,
    smoothing: float = SMOOTHING,
    pooling: float = 0.0,
    iterations: int = ITERATIONS,
    tolerance: float = TOLERANCE,
    start: Start | None = None,
) -> Fitted:
    """Fit by EM in log space. Known labels are held throughout.

    ``pooling``: how many labels' worth of the annotators' common confusion matrix each one's own is drawn towards.
    ``start``: without one, EM starts from the vote. Raises ``ValueError`` where there are no labels, or for a start of
    another shape.
    """
    if not len(labels):
        raise ValueError("There are no labels to fit.")
    posterior = _begin(labels, start)
    likelihood, improved, done = -np.inf, np.inf, 0
    while done < iterations and abs(improved) > tolerance * len(labels):
        done += 1
        errors = maximise(labels, posterior, smoothing=smoothing, pooling=pooling)
        prior = normalised(posterior.sum(axis=0, dtype=np.float64) + smoothing)
        posterior, reached = expect(labels, errors, prior)
        improved, likelihood = reached - likelihood, reached
    return Fitted(
        method="dawid_skene",
        posterior=posterior,
        skill=expected_skill(labels, posterior),
        confusion=errors.transpose(0, 2, 1),
        prior=prior,
        iterations=done,
        converged=abs(improved) <= tolerance * len(labels),
        log_likelihood=likelihood,
    )


def _begin(labels: Labels, start: Start | None) -> Floats:
    vote = labels.anchor(normalised(labels.tally).astype(np.float32))
    if start is None:
        return vote
    size = (labels.n_annotators, labels.n_labels, labels.n_labels)
    if start.confusion.shape != size or start.prior.shape != size[1:2]:
        raise ValueError(f"The start must have confusion matrices of shape {size} and a prior for {size[1]} labels.")
    errors = start.confusion.transpose(0, 2, 1)
    unknown = np.asarray(np.isnan(errors).any(axis=(1, 2)))
    if unknown.any():
        errors = np.where(unknown[:, None, None], maximise(labels, vote, smoothing=SMOOTHING), errors)
    return expect(labels, errors, start.prior)[0]


def expect(labels: Labels, errors: Floats, prior: Floats) -> tuple[Floats, float]:
    """The items' posteriors (n_items, n_labels), float32, and the log-likelihood of the labels.

    ``errors``: (n_annotators, said, true).
    """
    log_errors = np.log(np.maximum(errors, 1e-12)).astype(np.float32).reshape(-1, labels.n_labels)
    scores = labels.by_item @ log_errors
    scores += np.log(np.maximum(prior, 1e-12)).astype(np.float32)
    posterior, likelihood = softmax(scores)
    return labels.anchor(posterior), likelihood


def maximise(labels: Labels, posterior: Floats, *, smoothing: float, pooling: float = 0.0) -> Floats:
    """Every annotator's errors under these posteriors: (n_annotators, said, true), columns summing to 1."""
    counts = (labels.by_annotator @ posterior.astype(np.float32, copy=False)).reshape(
        labels.n_annotators, labels.n_labels, labels.n_labels
    )
    if pooling:
        common = counts.sum(axis=0, dtype=np.float64) + smoothing
        counts += (pooling * common / common.sum(axis=0)).astype(np.float32)
    counts += np.float32(smoothing)
    counts /= counts.sum(axis=1, keepdims=True)
    return counts
