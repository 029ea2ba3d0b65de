import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.metrics import (
    MIN_GROUP,
    Estimate,
    GroupCounts,
    OutcomeCounts,
    Reason,
    Status,
    demographic_parity,
    equal_opportunity,
    equalized_odds,
    newcombe,
    rate,
    selection_rates,
    wilson,
)
from tests.metrics.raw_rows import group_counts, outcome_tables


def test_a_rate_comes_with_its_interval():
    found = rate(GroupCounts(12, 40))
    assert (found.value, found.status, found.n, found.reason) == (0.3, Status.OK, 40, None)
    assert (found.low, found.high) == wilson(12, 40)


def test_the_minimum_group_is_thirty_labels():
    assert rate(GroupCounts(15, 30)).is_ok
    found = rate(GroupCounts(14, 29))
    assert (found.status, found.value, found.n, found.reason) == (
        Status.INSUFFICIENT,
        None,
        29,
        Reason.SMALL_GROUP,
    )


def test_an_empty_group_has_no_rate_at_all():
    found = rate(GroupCounts(0, 0))
    assert (found.status, found.reason, found.n) == (Status.UNDEFINED, Reason.NO_LABELS, 0)


def test_a_minimum_of_zero_would_divide_by_zero():
    with pytest.raises(ValueError, match=r"min_group must be at least 1, got 0."):
        rate(GroupCounts(0, 0), min_group=0)


def test_parity_names_the_pair_and_gives_its_interval():
    counts = {"a": GroupCounts(20, 40), "b": GroupCounts(30, 40), "c": GroupCounts(24, 40)}
    found = demographic_parity(counts)
    assert (found.highest, found.lowest) == ("b", "a")
    assert found.difference.value == pytest.approx(0.25)
    assert (found.difference.low, found.difference.high) == newcombe(counts["b"], counts["a"], 1 - 0.05 / 3)
    assert found.pair_confidence == 1 - 0.05 / 3
    assert found.ratio.value == pytest.approx(2 / 3)
    assert found.difference.n == 120
    assert found.rates == selection_rates(counts)


def test_small_groups_do_not_enter_the_shown_difference_but_are_named():
    counts = {"a": GroupCounts(20, 40), "b": GroupCounts(30, 40), "tiny": GroupCounts(0, MIN_GROUP - 1)}
    found = demographic_parity(counts)
    assert found.difference.value == pytest.approx(0.25)
    assert found.excluded == ("tiny",)
    assert found.rates["tiny"].status is Status.INSUFFICIENT
    assert demographic_parity(counts, min_group=1).difference.value == pytest.approx(0.75)


def test_too_few_labels_is_not_the_same_as_nothing_to_compare():
    small = demographic_parity({"a": GroupCounts(20, 40), "b": GroupCounts(3, 5)})
    assert (small.status, small.difference.reason) == (Status.INSUFFICIENT, Reason.SMALL_GROUPS)
    alone = demographic_parity({"a": GroupCounts(20, 40), "b": GroupCounts(0, 0)})
    assert (alone.status, alone.difference.reason) == (Status.UNDEFINED, Reason.ONE_GROUP)
    assert (alone.highest, alone.lowest, alone.excluded) == (None, None, ("b",))
    nothing = demographic_parity({})
    assert (nothing.status, nothing.ratio.reason) == (Status.UNDEFINED, Reason.ONE_GROUP)


def test_equal_rates_still_compare_two_different_groups():
    found = demographic_parity({"a": GroupCounts(20, 40), "b": GroupCounts(50, 100)})
    assert {found.highest, found.lowest} == {"a", "b"}
    assert found.difference.value == 0.0
    assert found.ratio.value == 1.0


def test_a_label_that_nobody_got_has_a_difference_but_no_ratio():
    found = demographic_parity({"a": GroupCounts(0, 40), "b": GroupCounts(0, 40)})
    assert found.difference.value == 0.0
    assert (found.ratio.status, found.ratio.reason) == (Status.UNDEFINED, Reason.ALL_ZERO)
    assert found.status is Status.OK


def test_a_group_that_never_gets_the_label_has_ratio_zero():
    found = demographic_parity({"a": GroupCounts(0, 40), "b": GroupCounts(4, 40)})
    assert found.ratio.value == 0.0


