"""How many more of the majority's errors the first tenth of the expert queue finds than a random tenth would.

On the public crowd_truth sets, which are not in the repository: they lie in ``shared/data/crowd_truth`` beside it. The
queue is ordered by the expected error of the majority's label, 1 − its posterior by Dawid and Skene; a tie of the vote
is broken at random, and every figure is the mean of twenty such votes. "Settled as it goes" asks for the truth of
one item in a hundred at a time and fits anew with what was settled held fixed, as the product does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from annotations.aggregation import NO_GOLD, Labels, dawid_skene, lift
from evenhand.cli.bench import ROOT, Figure
from evenhand.local.errors import LocalError
from evenhand.reproduce.consensus import SHARE, crowd, mean_over_ties

DATA = ROOT.parent / "shared" / "data" / "crowd_truth"
SETS = ("rte", "D_Product", "D_PosSent")
ROUNDS = 10
GOAL = 7.0


def run() -> dict[str, Figure]:
    figures = {}
    for name in SETS:
        labels, truth = load(DATA / name)
        figures[f"{name}: lift at 10 %"] = _figure(lambda vote, a=labels, b=truth: at_once(a, b, vote), labels)
        figures[f"{name}: settled as it goes"] = _figure(lambda vote, a=labels, b=truth: going(a, b, vote), labels)
        figures[f"{name}: vote share alone"] = _figure(lambda vote, a=labels, b=truth: by_share(a, b, vote), labels)
    return figures


def load(folder: Path) -> tuple[Labels, np.ndarray]:
    """Labels and the truth of every item; LocalError where the files are missing."""
    if not (folder / "label.csv").is_file():
        raise LocalError(f"This benchmark needs {folder}/label.csv and truth.csv (the crowd_truth sets).")
    return crowd(folder)


def at_once(labels: Labels, truth: np.ndarray, vote: np.ndarray) -> float:
    """The lift of one order for the whole tenth."""
    return lift(_expected(labels, vote), (vote != truth).astype(float), share=SHARE)


def by_share(labels: Labels, truth: np.ndarray, vote: np.ndarray) -> float:
    """The lift of an order by the majority's share of the votes."""
    share = labels.tally[np.arange(labels.n_items), vote] / labels.tally.sum(axis=1)
    return lift(1 - share, (vote != truth).astype(float), share=SHARE)


def going(labels: Labels, truth: np.ndarray, vote: np.ndarray) -> float:
    """The lift where each part of the queue is ordered with what was settled before it known."""
    wrong, gold = vote != truth, np.full(labels.n_items, NO_GOLD)
    seen = np.zeros(labels.n_items, bool)
    for part in np.array_split(np.arange(round(SHARE * labels.n_items)), ROUNDS):
        scores = np.where(seen, -1.0, _expected(replace(labels, gold=gold.copy()), vote))
        chosen = np.argsort(-scores, kind="stable")[: len(part)]
        seen[chosen], gold[chosen] = True, truth[chosen]
    return float(wrong[seen].sum() / wrong.sum() / SHARE)


def _expected(labels: Labels, vote: np.ndarray) -> np.ndarray:
    return 1 - dawid_skene(labels).posterior[np.arange(labels.n_items), vote]


def _figure(measure: Callable[[np.ndarray], float], labels: Labels) -> Figure:
    return Figure(round(mean_over_ties(measure, labels), 2), "× random", "higher", goal=GOAL)
