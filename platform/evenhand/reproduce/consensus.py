"""Consensus, early stopping and the experts' queue on public crowds whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from annotations.aggregation import Fitted, Labels, Method, dawid_skene, fit, labels_of, lift, simulate
from evenhand.reproduce.values import DataSet, Relation, Value, read_rows

SETS = ("D_Product", "D_PosSent", "rte", "bluebird")
ACCURACIES = (
    ("D_Product", Method.MAJORITY, 0.897),
    ("D_Product", Method.DAWID_SKENE, 0.940),
    ("D_Product", Method.GLAD, 0.928),
    ("D_PosSent", Method.MAJORITY, 0.932),
    ("D_PosSent", Method.WAWA, 0.951),
    ("D_PosSent", Method.DAWID_SKENE, 0.960),
    ("D_PosSent", Method.GLAD, 0.948),
    ("rte", Method.DAWID_SKENE, 0.9275),
    ("bluebird", Method.MAJORITY, 0.7593),
    ("bluebird", Method.DAWID_SKENE, 0.8981),
)
#: Set, labels per item and accuracy where an item is left once its label is .99 probable.
SAVINGS = (("rte", 5.3, 0.9255), ("D_PosSent", 6.2, 0.951))
#: Set and how many times a random tenth's share of errors the first tenth of the queue finds.
QUEUES = (("rte", 6.2), ("D_Product", 6.3), ("D_PosSent", 7.3))
SURE, REPLAYS = 0.99, 10
SHARE, TIES = 0.1, 20

SOURCE = "crowd_truth, with crowd-kit 1.4.2; measured by this project"
Crowd = tuple[Labels, np.ndarray]


def crowd(folder: Path) -> Crowd:
    """Labels and the truth of every item, of ``label.csv`` and ``truth.csv``; labels of other items are left out."""
    truth = {row["item"]: row["truth"] for row in read_rows(folder / "truth.csv")}
    rows = [(r["item"], r["worker"], r["label"]) for r in read_rows(folder / "label.csv") if r["item"] in truth]
    labels, items, _workers, names = labels_of(rows, labels=sorted(set(truth.values())))
    return labels, np.array([names.index(truth[str(item)]) for item in items])


def tied_votes(labels: Labels) -> Iterator[np.ndarray]:
    """``TIES`` majority votes, (n_items,) each, with ties broken at random."""
    chance = np.random.default_rng(0)
    top = labels.tally == labels.tally.max(axis=1, keepdims=True)
    for _ in range(TIES):
        yield np.where(top, chance.random(top.shape), -1).argmax(axis=1)


def mean_over_ties(measure: Callable[[np.ndarray], float], labels: Labels) -> float:
    """The mean of ``measure`` over majority votes with ties broken at random."""
    return float(np.mean([measure(vote) for vote in tied_votes(labels)]))


def queue_lift(labels: Labels, truth: np.ndarray, fitted: Fitted) -> float:
    """How many times a random tenth's share of the majority's errors the first tenth of the queue holds."""

    def one(vote: np.ndarray) -> float:
        doubt = 1 - fitted.posterior[np.arange(labels.n_items), vote]
        return lift(doubt, (vote != truth).astype(float), share=SHARE)

    return mean_over_ties(one, labels)


def consensus(folder: Path) -> list[Value]:
    crowds = {name: crowd(folder / "crowd_truth" / name) for name in SETS}
    fits = {name: dawid_skene(labels) for name, (labels, _truth) in crowds.items()}
    return [
        *(_accuracy(name, method, target, crowds[name]) for name, method, target in ACCURACIES),
        *(value for name, most, least in SAVINGS for value in _saving(name, most, least, crowds[name], fits[name])),
        *(_lift(name, target, crowds[name], fits[name]) for name, target in QUEUES),
    ]


def _accuracy(name: str, method: Method, target: float, own: Crowd) -> Value:
    labels, truth = own
    reached = float((fit(labels, method).decided == truth).mean())
    return Value(f"{name}: accuracy, {method.value}", target, reached, 0.0006, SOURCE)


def _saving(name: str, most: float, least: float, own: Crowd, fitted: Fitted) -> list[Value]:
    labels, truth = own
    replays = [simulate(labels, fitted, target=SURE, seed=seed) for seed in range(REPLAYS)]
    taken = float(np.mean([replay.per_item for replay in replays]))
    right = float(np.mean([(replay.decided == truth).mean() for replay in replays]))
    at_most = Value(f"{name}: labels per item until .99 sure", most, taken, 0.05, SOURCE, Relation.AT_MOST)
    return [at_most, Value(f"{name}: accuracy at that", least, right, 0.0005, SOURCE, Relation.AT_LEAST)]


def _lift(name: str, target: float, own: Crowd, fitted: Fitted) -> Value:
    found = queue_lift(*own, fitted)
    note = "Ties of the majority are broken at random; ours is the mean of 20 ways."
    title = f"{name}: errors in the queue's first tenth, × random"
    return Value(title, target, found, 0.1, SOURCE, Relation.AT_LEAST, note=note)


CONSENSUS = DataSet(
    "crowd_truth",
    tuple(f"crowd_truth/{name}/{file}.csv" for name in SETS for file in ("label", "truth")),
    "github.com/yuan-li/truth-inference-at-scale (MIT)",
    consensus,
)
