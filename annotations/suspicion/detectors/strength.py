"""How strongly counts speak against chance, however often they are looked at, and for how many people at once."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, betaln, xlog1py, xlogy

from annotations.suspicion.detectors.said import Floats

ALPHA = 0.01  # the chance that anybody at all is named without cause, for each kind
HALF = 0.5


def beyond(hits: Floats, n: Floats, share: Floats | float) -> Floats:
    """p-values of "each of n happens with a chance of at most ``share``" after ``hits``; arrays of one shape.

    The likelihood of the counts, averaged over all chances above ``share`` with the weights of Beta(½, ½), is divided
    by their likelihood at ``share``. That ratio is a bet: where the hypothesis holds, the chance that it ever passes
    1/α, over all the times of looking at it, is at most α (Ville 1939; Robbins 1970; Howard et al. 2021). So
    p = min(1, 1 / ratio), which is safe for labels that keep coming and are tested again and again.
    """
    hits, n = np.asarray(hits, float), np.asarray(n, float)
    share = np.clip(np.asarray(share, float), 1e-9, 1 - 1e-9)
    misses = n - hits
    above = np.maximum(betainc(misses + HALF, hits + HALF, 1 - share), 1e-300)  # of Beta(hits + ½, misses + ½)
    weight = betainc(HALF, HALF, 1 - share)
    alternative = betaln(hits + HALF, misses + HALF) + np.log(above) - betaln(HALF, HALF) - np.log(weight)
    ratio = alternative - xlogy(hits, share) - xlog1py(misses, -share)
    return np.exp(-np.clip(ratio, 0.0, 700.0))


def holm(p: Floats, tests: int) -> Floats:
    """p-values after Holm's (1979) correction; ``tests`` ≥ len(p) were made, those not given with p = 1.

    The chance of one rejection too many among all tests is at most the level, whatever depends on what.
    """
    order = np.argsort(p, kind="stable")
    factors = max(tests, len(p)) - np.arange(len(p))
    adjusted = np.minimum(1.0, np.maximum.accumulate(np.asarray(p, float)[order] * factors))
    corrected = np.empty(len(p))
    corrected[order] = adjusted
    return corrected
