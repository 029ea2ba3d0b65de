"""Simulated streams of labels, and when a rule would first have paused them: those of the benchmark, with a seed."""

from __future__ import annotations

import numpy as np

from benchmarks import monitor


def streams(
    rates: tuple[float, ...], *, runs: int, labels: int, seed: int, shares: tuple[float, ...] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Counts after every label, each (groups, runs, labels): selected, and all."""
    return monitor.streams(np.random.default_rng(seed), rates, runs, labels, shares)


def paused(selected: np.ndarray, n: np.ndarray, *, alpha: float, tau: float) -> np.ndarray:
    """Whether each run would ever be paused when looked at at all of these moments, (runs,)."""
    hit = monitor.ours(tau, alpha)(selected, n, np.arange(1, selected.shape[2] + 1))
    return hit.any(axis=1)
