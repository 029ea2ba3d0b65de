"""Consensus on public crowds whose truth is known: the accuracies, and the labels saved by stopping early."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from annotations.aggregation import Fitted, Labels, Method, fit, mace, simulate
from annotations.aggregation.adaptive import told
from annotations.serving.adaptive import Demand, Learnt, Worth, extra_labels
from annotations.state import Vote
from evenhand.reproduce import consensus

DATA = Path(__file__).parents[3] / "shared" / "data" / "crowd_truth"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"The real data is not beside the repository: {DATA}"),
]


@cache
def crowd(name: str) -> tuple[Labels, np.ndarray]:
    return consensus.crowd(DATA / name)


@pytest.mark.parametrize(("name", "method", "accuracy"), consensus.ACCURACIES)
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


@pytest.mark.parametrize(("name", "labels_per_item", "accuracy"), [("rte", 5.3, 0.9255), ("D_PosSent", 6.2, 0.951)])
def test_collecting_by_the_rule_of_serving_needs_few_labels_and_keeps_the_accuracy(
    name: str, labels_per_item: float, accuracy: float
):
    """As the platform does it: nothing is known at first, skills come from fits of what has been collected so far."""
    labels, truth = crowd(name)
    taken, right = zip(*(collected(labels, truth, seed=seed) for seed in range(2)), strict=True)
    assert np.mean(taken) == pytest.approx(labels_per_item, rel=0.15)
    assert np.mean(right) >= accuracy - 0.01


def collected(labels: Labels, truth: np.ndarray, *, seed: int, every: int = 400) -> tuple[float, float]:
    """Labels per item and accuracy where each item gets its labels one by one, in random order, as long as asked."""
    waiting: list[list[int]] = [[] for _ in range(labels.n_items)]
    for row in np.random.default_rng(seed).permutation(len(labels)):
        waiting[labels.item[row]].append(row)
    given: list[list[int]] = [[] for _ in waiting]
    demand = Demand(redundancy=2, max_labels=max(map(len, waiting)), tau=0.99, labels=labels.n_labels)

    def asked() -> list[int]:
        """Items that want a label more and can get one."""
        return [
            item
            for item, rows in enumerate(given)
            if waiting[item] and len(rows) < demand.redundancy + extra_labels(votes(labels, rows), demand)
        ]

    while some := asked():
        for item in some[:every]:
            given[item].append(waiting[item].pop())
        so_far = np.array([row for rows in given for row in rows])
        part = replace(labels, item=labels.item[so_far], annotator=labels.annotator[so_far], label=labels.label[so_far])
        fitted = fit(part, Method.DAWID_SKENE)
        demand = replace(demand, learnt=learnt(part, fitted))
    return sum(map(len, given)) / labels.n_items, float((fitted.decided == truth).mean())


def votes(labels: Labels, rows: list[int]) -> list[Vote]:
    return [Vote(row, int(labels.annotator[row]), False, str(labels.label[row])) for row in rows]


def learnt(labels: Labels, fitted: Fitted) -> Learnt:
    tells = told(fitted, labels.given)
    people = {
        number: Worth(int(count), float(fitted.skill[number]), tells.logs[number].tolist())
        for number, count in enumerate(labels.given)
        if count
    }
    names = tuple(str(number) for number in range(labels.n_labels))
    return Learnt(names, tuple(fitted.prior.tolist()), tells.accuracy, people)
