"""Curves that are judged on items which they have not seen."""

from __future__ import annotations

import numpy as np

from annotations.calibration.curves import Curve, CurveMethod, fit_by
from annotations.calibration.measures import Flags, Floats, Ints, log_loss

FOLDS = 5
# Isotonic regression has as many degrees of freedom as the data let it: it overfits with few labels and is the better
# one with many (Niculescu-Mizil and Caruana 2005). From here on it is let into the comparison.
LEAST_ISOTONIC = 200


def fold_numbers(item: Ints, *, folds: int = FOLDS, seed: int = 0) -> Ints:
    """A fold for each label, the same for all labels of an item: shape (n,). Folds hold equally many items."""
    items, place = np.unique(item, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(items)) % folds
    return np.asarray(order[place.ravel()], np.int64)


def candidates(n: int) -> tuple[CurveMethod, ...]:
    """The methods that are compared with ``n`` labels, the simplest first."""
    if n >= LEAST_ISOTONIC:
        return (CurveMethod.NONE, CurveMethod.TEMPERATURE, CurveMethod.ISOTONIC)
    return (CurveMethod.NONE, CurveMethod.TEMPERATURE)


def choose(
    confidence: Floats, right: Flags, item: Ints, *, classes: int, seed: int = 0
) -> tuple[Curve, dict[CurveMethod, float]]:
    """The curve of the method with the smallest cross-validated log loss, fitted on everything; and those losses.

    Of equal losses the simpler method's wins.
    """
    fold = fold_numbers(item, seed=seed)
    losses = {
        method: log_loss(_held_out(method, confidence, right, fold, classes), right)
        for method in candidates(len(confidence))
    }
    best = min(losses, key=lambda method: losses[method])
    return fit_by(best, confidence, right, classes=classes), losses


def cross_fitted(confidence: Floats, right: Flags, item: Ints, *, classes: int, seed: int = 0) -> Floats:
    """Each label's calibrated confidence by a curve of which its item was no part: shape (n,).

    The method is chosen anew in every fold, from that fold's other items alone, so that choosing is judged too.
    """
    fold = fold_numbers(item, seed=seed)
    after = np.empty(len(confidence), np.float64)
    for number in np.unique(fold).tolist():
        out = fold == number
        curve, _losses = choose(confidence[~out], right[~out], item[~out], classes=classes, seed=seed + 1 + number)
        after[out] = curve.apply(confidence[out])
    return after


def _held_out(method: CurveMethod, confidence: Floats, right: Flags, fold: Ints, classes: int) -> Floats:
    if method is CurveMethod.NONE:
        return confidence
    after = np.empty(len(confidence), np.float64)
    for number in np.unique(fold).tolist():
        out = fold == number
        curve = fit_by(method, confidence[~out], right[~out], classes=classes)
        after[out] = curve.apply(confidence[out])
    return after
