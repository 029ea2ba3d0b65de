"""How long consensus of 1,000,000 labels by 10,000 workers takes, beside crowd-kit on the same labels.

The labels are made up (seeded): 250,000 items, 4 classes, workers from careful to careless with habits of their own.
Ours runs to convergence; crowd-kit's Dawid–Skene is given as many iterations as ours took, on the same labels, right
after. Where crowd-kit is not installed (it is a development dependency), its figures and the ratio are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from annotations.aggregation import Labels, dawid_skene, majority, wawa
from evenhand.cli.bench import Figure

LABELS = 1_000_000
WORKERS = 10_000
ITEMS = 250_000
CLASSES = 4
SEED = 20261124
GOAL = 0.1  # of crowd-kit's time


def run() -> dict[str, Figure]:
    labels, truth = generated()
    majority_seconds, voted = timed(lambda: majority(labels))
    wawa_seconds, _weighed = timed(lambda: wawa(labels))
    seconds, fitted = timed(lambda: dawid_skene(labels))
    figures = {
        "Dawid–Skene": Figure(round(seconds, 3), "s", "lower"),
        "Dawid–Skene, iterations": Figure(fitted.iterations, "iterations", "lower"),
        "Dawid–Skene, accuracy": Figure(round(float((fitted.decided == truth).mean()), 4), "share", "higher"),
        "majority": Figure(round(majority_seconds, 3), "s", "lower"),
        "majority, accuracy": Figure(round(float((voted.decided == truth).mean()), 4), "share", "higher"),
        "Wawa": Figure(round(wawa_seconds, 3), "s", "lower"),
    }
    return figures | peer(labels, fitted.iterations, seconds)


def generated(
    n_labels: int = LABELS, n_workers: int = WORKERS, n_items: int = ITEMS, n_classes: int = CLASSES, seed: int = SEED
) -> tuple[Labels, np.ndarray]:
    """Labels with the truth behind them: every item has as many labels, every worker about as many items."""
    chance = np.random.default_rng(seed)
    truth = chance.choice(n_classes, n_items, p=_shares(n_classes))
    item = np.repeat(np.arange(n_items), n_labels // n_items)
    worker = chance.integers(0, n_workers, len(item))
    skill = chance.beta(4, 2, n_workers)
    habit = chance.dirichlet(np.ones(n_classes), n_workers)
    guess = (habit.cumsum(axis=1)[worker] > chance.random((len(item), 1))).argmax(axis=1)
    said = np.where(chance.random(len(item)) < skill[worker], truth[item], guess)
    return Labels(item, worker, said, n_items, n_workers, n_classes), truth


def _shares(n_classes: int) -> np.ndarray:
    shares = 1 / np.arange(1, n_classes + 1)
    return shares / shares.sum()


def peer(labels: Labels, iterations: int, ours: float) -> dict[str, Figure]:
    """crowd-kit's time for as many iterations, and ours as a share of it."""
    try:
        import pandas as pd
        from crowdkit.aggregation import DawidSkene
    except ImportError:
        return {}
    frame = pd.DataFrame({"task": labels.item, "worker": labels.annotator, "label": labels.label})
    # A tolerance below any change: it must not stop before ours did.
    seconds, _fitted = timed(lambda: DawidSkene(n_iter=iterations, tol=-1).fit(frame))
    return {
        "crowd-kit's Dawid–Skene, as many iterations": Figure(round(seconds, 3), "s", "lower"),
        "Dawid–Skene, share of crowd-kit's time": Figure(round(ours / seconds, 4), "", "lower", goal=GOAL),
    }


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer
