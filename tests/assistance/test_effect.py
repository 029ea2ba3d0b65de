"""The anchoring effect: its value, its interval, and when it stays silent."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.assistance.coin import coin, held_out
from annotations.assistance.effect import Arm, Insufficient, anchoring_effect


def test_the_effect_is_the_difference_of_the_pooled_shares():
    effect = anchoring_effect([(40, 36, 10, 5)] * 6, seed=1)
    assert (effect.people, effect.shown, effect.held_out) == (6, Arm(240, 216), Arm(60, 30))
    assert effect.value == pytest.approx(0.4)
    # All people are alike, so that drawing other ones changes nothing.
    assert (effect.low, effect.high) == (pytest.approx(0.4), pytest.approx(0.4))


def test_one_drawn_crowd_at_a_time_gives_the_same_interval_as_all_at_once():
    rng = np.random.default_rng(5)
    shown, held = rng.integers(20, 60, 40), rng.integers(5, 20, 40)
    columns = (shown, rng.binomial(shown, 0.8), held, rng.binomial(held, 0.6))
    counts = [tuple(row) for row in np.column_stack(columns).tolist()]
    effect = anchoring_effect(counts, seed=9)
    table, generator, drawn = np.array(counts), np.random.default_rng(77), []
    for _ in range(4000):
        sums = table[generator.integers(0, 40, 40)].sum(axis=0)
        drawn.append(sums[1] / sums[0] - sums[3] / sums[2])
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert effect.low == pytest.approx(low, abs=0.01)
    assert effect.high == pytest.approx(high, abs=0.01)
    assert effect.low < effect.value < effect.high


def test_the_same_labels_always_give_the_same_interval():
    counts = [(30, 20 + person, 12, 6 + person % 3) for person in range(8)]
    assert anchoring_effect(counts, seed=3) == anchoring_effect(counts, seed=3)


def test_people_who_differ_widen_the_interval_more_than_their_labels_would():
    """A few people with habits of their own: the interval is wider than if each label stood for itself."""
    habits = [(100, 95, 50, 30)] * 4 + [(100, 30, 50, 30)] * 4
    effect = anchoring_effect(habits, seed=2)
    share = effect.shown.share
    naive = 1.96 * np.sqrt(share * (1 - share) / 800 + 0.6 * 0.4 / 400)
    assert effect.high - effect.low > 2 * (2 * naive)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """A true effect of 0.15, people who differ in how they label: 95 % of intervals hold it, within chance."""
    rng, covered, rounds = np.random.default_rng(0), 0, 200
    for number in range(rounds):
        habit = np.clip(rng.normal(0.6, 0.08, 60), 0.2, 0.84)
        shown, held = rng.binomial(80, habit + 0.15), rng.binomial(20, habit)
        counts = [(80, int(a), 20, int(b)) for a, b in zip(shown, held, strict=True)]
        effect = anchoring_effect(counts, seed=number, draws=600)
        covered += effect.low <= 0.15 <= effect.high
    assert 0.90 <= covered / rounds <= 0.985


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ([], Insufficient.NO_LABELS),
        ([(0, 0, 0, 0)] * 9, Insufficient.NO_LABELS),
        ([(100, 90, 100, 50)] * 4, Insufficient.FEW_PEOPLE),
        ([(100, 90, 100, 50)] * 4 + [(0, 0, 0, 0)], Insufficient.FEW_PEOPLE),
        ([(100, 90, 4, 2)] * 7, Insufficient.FEW_LABELS),
        ([(4, 2, 100, 90)] * 7, Insufficient.FEW_LABELS),
        ([(100, 90, 0, 0)] * 9 + [(100, 90, 40, 20)], Insufficient.NO_INTERVAL),
    ],
)
def test_too_little_is_said_to_be_too_little(counts, why):
    effect = anchoring_effect(counts, seed=1)
    assert effect.insufficient is why
    assert (effect.value, effect.low, effect.high) == (None, None, None)
    assert why.sentence.endswith(".")


def test_ten_thousand_people_are_drawn_in_bounded_memory():
    import tracemalloc

    rng = np.random.default_rng(1)
    counts = np.column_stack(
        [np.full(10_000, 80), rng.binomial(80, 0.8, 10_000), np.full(10_000, 20), rng.binomial(20, 0.7, 10_000)]
    )
    tracemalloc.start()
    effect = anchoring_effect([tuple(row) for row in counts.tolist()], seed=1, draws=400)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert effect.value == pytest.approx(0.1, abs=0.01)
    assert peak < 64 * 2**20


def test_the_coin_is_fair_fixed_and_its_own_for_each_pair():
    share = np.mean([held_out(42, person, item, 0.2) for person in range(100) for item in range(100)])
    assert share == pytest.approx(0.2, abs=0.012)  # 3 standard errors
    assert coin(42, 7, 8) == coin(42, 7, 8)
    assert len({coin(42, 7, 8), coin(43, 7, 8), coin(42, 8, 7), coin(42, 78, 0)}) == 4
    per_person = [np.mean([held_out(42, person, item, 0.5) for item in range(400)]) for person in range(50)]
    assert max(abs(value - 0.5) for value in map(float, per_person)) < 0.11
