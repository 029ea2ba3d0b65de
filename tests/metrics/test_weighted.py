import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.metrics import (
    GroupCounts,
    Reason,
    Status,
    active_parity,
    demographic_parity,
    effective_size,
    horvitz_thompson,
    inverse_weights,
    sequential_weights,
    weighted_parity,
    weighted_rate,
)

LABELS, CHANCES = np.array([1, 0, 1, 1]), np.array([0.9, 0.3, 0.5, 0.2])


def samples():
    """Every set of four items that may be chosen, and its probability."""
    for chosen in itertools.product([False, True], repeat=4):
        kept = np.array(chosen)
        yield kept, float(np.prod(np.where(kept, CHANCES, 1 - CHANCES)))


def test_horvitz_thompson_and_its_variance_are_right_on_average():
    """Over all sixteen samples, exactly: the mean is the rate, and the mean of the estimated variance its variance."""
    mean = square = estimated = 0.0
    for kept, probability in samples():
        found = horvitz_thompson(LABELS[kept], CHANCES[kept], 4)
        value = found.value or 0.0
        mean += probability * value
        square += probability * value**2
        if found.is_ok and found.low > 0:
            estimated += probability * ((value - found.low) / 1.959964) ** 2
        elif found.is_ok:
            estimated += probability * ((found.high - value) / 1.959964) ** 2
    assert mean == pytest.approx(0.75)
    assert estimated == pytest.approx(square - mean**2, rel=1e-5)


@pytest.mark.parametrize("draws", [1, 2, 3, 4])
def test_sequential_weights_are_right_on_average(draws):
    """Over every order in which so many of four items may be drawn, with probabilities that favour some."""
    score = np.array([0.55, 0.25, 0.15, 0.05])
    mean = total = 0.0
    for order in itertools.permutations(range(4), draws):
        left, probabilities = list(range(4)), []
        for item in order:
            probabilities.append(score[item] / score[left].sum())
            left.remove(item)
        chance = math.prod(probabilities)
        weights = sequential_weights(probabilities, 4)
        mean += chance * float((weights * LABELS[list(order)]).mean())
        total += chance
    assert total == pytest.approx(1.0)
    assert mean == pytest.approx(0.75)


def test_uniform_draws_weigh_one():
    assert sequential_weights([1 / 5, 1 / 4, 1 / 3], 5) == pytest.approx([1, 1, 1])
    assert sequential_weights([0.9, 0.5, 1.0], 3) == pytest.approx([1, 1, 1])


def active_project(seed):
    """20,000 items of two groups, of which some 4,000 are chosen for how unsure a model is of them."""
    chance = np.random.default_rng(seed)
    n = 20_000
    group = chance.integers(0, 2, n)
    score = np.clip(chance.beta(1.2, 2.2, n) + 0.065 * group, 0.01, 0.99)
    label = chance.random(n) < score
    doubt = (score * (1 - score)) ** 3
    audited = chance.random(n) < 0.1
    probability = np.minimum(1.0, 4_000 * (0.9 * doubt / doubt.sum() + 0.1 / n))
    chosen = chance.random(n) < probability
    audit = {
        g: GroupCounts(int(label[audited & (group == g)].sum()), int((audited & (group == g)).sum())) for g in (0, 1)
    }
    truth = label[group == 1].mean() - label[group == 0].mean()
    return group[chosen].tolist(), label[chosen], probability[chosen], audit, truth


def test_actively_chosen_items_mislead_and_weights_and_the_audit_stream_do_not():
    """Means over 20 seeded projects. The naive difference misses by a third and more."""
    rows = []
    for seed in range(20):
        group, label, probability, audit, truth = active_project(seed)
        found = active_parity(group, label, inverse_weights(probability), audit)
        readings = (found.naive, found.weighted, found.audit)
        signed = [p.difference.value if p.highest == 1 else -p.difference.value for p in readings]
        rows.append([truth, *signed, found.weighted.difference.low <= truth <= found.weighted.difference.high])
    truth, naive, weighted, audit, covered = np.mean(rows, axis=0)
    assert truth == pytest.approx(0.065, abs=0.01)
    assert abs(naive - truth) > truth / 3
    assert weighted == pytest.approx(truth, abs=0.012)
    assert audit == pytest.approx(truth, abs=0.012)
    assert covered >= 0.8


def test_the_weighted_interval_covers():
    covered = 0
    for seed in range(100):
        chance = np.random.default_rng(seed)
        score = chance.uniform(0.05, 0.6, 3000)
        label = chance.random(3000) < score
        probability = np.clip(0.05 + 0.4 * score, 0, 1)
        chosen = chance.random(3000) < probability
        found = weighted_rate(label[chosen], inverse_weights(probability[chosen]))
        covered += found.low <= label.mean() <= found.high
    assert covered >= 90


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=80), st.floats(0.01, 100))
def test_equal_weights_of_any_scale_are_no_weights(rows, weight):
    groups, selected = [g for g, _ in rows], [s for _, s in rows]
    found = weighted_parity(groups, selected, [weight] * len(rows), min_group=5)
    counts = {g: GroupCounts(sum(s for h, s in rows if h == g), groups.count(g)) for g in dict.fromkeys(groups)}
    plain = demographic_parity(counts, min_group=5)
    assert found.difference.reason is plain.difference.reason
    assert set(found.excluded) == set(plain.excluded)
    for group in counts:
        assert found.rates[group].value == pytest.approx(plain.rates[group].value)
        assert found.rates[group].reason is plain.rates[group].reason
    if plain.difference.is_ok:
        assert found.difference.value == pytest.approx(plain.difference.value)