def test_no_positives_is_undefined_and_not_a_difference_of_one():
    outcomes = {
        "a": OutcomeCounts(tp=30, fp=0, fn=0, tn=30),
        "b": OutcomeCounts(tp=0, fp=0, fn=0, tn=60),
        "c": OutcomeCounts(tp=24, fp=6, fn=6, tn=30),
    }
    found = equal_opportunity(outcomes)
    assert found.rates["b"].reason is Reason.NO_POSITIVES
    assert found.difference.value == pytest.approx(0.2)
    assert found.excluded == ("b",)
    two = equal_opportunity({g: outcomes[g] for g in "ab"})
    assert (two.status, two.difference.reason) == (Status.UNDEFINED, Reason.ONE_GROUP)


def test_odds_take_the_worse_of_both_rates():
    outcomes = {
        "a": OutcomeCounts(tp=40, fp=10, fn=10, tn=40),  # TPR .8, FPR .2
        "b": OutcomeCounts(tp=30, fp=20, fn=20, tn=80),  # TPR .6, FPR .2
    }
    odds = equalized_odds(outcomes)
    assert odds.difference.value == pytest.approx(0.2)
    assert (odds.difference.low, odds.difference.high) == newcombe(
        GroupCounts(40, 50), GroupCounts(30, 50), 1 - 0.05 / 2
    )  # the worse of two rates
    assert odds.ratio.value == pytest.approx(0.75)
    assert odds.difference.n == 250


def test_odds_without_one_of_the_rates_are_not_read_from_the_other():
    no_negatives = {g: OutcomeCounts(tp=30, fp=0, fn=30, tn=0) for g in "ab"}
    odds = equalized_odds(no_negatives)
    assert odds.true_positive.difference.is_ok
    assert (odds.difference.status, odds.difference.reason) == (Status.UNDEFINED, Reason.ONE_GROUP)
    few_negatives = {g: OutcomeCounts(tp=30, fp=5, fn=30, tn=5) for g in "ab"}
    assert equalized_odds(few_negatives).difference.reason is Reason.SMALL_GROUPS


@given(st.dictionaries(st.sampled_from("abcde"), group_counts, max_size=5), st.integers(1, 40))
def test_every_estimate_is_a_finite_number_or_a_reason(counts, min_group):
    found = demographic_parity(counts, min_group=min_group)
    for estimate in (*found.rates.values(), found.difference, found.ratio):
        if estimate.is_ok:
            assert estimate.reason is None
            assert 0 <= estimate.value <= 1
            assert estimate.low is None or estimate.low <= estimate.value <= estimate.high
        else:
            assert estimate.value is estimate.low is None
            assert estimate.reason.sentence.endswith(".")


@given(outcome_tables, st.integers(1, 12))
def test_odds_are_at_least_as_far_apart_as_opportunity(outcomes, min_group):
    odds = equalized_odds(outcomes, min_group=min_group)
    if odds.difference.is_ok:
        assert odds.difference.value == max(odds.true_positive.difference.value, odds.false_positive.difference.value)
    else:
        assert not (odds.true_positive.difference.is_ok and odds.false_positive.difference.is_ok)


@pytest.mark.parametrize(
    "broken",
    [
        {"value": None, "status": Status.OK, "n": 1},
        {"value": 0.5, "status": Status.UNDEFINED, "n": 1, "reason": Reason.ALL_ZERO},
        {"value": 0.5, "status": Status.OK, "n": 1, "reason": Reason.ALL_ZERO},
        {"value": None, "status": Status.INSUFFICIENT, "n": 1},
        {"value": math.nan, "status": Status.OK, "n": 1},
        {"value": 0.5, "status": Status.OK, "n": 1, "low": 0.4},
        {"value": None, "status": Status.UNDEFINED, "n": 1, "reason": Reason.ALL_ZERO, "low": 0, "high": 1},
    ],
)
def test_an_estimate_cannot_contradict_itself(broken):
    with pytest.raises(ValueError, match=r"estimate|interval"):
        Estimate(**broken)


def test_reasons_are_stable_codes_with_sentences():
    assert str(Reason.SMALL_GROUP) == "small_group"
    assert Reason("small_group") is Reason.SMALL_GROUP
    assert len({reason.sentence for reason in Reason}) == len(Reason)
