"""An interval that is shown because its pair lies furthest apart covers as it says, and so does one of alike labels."""

from __future__ import annotations

import numpy as np
import pytest

from fairness.metrics import GroupCounts, OutcomeCounts, demographic_parity, equalized_odds, human_llm_gaps
from fairness.metrics.intervals import each_of, newcombe

RUNS = 400


def said(random: np.random.Generator, items: int, labels: int, alike: float, groups: int) -> dict[int, GroupCounts]:
    """Everybody gives the label with .3; with ``alike`` what the first one said of the item is said again."""
    first = random.random((groups, items)) < 0.3
    others = random.random((groups, items, labels)) < 0.3
    copied = random.random((groups, items, labels)) < alike
    copied[:, :, 0] = True
    selected = np.where(copied, first[:, :, None], others).sum(axis=(1, 2))
    return {group: GroupCounts(int(s), items * labels) for group, s in enumerate(selected)}


@pytest.mark.parametrize(
    ("groups", "items", "labels", "alike"),
    [(2, 300, 1, 0), (4, 300, 1, 0), (8, 300, 1, 0), (2, 100, 3, 1), (6, 100, 3, 0.8)],
)
def test_no_difference_lies_within_the_interval_of_the_furthest_pair(groups, items, labels, alike):
    random = np.random.default_rng(20_261_126)
    held = 0
    for _ in range(RUNS):
        found = demographic_parity(said(random, items, labels, alike, groups), labels_per_item=labels).difference
        held += found.low <= 0
    assert held >= 0.93 * RUNS


def test_the_larger_of_two_rates_differences_is_held_too():
    random = np.random.default_rng(20_261_126)
    held = 0
    for _ in range(RUNS):
        rates = random.binomial(300, 0.5, size=(4, 2))
        outcomes = {
            g: OutcomeCounts(tp=int(t), fn=300 - int(t), fp=int(f), tn=300 - int(f)) for g, (t, f) in enumerate(rates)
        }
        held += equalized_odds(outcomes).difference.low <= 0
    assert held >= 0.93 * RUNS


def test_the_spread_of_the_gaps_is_held_too():
    random = np.random.default_rng(20_261_126)
    held = 0
    for _ in range(RUNS):
        found = human_llm_gaps(said(random, 300, 1, 0, 6), said(random, 100, 3, 0.8, 6), labels_per_item=(1, 3)).spread
        held += found.low <= 0
    assert held >= 0.93 * RUNS


def test_values_do_not_depend_on_how_alike_labels_are():
    counts = {"a": GroupCounts(30, 90), "b": GroupCounts(60, 90), "c": GroupCounts(45, 90)}
    one, three = demographic_parity(counts), demographic_parity(counts, labels_per_item=3)
    assert (one.difference.value, one.ratio, one.difference.n) == (
        three.difference.value,
        three.ratio,
        three.difference.n,
    )
    assert three.difference.low < one.difference.low < one.difference.high < three.difference.high
    assert three.difference.low == newcombe(GroupCounts(20, 30), GroupCounts(10, 30), each_of(0.95, 3))[0]
    assert three.rates["a"].low < one.rates["a"].low


def test_one_interval_keeps_its_confidence():
    assert each_of(0.95, 1) == 0.95
    assert each_of(0.95, 15) == pytest.approx(1 - 0.05 / 15)
