"""Consensus on public crowds whose truth is known: the accuracies, and the labels saved by stopping early."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from annotations.aggregation import Labels, Method, fit, labels_of, mace, simulate

DATA = Path(__file__).parents[3] / "shared" / "data" / "crowd_truth"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"The real data is not beside the repository: {DATA}"),
]


@cache
def crowd(name: str) -> tuple[Labels, np.ndarray]:
    with (DATA / name / "truth.csv").open() as lines:
        truth = {row["item"]: row["truth"] for row in csv.DictReader(lines)}
    with (DATA / name / "label.csv").open() as lines:
        rows = [(row["item"], row["worker"], row["label"]) for row in csv.DictReader(lines)]
    labels, items, _workers, names = labels_of(rows, labels=sorted(set(truth.values())))
    return labels, np.array([names.index(truth[str(item)]) for item in items])


@pytest.mark.parametrize(
    ("name", "method", "accuracy"),
    [
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
    ],
)
def test_accuracy(name: str, method: Method, accuracy: float):
    labels, truth = crowd(name)
    assert (fit(labels, method).decided == truth).mean() == pytest.approx(accuracy, abs=0.0006)


def test_weighted_majority_is_never_worse_than_the_plain_one():
    for name in ("D_Product", "D_PosSent", "rte", "bluebird"):
        labels, truth = crowd(name)
        plain = (fit(labels, Method.MAJORITY).decided == truth).mean()
        assert (fit(labels, Method.WEIGHTED).decided == truth).mean() >= plain


def test_mace_no_longer_swings_by_the_seed():
    labels, truth = crowd("D_Product")
    reached = [(mace(labels, seed=seed, starts=5).decided == truth).mean() for seed in range(4)]
    assert max(reached) - min(reached) < 0.02


@pytest.mark.parametrize(("name", "labels_per_item", "accuracy"), [("rte", 5.3, 0.9255), ("D_PosSent", 6.2, 0.951)])
def test_stopping_when_sure_saves_labels_and_keeps_the_accuracy(name: str, labels_per_item: float, accuracy: float):
    labels, truth = crowd(name)
    fitted = fit(labels, Method.DAWID_SKENE)
    replays = [simulate(labels, fitted, target=0.99, seed=seed) for seed in range(10)]
    assert np.mean([replay.per_item for replay in replays]) <= labels_per_item
    assert np.mean([(replay.decided == truth).mean() for replay in replays]) >= accuracy
