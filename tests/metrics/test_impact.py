import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.metrics import GroupCounts, Reason, Verdict, demographic_parity, disparate_impact, ratio_interval, wilson
from tests.metrics.raw_rows import group_counts


def test_a_clear_breach_is_below_and_names_the_pair():
    found = disparate_impact({"a": GroupCounts(300, 1000), "b": GroupCounts(500, 1000)})
    assert found.verdict is Verdict.BELOW
    assert found.ratio.value == pytest.approx(0.6)
    assert found.ratio.low < 0.6 < found.ratio.high < 0.8
    assert (found.lowest, found.highest, found.below) == ("a", "b", (("a", "b"),))


def test_alike_groups_are_above():
    assert disparate_impact({g: GroupCounts(5000, 10_000) for g in "ab"}).verdict is Verdict.ABOVE


def test_a_ratio_below_four_fifths_by_chance_is_unclear():
    """The point estimate fails the rule; fifty labels a group cannot tell."""
    found = disparate_impact({"a": GroupCounts(15, 50), "b": GroupCounts(20, 50)})
    assert found.ratio.value == pytest.approx(0.75)
    assert found.verdict is Verdict.UNCLEAR
    assert found.below == ()


def test_what_has_no_ratio_has_no_verdict():
    small = disparate_impact({"a": GroupCounts(15, 29), "b": GroupCounts(20, 50)})
    assert (small.verdict, small.ratio.reason) == (Verdict.INSUFFICIENT, Reason.SMALL_GROUPS)
    alone = disparate_impact({"a": GroupCounts(15, 50)})
    assert (alone.verdict, alone.ratio.reason) == (Verdict.UNDEFINED, Reason.ONE_GROUP)
    zero = disparate_impact({g: GroupCounts(0, 50) for g in "ab"})
    assert (zero.verdict, zero.ratio.reason) == (Verdict.UNDEFINED, Reason.ALL_ZERO)


@pytest.mark.parametrize("threshold", [0, -1, 1.2, math.nan])
def test_a_threshold_is_a_share(threshold):
    with pytest.raises(ValueError, match=r"threshold must lie in \(0, 1\]"):
        disparate_impact({}, threshold=threshold)


@given(st.dictionaries(st.sampled_from("abcde"), group_counts, max_size=5), st.integers(1, 30))
def test_the_ratio_is_that_of_demographic_parity(counts, min_group):
    found, parity = disparate_impact(counts, min_group=min_group), demographic_parity(counts, min_group=min_group)
    assert found.ratio.value == parity.ratio.value
    assert found.ratio.reason is parity.ratio.reason
    if found.ratio.is_ok:
        assert (found.lowest, found.highest) == (parity.lowest, parity.highest)
        assert found.ratio.low - 1e-9 <= found.ratio.value <= found.ratio.high + 1e-9


def test_the_limits_solve_the_equation_they_come_from():
    """θ is a limit where the MOVER limit of p₁ − θ p₂ is 0."""
    low, high = GroupCounts(30, 100), GroupCounts(60, 120)
    (l1, u1), (l2, u2) = wilson(30, 100), wilson(60, 120)
    lower, upper = ratio_interval(low, high)
    assert 0.3 - lower * 0.5 == pytest.approx(math.hypot(0.3 - l1, lower * (u2 - 0.5)))
    assert upper * 0.5 - 0.3 == pytest.approx(math.hypot(u1 - 0.3, upper * (0.5 - l2)))


def test_rates_near_zero_leave_the_ratio_open():
    assert ratio_interval(GroupCounts(1, 50), GroupCounts(0, 50))[1] == math.inf
    assert ratio_interval(GroupCounts(0, 50), GroupCounts(10, 50))[0] == 0.0


def test_the_verdict_is_seldom_wrong():
    """Four groups of equal rates and 400 labels: "below" is said of at most 5 % of samples (seeded)."""
    chance = np.random.default_rng(5)
    draws = chance.binomial(400, 0.2, (300, 4))
    said = [disparate_impact({g: GroupCounts(int(s), 400) for g, s in enumerate(row)}).verdict for row in draws]
    assert said.count(Verdict.BELOW) / 300 <= 0.05
    assert said.count(Verdict.UNCLEAR) > 0
