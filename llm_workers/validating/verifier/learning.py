"""Learning from labels whose items' true label is known, and telling by items held out whether that beats the rule."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from llm_workers.validating.verifier.measuring import auroc, log_loss
from llm_workers.validating.verifier.signals import CONFIDENCE, POSTERIOR, SIGNALS, Signals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[Any]
UNKNOWN = -1
LEAST_LABELS, LEAST_EACH = 50, 20  # labels of known items before anything is learnt; right and wrong ones among them
LEAST_FOR_BOOSTING = 2000  # labels: trees on fewer learn the noise
FOLDS = 5
STRENGTH = 0.5  # inverse of the ridge penalty of the logistic regression
SHUFFLES = 3  # of each signal, for what it is worth
WORST = 3  # signals that are named against a label
CHUNK = 500_000
BASIS = {POSTERIOR: "posterior", CONFIDENCE: "confidence"}


@dataclass(frozen=True)
class Verified:
    """Scores of all labels, and how good they are.

    ``method``: rule, logistic or boosting. ``score``: (n,), P(right); of labels of known items the score by a learner
    that has not seen the item. ``out_of_fold``: method → (n_known,) scores of the labels of known items by learners
    that have not seen the item; the rule's beside them. ``known``: (n_known,) rows of these labels, ``right``: likewise
    1 or 0. ``loss``: method → log loss. ``worth``: signal → fall of the AUROC when it is shuffled; empty for the rule.
    ``coefficients``: signal → weight of the standardised signal, of the logistic regression; empty for the others.
    ``against``: (n, ``WORST``) columns of ``SIGNALS`` that speak against a label, −1 for none.
    """

    method: str
    score: Floats
    known: Ints
    right: Ints
    out_of_fold: dict[str, Floats]
    loss: dict[str, float]
    worth: dict[str, float]
    coefficients: dict[str, float]
    against: Ints


class Learner(Protocol):
    def fit(self, x: Floats, y: Ints) -> Any: ...

    def predict(self, x: Floats) -> Floats: ...


class Logistic:
    """Logistic regression on standardised signals. An unknown one counts as the mean, and that it is unknown as one
    more signal."""

    def __init__(self, seed: int) -> None:
        self.model = LogisticRegression(C=STRENGTH, max_iter=2000, random_state=seed)

    def fit(self, x: Floats, y: Ints) -> Logistic:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a signal that is never known has no mean
            self.mean = np.nan_to_num(np.nanmean(x, axis=0))
            self.spread = np.nan_to_num(np.nanstd(x, axis=0))
        self.spread[self.spread < 1e-9] = 1.0
        unknown = np.isnan(x)
        self.some = np.flatnonzero(unknown.any(axis=0) & ~unknown.all(axis=0))
        self.model.fit(self._filled(x), y)
        return self

    def _filled(self, x: Floats) -> Floats:
        standard = np.nan_to_num((x - self.mean) / self.spread)
        return np.column_stack([standard, np.isnan(x[:, self.some]).astype(float)])

    def predict(self, x: Floats) -> Floats:
        chance: Floats = self.model.predict_proba(self._filled(x))[:, 1]
        return chance

    def parts(self, x: Floats) -> Floats:
        """What each signal adds to the log-odds, its being unknown included: the shape of ``x``."""
        weights = self.model.coef_[0]
        filled = self._filled(x) * weights
        parts = filled[:, : x.shape[1]]
        parts[:, self.some] += filled[:, x.shape[1] :]
        return parts


class Boosting:
    """Gradient-boosted trees, which take unknown values as they are."""

    def __init__(self, seed: int) -> None:
        self.model = HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.06, max_leaf_nodes=15, l2_regularization=1.0, random_state=seed
        )

    def fit(self, x: Floats, y: Ints) -> Boosting:
        self.used = np.flatnonzero(~np.isnan(x).all(axis=0))  # what is never known cannot be cut into bins
        self.model.fit(x[:, self.used], y)
        return self

    def predict(self, x: Floats) -> Floats:
        chance: Floats = self.model.predict_proba(x[:, self.used])[:, 1]
        return chance


LEARNERS: dict[str, Any] = {"logistic": Logistic, "boosting": Boosting}


def verify(signals: Signals, item: Ints, right: Ints, *, seed: int = 0, extra: Floats | None = None) -> Verified:
    """Score every label.

    ``item``: (n,) indices. ``right``: (n,), 1 or 0 where the item's true label is known, else ``UNKNOWN``. ``extra``:
    (n, any) further columns to learn from, such as groups. What has the lowest log loss on items held out is used: the
    rule, the logistic regression or, from ``LEAST_FOR_BOOSTING`` labels on, boosted trees.
    """
    with threadpool_limits(limits=1):  # this is background work, and small: more threads would wait for each other
        return _verify(signals, item, right, seed=seed, extra=extra)


def _verify(signals: Signals, item: Ints, right: Ints, *, seed: int, extra: Floats | None) -> Verified:
    known = np.flatnonzero(right != UNKNOWN)
    y = right[known].astype(int)
    fallback = _by_rule(signals, known, y)
    if len(known) < LEAST_LABELS or min(y.sum(), len(y) - y.sum()) < LEAST_EACH:
        return fallback
    x_all = signals.matrix if extra is None else np.column_stack([signals.matrix, extra])
    x, folds = x_all[known], folds_of(item[known], seed=seed)
    if len(np.unique(folds)) < 2 or any(len(np.unique(y[folds != fold])) < 2 for fold in np.unique(folds)):
        return fallback
    names = ["logistic", *(["boosting"] if len(known) >= LEAST_FOR_BOOSTING else [])]
    held_out, fitted = {"rule": signals.rule[known]}, {}
    for name in names:
        fitted[name] = {fold: LEARNERS[name](seed).fit(x[folds != fold], y[folds != fold]) for fold in set(folds)}
        held_out[name] = _predicted(fitted[name], x, folds)
    loss = {name: log_loss(y, score) for name, score in held_out.items()}
    best = min(loss, key=lambda name: loss[name])
    if best == "rule":
        return Verified("rule", fallback.score, known, y, held_out, loss, {}, {}, fallback.against)
    final = LEARNERS[best](seed).fit(x, y)
    score = np.concatenate([final.predict(x_all[part]) for part in _chunks(len(x_all))])
    score[known] = held_out[best]
    explaining = final if isinstance(final, Logistic) else Logistic(seed).fit(x, y)
    coefficients = dict(zip(SIGNALS, explaining.model.coef_[0].tolist(), strict=False)) if final is explaining else {}
    worth = _worth(fitted[best], x, y, folds, seed=seed)
    return Verified(best, score, known, y, held_out, loss, worth, coefficients, _against(explaining, x_all))


def _by_rule(signals: Signals, known: Ints, y: Ints) -> Verified:
    against = np.full((len(signals.rule), WORST), -1)
    rule = signals.rule[known]
    loss = {"rule": log_loss(y, rule)} if len(known) else {}
    return Verified("rule", signals.rule.copy(), known, y, {"rule": rule}, loss, {}, {}, against)


def folds_of(item: Ints, *, seed: int) -> Ints:
    """The fold of each label, (n,): all labels of an item in the same, items spread evenly in a seeded random order."""
    names, which = np.unique(item, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    fold: Ints = (order % FOLDS)[which]
    return fold


def _predicted(fitted: dict[int, Learner], x: Floats, folds: Ints) -> Floats:
    score = np.empty(len(x))
    for fold, learner in fitted.items():
        score[folds == fold] = learner.predict(x[folds == fold])
    return score


def _worth(fitted: dict[int, Learner], x: Floats, y: Ints, folds: Ints, *, seed: int) -> dict[str, float]:
    """By how much the AUROC on items held out falls when a signal is shuffled among their labels (Breiman 2001)."""
    random = np.random.default_rng(seed)
    whole = auroc(y, _predicted(fitted, x, folds))
    worth = {}
    for column, name in enumerate(SIGNALS):
        falls = []
        for _shuffle in range(SHUFFLES):
            shuffled = x.copy()
            shuffled[:, column] = random.permutation(x[:, column])
            falls.append(whole - auroc(y, _predicted(fitted, shuffled, folds)))
        worth[name] = float(np.mean(falls))
    return worth


def _against(learner: Logistic, x: Floats) -> Ints:
    """The signals that lower a label's log-odds most, the weightiest first: (n, ``WORST``), −1 where none does."""
    found = np.full((len(x), WORST), -1)
    for part in _chunks(len(x)):
        added = learner.parts(x[part])[:, : len(SIGNALS)]
        added[np.isnan(x[part][:, : len(SIGNALS)])] = 0  # of what is not known of a label, nothing can be said
        order = np.argsort(added, axis=1)[:, :WORST]
        weighty = np.take_along_axis(added, order, axis=1) < -0.1  # a tenth in log-odds is nothing to speak of
        found[part] = np.where(weighty, order, -1)
    return found


def _chunks(count: int) -> list[slice]:
    return [slice(first, first + CHUNK) for first in range(0, max(count, 1), CHUNK)]
