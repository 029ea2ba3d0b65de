import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.metrics import GroupCounts, Reason, Status, gap, human_llm_gaps, mover_difference, newcombe
from tests.metrics.raw_rows import group_counts

LLM = {"a": GroupCounts(30, 50), "b": GroupCounts(20, 50), "c": GroupCounts(1, 5)}
HUMAN = {"a": GroupCounts(40, 100), "b": GroupCounts(50, 100), "c": GroupCounts(50, 100)}


def test_a_gap_is_model_minus_human():
    found = gap(LLM["a"], HUMAN["a"])
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == newcombe(LLM["a"], HUMAN["a"])
    assert found.n == 150


def test_the_spread_joins_the_extreme_gaps():
    found = human_llm_gaps(LLM, HUMAN)
    assert found.by_group["b"].value == pytest.approx(-0.1)
    assert (found.highest, found.lowest, found.excluded) == ("a", "b", ("c",))
    assert found.spread.value == pytest.approx(0.3)
    top, bottom = found.by_group["a"], found.by_group["b"]
    expected = mover_difference((top.value, top.low, top.high), (bottom.value, bottom.low, bottom.high))
    assert (found.spread.low, found.spread.high) == pytest.approx(expected)


def test_the_spread_reaches_beyond_one_where_the_model_turns_the_groups_round():
    llm = {"a": GroupCounts(40, 40), "b": GroupCounts(0, 40)}
    human = {"a": GroupCounts(0, 40), "b": GroupCounts(40, 40)}
    found = human_llm_gaps(llm, human).spread
    assert found.value == 2.0
    assert found.high == 2.0


def test_one_side_without_labels_is_undefined_and_too_few_insufficient():
    missing = gap(GroupCounts(0, 0), HUMAN["a"])
    assert (missing.status, missing.reason, missing.n) == (Status.UNDEFINED, Reason.NO_LABELS, 100)
    small = gap(LLM["c"], HUMAN["c"])
    assert (small.status, small.reason) == (Status.INSUFFICIENT, Reason.SMALL_GROUP)
    assert gap(LLM["c"], HUMAN["c"], min_group=1).value == pytest.approx(-0.3)


def test_a_group_that_one_side_lacks_is_listed_and_has_no_gap():
    found = human_llm_gaps({"a": LLM["a"]}, HUMAN)
    assert list(found.by_group) == ["a", "b", "c"]
    assert found.by_group["b"].reason is Reason.NO_LABELS
    assert (found.spread.status, found.spread.reason) == (Status.UNDEFINED, Reason.ONE_GROUP)


def test_groups_too_small_for_a_spread_are_insufficient():
    found = human_llm_gaps({"a": LLM["a"], "c": LLM["c"]}, HUMAN)
    assert (found.spread.status, found.spread.reason) == (Status.INSUFFICIENT, Reason.SMALL_GROUPS)


@given(
    st.dictionaries(st.sampled_from("abcd"), group_counts, max_size=4),
    st.dictionaries(st.sampled_from("abcd"), group_counts, max_size=4),
)
def test_gaps_are_antisymmetric(llm, human):
    there, back = human_llm_gaps(llm, human, min_group=1), human_llm_gaps(human, llm, min_group=1)
    for group, found in there.by_group.items():
        if found.is_ok:
            mirrored = back.by_group[group]
            assert found.value == -mirrored.value
            assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low))
    assert there.spread.status is back.spread.status
    if there.spread.is_ok:
        assert there.spread.value == pytest.approx(back.spread.value)


def test_the_gap_interval_covers():
    """95 % intervals hold the true gap in about 95 of 100 samples (seeded; Newcombe is close to nominal)."""
    rng = np.random.default_rng(20240101)
    draws = 2000
    llm, human = rng.binomial(60, 0.4, draws), rng.binomial(150, 0.25, draws)
    found = [gap(GroupCounts(a, 60), GroupCounts(b, 150)) for a, b in zip(llm, human, strict=True)]
    covered = sum(e.low <= 0.15 <= e.high for e in found) / draws
    assert 0.935 <= covered <= 0.97
