"""MACE: an annotator either knows the label or answers by habit.

D. Hovy and others, *Learning Whom to Trust with MACE*, NAACL 2013, by variational Bayes as there. The answer depends on
where EM starts, and one start can be far off (on D_Product, accuracies from .70 to .90 by the seed). So it is started
several times from different places, the starts whose likelihood is as good as the best are averaged, and the share of
items whose label the starts dispute is reported as ``spread``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma

from annotations.aggregation.fitted import Fitted, expected_skill, normalised, softmax
from annotations.aggregation.labels import Floats, Labels

STARTS = 10
ITERATIONS = 50
NOISE = 0.5
TRUST_PRIOR = 0.5  # Beta prior of knowing and of guessing
HABIT_PRIOR = 10.0  # Dirichlet prior of what a guesser says
MARGIN = 1e-4  # of the log-likelihood per label: starts this near to the best are as good


@dataclass(frozen=True)
class _Run:
    posterior: Floats
    knows: Floats  # (n_annotators,) weight of knowing; with the weight of guessing it may sum to less than 1
    habit: Floats  # (n_annotators, n_labels) weight of guessing each label
    log_likelihood: float


def mace(labels: Labels, *, starts: int = STARTS, iterations: int = ITERATIONS, seed: int = 0) -> Fitted:
    """Fit from ``starts`` random starts; the same seed gives the same answer.

    Raises ``ValueError`` where there are no labels, or for no start.
    """
    if not len(labels) or starts < 1:
        raise ValueError("There are no labels to fit, or no start to fit from.")
    chance = np.random.default_rng(seed)
    runs = [_run(labels, chance, iterations) for _ in range(starts)]
    best = max(run.log_likelihood for run in runs)
    good = [run for run in runs if run.log_likelihood >= best - MARGIN * len(labels)]
    posterior = np.mean([run.posterior for run in good], axis=0)
    knows, guesses = np.mean([run.knows for run in good], axis=0), np.mean([run.habit for run in good], axis=0)
    decided = posterior.argmax(axis=1)
    apart = np.any([run.posterior.argmax(axis=1) != decided for run in runs], axis=0)
    return Fitted(
        method="mace",
        posterior=posterior,
        skill=expected_skill(labels, posterior),
        confusion=normalised(guesses[:, None, :] + knows[:, None, None] * np.eye(labels.n_labels)),
        prior=np.full(labels.n_labels, 1 / labels.n_labels),
        iterations=iterations,
        log_likelihood=best,
        spread=float(apart[np.bincount(labels.item, minlength=labels.n_items) > 0].mean()),
    )


def _run(labels: Labels, chance: np.random.Generator, iterations: int) -> _Run:
    trust = normalised(chance.uniform(1, 2 + NOISE, (labels.n_annotators, 2)))
    habit = normalised(chance.uniform(1, 2 + NOISE, (labels.n_annotators, labels.n_labels)))
    knows, guesses = trust[:, 1], trust[:, :1] * habit
    posterior, likelihood = _expect(labels, knows, guesses)
    for _ in range(iterations):
        knows, guesses = _maximise(labels, posterior, knows, guesses)
        posterior, likelihood = _expect(labels, knows, guesses)
    return _Run(posterior, knows, guesses, likelihood)


def _expect(labels: Labels, knows: Floats, guesses: Floats) -> tuple[Floats, float]:
    """The items' posteriors and the log-likelihood of the labels."""
    guessed = guesses[labels.annotator, labels.label]
    wrong = labels.weights * np.log(guessed)
    gain = labels.weights * np.log1p(knows[labels.annotator] / guessed)
    cells = np.bincount(labels.item * labels.n_labels + labels.label, gain, labels.n_items * labels.n_labels)
    scores = cells.reshape(labels.n_items, labels.n_labels)
    scores += np.bincount(labels.item, wrong, labels.n_items)[:, None] - np.log(labels.n_labels)
    posterior, likelihood = softmax(scores)
    return labels.anchor(posterior), likelihood


def _maximise(labels: Labels, posterior: Floats, knows: Floats, guesses: Floats) -> tuple[Floats, Floats]:
    """Who knows, and who guesses what, under these posteriors: geometric means of the Beta and Dirichlet posteriors."""
    known = knows[labels.annotator] / (knows[labels.annotator] + guesses[labels.annotator, labels.label])
    known *= posterior[labels.item, labels.label]
    hits = np.bincount(labels.annotator, known, labels.n_annotators)
    cell = labels.annotator * labels.n_labels + labels.label
    said = np.bincount(cell, 1 - known, labels.n_annotators * labels.n_labels)
    habit = said.reshape(labels.n_annotators, labels.n_labels)
    trust = _mean_logs(np.stack([habit.sum(axis=1), hits], axis=1) + TRUST_PRIOR)
    return trust[:, 1], trust[:, :1] * _mean_logs(habit + HABIT_PRIOR)


def _mean_logs(counts: Floats) -> Floats:
    """exp of the expected logarithms of a Dirichlet distribution's shares, row by row."""
    return np.exp(digamma(counts) - digamma(counts.sum(axis=1, keepdims=True)))
