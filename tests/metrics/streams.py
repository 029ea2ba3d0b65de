"""Simulated streams of labels, and when a rule would first have paused them."""

from __future__ import annotations

import itertools
import math

import numpy as np

from fairness.metrics.evidence import log_evidence


def streams(
    rates: tuple[float, ...], *, runs: int, labels: int, seed: int, shares: tuple[float, ...] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Counts after every label, each (groups, runs, labels): selected, and all."""
    chance = np.random.default_rng(seed)
    group = chance.choice(len(rates), (runs, labels), p=shares)
    given = chance.random((runs, labels)) < np.array(rates)[group]
    own = group == np.arange(len(rates))[:, None, None]
    return (own & given).cumsum(axis=2), own.cumsum(axis=2)


def first_pause(selected: np.ndarray, n: np.ndarray, *, alpha: float, tau: float) -> np.ndarray:
    """Number of the label (from 1) at which some pair is certain to differ by more than ``tau``, (runs,); ``inf``
    where never. The same evidence and threshold as ``certified``."""
    pairs = list(itertools.combinations(range(len(selected)), 2))
    needed = math.log(len(pairs) / alpha)
    reached = np.zeros(selected.shape[1:], dtype=bool)
    for i, j in pairs:
        found = log_evidence(selected[i], n[i], selected[j], n[j], tau=tau, enough=needed)
        reached |= found.reshape(reached.shape) >= needed
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)