def test_one_heavy_label_is_not_a_rate():
    found = weighted_rate([True] + [False] * 99, [1e6] + [1.0] * 99)
    assert (found.status, found.reason, found.n) == (Status.INSUFFICIENT, Reason.SMALL_GROUP, 100)


def test_nothing_and_ends():
    assert weighted_rate([], []).reason is Reason.NO_LABELS
    assert weighted_rate([True], [0.0]).reason is Reason.NO_LABELS
    assert horvitz_thompson([], [], 5).reason is Reason.NO_LABELS
    assert weighted_rate([True] * 29, [1.0] * 29).status is Status.INSUFFICIENT
    every = weighted_rate([True] * 40, np.linspace(1, 3, 40))
    assert every.value == 1.0
    assert every.low < 1.0 == every.high


@pytest.mark.parametrize(
    "call",
    [
        lambda: inverse_weights([0.0, 0.5]),
        lambda: inverse_weights([1.1]),
        lambda: inverse_weights([float("nan")]),
        lambda: sequential_weights([0.5, 0.5], 1),
        lambda: horvitz_thompson([True, False], [0.5, 0.5], 1),
        lambda: weighted_rate([True], [1.0, 2.0]),
        lambda: weighted_rate([True], [-1.0]),
        lambda: weighted_rate([True], [float("inf")]),
        lambda: weighted_parity(["a"], [True, False], [1.0, 1.0]),
    ],
)
def test_what_cannot_be_weighted_is_refused(call):
    with pytest.raises(ValueError, match=r"probabilities must lie|No more items|finite weight|a group for each"):
        call()


def test_the_effective_size_is_the_number_of_equal_labels_and_falls_with_inequality():
    assert effective_size(np.full(40, 3.0)) == pytest.approx(40)
    assert effective_size([1, 1, 8]) == pytest.approx(100 / 66)
    assert effective_size([]) == 0


@pytest.mark.slow
def test_intervals_by_known_chances_hold_the_truth_where_the_plain_ones_never_do():
    """1,000 draws from 4,000 items of which 12 % are wrong, wrong ones being up to fifteen times as likely to be drawn
    (chances as ``annotations.stream`` makes them, 5 % of the items): coverage of nominally 95 % intervals."""
    random = np.random.default_rng(11)
    wrong = random.random(4000) < 0.12
    expected = np.where(wrong, random.beta(3, 2, 4000), random.beta(0.5, 6, 4000))
    chances = np.minimum(1, 0.05 * (0.2 + 0.8 * expected / expected.mean()))
    assert chances.max() / chances.min() > 15
    truth, held = wrong.mean(), {"weighted": 0, "total": 0, "uniform": 0, "naive": 0}
    for _ in range(1000):
        drawn, uniform = random.random(4000) < chances, random.random(4000) < 0.05
        readings = {
            "weighted": weighted_rate(wrong[drawn], inverse_weights(chances[drawn])),
            "total": horvitz_thompson(wrong[drawn], chances[drawn], 4000),
            "uniform": weighted_rate(wrong[uniform], np.ones(uniform.sum())),
            "naive": weighted_rate(wrong[drawn], np.ones(drawn.sum())),
        }
        for name, found in readings.items():
            held[name] += found.low <= truth <= found.high
    assert held["naive"] == 0
    for name in ("weighted", "total", "uniform"):
        assert 920 <= held[name] <= 985, held


def test_the_interval_of_the_weighted_difference_holds_whichever_pair_lies_furthest_apart():
    """Six groups without a difference: an interval of the furthest pair alone leaves 0 out in far more than 5 %."""
    rng, missed = np.random.default_rng(7), 0
    groups = np.repeat(list("abcdef"), 150)
    for _ in range(200):
        weights = rng.uniform(1, 3, len(groups))
        found = weighted_parity(groups.tolist(), rng.random(len(groups)) < 0.4, weights)
        assert found.difference.low is not None
        missed += found.difference.low > 0
    assert missed <= 20


def test_labels_of_one_item_count_as_one_in_weighted_intervals():
    groups, selected = ["a"] * 300 + ["b"] * 300, np.tile([True, False, False], 200)
    one, three = (weighted_parity(groups, selected, np.ones(600), labels_per_item=k) for k in (1, 3))
    assert (one.difference.value, one.rates["a"].value) == (three.difference.value, three.rates["a"].value)
    width = {k: found.rates["a"].high - found.rates["a"].low for k, found in ((1, one), (3, three))}
    assert width[3] == pytest.approx(width[1] * 3**0.5, rel=0.02)
    assert three.difference.high > one.difference.high
