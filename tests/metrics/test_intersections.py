import fairlearn.metrics as oracle
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from fairness.metrics import GroupCounts, Reason, Status, cross, crossed_rates, margin, wilson

rows = st.lists(st.tuples(st.sampled_from("fm"), st.sampled_from(["young", "old"]), st.booleans()), max_size=60)


@settings(deadline=None, max_examples=60)
@given(rows)
def test_unshrunk_rates_are_fairlearns_over_several_features(drawn):
    assume(drawn)
    sex, age, selected = (list(column) for column in zip(*drawn, strict=True))
    found = crossed_rates(cross([sex, age], selected), shrinkage=0, min_group=1)
    features = pd.DataFrame({"sex": sex, "age": age})
    labels = np.array(selected, dtype=int)
    frame = oracle.MetricFrame(
        metrics=lambda _truth, given_label: given_label.mean(),
        y_true=labels,
        y_pred=labels,
        sensitive_features=features,
    )
    theirs = frame.by_group.dropna().to_dict()
    assert {cell: e.value for cell, e in found.rates.items()} == pytest.approx(theirs)
    assert found.overall.value == pytest.approx(frame.overall)
    if len(theirs) > 1:
        assert found.difference.value == pytest.approx(frame.difference())
        if found.ratio.is_ok:
            assert found.ratio.value == pytest.approx(frame.ratio())
        else:
            assert found.ratio.reason is Reason.ALL_ZERO


@settings(deadline=None)
@given(rows)
def test_a_margin_is_the_count_of_fewer_attributes(drawn):
    sex, age, selected = ([row[k] for row in drawn] for k in range(3))
    full = cross([sex, age], selected)
    assert margin(full, [0]) == cross([sex], selected)
    assert margin(full, [1, 0]) == cross([age, sex], selected)


def test_small_groups_are_drawn_towards_the_whole():
    counts = {
        ("f", "old"): GroupCounts(3, 3),
        ("f", "young"): GroupCounts(400, 1000),
        ("m", "old"): GroupCounts(397, 997),
    }
    found = crossed_rates(counts, shrinkage=20, min_group=1)
    overall = 800 / 2000
    assert found.overall.value == overall
    assert found.rates["f", "old"].value == pytest.approx((3 + 20 * overall) / 23)
    assert found.rates["f", "young"].value == pytest.approx(0.4)
    low, high = wilson(3, 3)
    shrunk = found.rates["f", "old"]
    assert (shrunk.low, shrunk.high) == (low, max(high, shrunk.value))
    assert found.highest == ("f", "old")
    top, bottom = found.rates[found.highest], found.rates[found.lowest]
    assert found.difference.low < found.difference.value <= found.difference.high
    assert found.ratio.value == pytest.approx(bottom.value / top.value)


def test_small_groups_stay_hidden_all_the_same():
    counts = {("f", "old"): GroupCounts(3, 29), ("m", "old"): GroupCounts(20, 50), ("m", "young"): GroupCounts(0, 0)}
    found = crossed_rates(counts)
    assert found.rates["f", "old"].status is Status.INSUFFICIENT
    assert found.rates["m", "young"].reason is Reason.NO_LABELS
    assert found.excluded == (("f", "old"), ("m", "young"))
    assert found.difference.reason is Reason.SMALL_GROUPS
    assert found.overall.n == 79


def test_nothing_is_undefined():
    for counts in ({}, {("f",): GroupCounts(0, 0)}):
        found = crossed_rates(counts)
        assert found.overall.reason is Reason.NO_LABELS
        assert found.difference.reason is Reason.ONE_GROUP
        assert found.excluded == tuple(counts)


def test_rates_of_none_and_all_stay_in_range():
    for selected in (0, 50):
        found = crossed_rates({(g,): GroupCounts(selected, 50) for g in "ab"}, shrinkage=0.3)
        assert found.difference.value == 0.0
        assert found.rates["a",].value == selected / 50
    assert crossed_rates({(g,): GroupCounts(0, 50) for g in "ab"}).ratio.reason is Reason.ALL_ZERO


def test_shrinking_lowers_the_error_of_small_groups():
    """Forty groups of twelve labels whose true rates vary a little: seeded; the raw rates are twice as far off."""
    chance = np.random.default_rng(9)
    truth = chance.normal(0.4, 0.05, 40)
    counts = {(k,): GroupCounts(int(chance.binomial(12, p)), 12) for k, p in enumerate(truth)}
    errors = []
    for shrinkage in (0, 10):
        rates = crossed_rates(counts, shrinkage=shrinkage, min_group=1).rates
        errors.append(np.sqrt(np.mean([(rates[k,].value - p) ** 2 for k, p in enumerate(truth)])))
    assert errors[1] < 0.75 * errors[0]


@pytest.mark.parametrize("truly", [0.1, 0.5, 0.7, 0.9, 0.97])
@pytest.mark.parametrize("n", [30, 60, 200])
def test_the_interval_of_a_shrunk_rate_holds_the_truth_however_unusual_the_group_is(n, truly):
    """All others get the label half the time. Wilson's of n + κ labels around the shrunk rate held a rate of .9 of
    thirty labels in 41 of 100."""
    others, covered = GroupCounts(2000, 4000), 0.0
    for selected in range(n + 1):
        found = crossed_rates({("a",): GroupCounts(selected, n), ("b",): others}).rates["a",]
        covered += binom.pmf(selected, n, truly) * (found.low <= truly <= found.high)
    assert covered >= 0.925


def test_the_furthest_of_many_pairs_is_beyond_chance_in_few_where_nothing_is():
    chance = np.random.default_rng(4)
    above = 0
    for _ in range(200):
        drawn = {(number,): GroupCounts(int(chance.binomial(100, 0.5)), 100) for number in range(12)}
        above += (crossed_rates(drawn).difference.low or 0) > 0
    assert above / 200 <= 0.05


def test_rows_without_a_value_are_in_no_group():
    assert cross([["f", None, "f"], ["old", "old", None]], [True, True, True]) == {("f", "old"): GroupCounts(1, 1)}


@pytest.mark.parametrize(("attributes", "selected"), [([], [True]), ([["f"]], [True, False])])
def test_columns_must_fit(attributes, selected):
    with pytest.raises(ValueError, match="at least one attribute"):
        cross(attributes, selected)


@pytest.mark.parametrize("wrong", [{"shrinkage": -1}, {"min_group": 0}, {"shrinkage": float("nan")}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match="shrinkage >= 0 and min_group >= 1"):
        crossed_rates({}, **wrong)
