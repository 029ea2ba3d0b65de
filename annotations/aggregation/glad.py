"""GLAD: annotators have an ability, items an easiness; a label is right with probability σ(ability × easiness).

J. Whitehill and others, *Whose Vote Should Count More*, NIPS 2009. The same objective as crowd-kit's ``GLAD`` (Gaussian
priors with mean 1 and variance 1 on the ability and on the logarithm of the easiness), written on arrays.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from annotations.aggregation.fitted import Fitted, expected_skill, normalised, one_coin, softmax
from annotations.aggregation.labels import Floats, Labels

ITERATIONS = 100
TOLERANCE = 1e-5  # of the objective
STEPS = 25  # of the conjugate gradient in each M step
STEP_TOLERANCE = 1e-2
WIDEST = 30.0  # of the logarithm of an item's easiness: beyond it nothing changes but overflow


def glad(labels: Labels, *, iterations: int = ITERATIONS, start: tuple[Floats, Floats] | None = None) -> Fitted:
    """Fit by EM with conjugate gradients. ``start``: ability (n_annotators,) and log easiness (n_items,) of before.

    Raises ``ValueError`` where there are no labels.
    """
    if not len(labels):
        raise ValueError("There are no labels to fit.")
    ability, ease = start or (np.ones(labels.n_annotators), np.ones(labels.n_items))
    prior = np.full(labels.n_labels, 1 / labels.n_labels)
    posterior, likelihood = expect(labels, ability, ease, prior)
    value, done, converged = objective(labels, posterior, ability, ease)[0], 0, False
    while done < iterations and not converged:
        done += 1
        ability, ease = _maximise(labels, posterior, ability, ease)
        before, value = value, objective(labels, posterior, ability, ease)[0]
        posterior, likelihood = expect(labels, ability, ease, prior)
        converged = abs(value - before) < TOLERANCE * max(abs(before), 1.0)
    skill = expit(ability * np.exp(np.clip(np.median(ease), -WIDEST, WIDEST)))
    return Fitted(
        method="glad",
        posterior=posterior,
        skill=expected_skill(labels, posterior),
        confusion=one_coin(skill, labels.n_labels),
        prior=normalised(prior),
        iterations=done,
        converged=converged,
        log_likelihood=likelihood,
        easiness=np.exp(np.clip(ease, -WIDEST, WIDEST)),
        ability=ability,
    )


def expect(labels: Labels, ability: Floats, ease: Floats, prior: Floats) -> tuple[Floats, float]:
    """The items' posteriors and the log-likelihood of the labels."""
    strength = _strength(labels, ability, ease)
    others = np.log(max(labels.n_labels - 1, 1))
    right, wrong = -np.logaddexp(0, -strength), -np.logaddexp(0, strength) - others
    size = labels.n_items * labels.n_labels
    cells = np.bincount(labels.item * labels.n_labels + labels.label, labels.weights * (right - wrong), size)
    scores = cells.reshape(labels.n_items, labels.n_labels)
    scores += np.bincount(labels.item, labels.weights * wrong, labels.n_items)[:, None] + np.log(prior)
    posterior, likelihood = softmax(scores)
    return labels.anchor(posterior), likelihood


def objective(labels: Labels, posterior: Floats, ability: Floats, ease: Floats) -> tuple[float, Floats, Floats]:
    """Expected log-likelihood with the priors (up to a constant), and its gradients by ability and log easiness."""
    strength = _strength(labels, ability, ease)
    right = posterior[labels.item, labels.label].astype(np.float64)
    others = np.log(max(labels.n_labels - 1, 1))
    expected = right * -np.logaddexp(0, -strength) + (1 - right) * (-np.logaddexp(0, strength) - others)
    value = expected.sum() - ((ability - 1) ** 2).sum() / 2 - ((ease - 1) ** 2).sum() / 2
    slope = right - expit(strength)
    scale = np.exp(np.clip(ease, -WIDEST, WIDEST))
    by_ability = np.bincount(labels.annotator, slope * scale[labels.item], labels.n_annotators) - (ability - 1)
    by_ease = np.bincount(labels.item, slope * strength, labels.n_items) - (ease - 1)
    return float(value), by_ability, by_ease


def _strength(labels: Labels, ability: Floats, ease: Floats) -> Floats:
    return ability[labels.annotator] * np.exp(np.clip(ease, -WIDEST, WIDEST))[labels.item]


def _maximise(labels: Labels, posterior: Floats, ability: Floats, ease: Floats) -> tuple[Floats, Floats]:
    def loss(point: Floats) -> tuple[float, Floats]:
        value, by_ability, by_ease = objective(labels, posterior, point[: len(ability)], point[len(ability) :])
        return -value, -np.concatenate([by_ability, by_ease])

    found = minimize(
        loss,
        np.concatenate([ability, ease]),
        jac=True,
        method="CG",
        tol=STEP_TOLERANCE,
        options={"maxiter": STEPS},
    )
    return found.x[: len(ability)], found.x[len(ability) :]
