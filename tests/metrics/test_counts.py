import numpy as np
import pytest

from fairness.metrics import GroupCounts, OutcomeCounts, one_vs_rest, outcomes_one_vs_rest, without_truth

TABLE = {
    "women": {"allow": {"allow": 5, "hide": 1}, "hide": {"hide": 2}, None: {"allow": 4, "remove": 3}},
    "men": {"remove": {"allow": 1, "remove": 6}},
}


def test_one_vs_rest_counts_the_label_and_all_labels():
    assert one_vs_rest(without_truth(TABLE), "allow") == {
        "women": GroupCounts(9, 15),
        "men": GroupCounts(1, 7),
    }


def test_a_label_that_no_one_gave_is_selected_zero_times():
    assert one_vs_rest({"women": {"hide": 3}}, "allow") == {"women": GroupCounts(0, 3)}


def test_outcomes_leave_unknown_truth_out():
    assert outcomes_one_vs_rest(TABLE, "allow") == {
        "women": OutcomeCounts(tp=5, fp=0, fn=1, tn=2),
        "men": OutcomeCounts(tp=0, fp=1, fn=0, tn=6),
    }


def test_outcomes_split_into_the_three_rates():
    outcome = OutcomeCounts(tp=1, fp=2, fn=3, tn=4)
    assert outcome.n == 10
    assert outcome.selection == GroupCounts(3, 10)
    assert outcome.true_positive == GroupCounts(1, 4)
    assert outcome.false_positive == GroupCounts(2, 6)


def test_groups_may_be_intersections():
    assert one_vs_rest({("women", "old"): {"allow": 2}}, "allow") == {("women", "old"): GroupCounts(2, 2)}


def test_numpy_counts_are_counts():
    assert GroupCounts(np.int64(2), np.int32(3)) == GroupCounts(2, 3)


@pytest.mark.parametrize(
    ("selected", "n", "message"),
    [
        (3, 2, "selected must not exceed n, got 3 of 2."),
        (-1, 2, "selected must not be negative, got -1: the counters need a recount."),
        (0, -2, "n must not be negative, got -2: the counters need a recount."),
        (0.5, 2, "selected must be a whole number, got 0.5."),
    ],
)
def test_impossible_group_counts(selected, n, message):
    with pytest.raises(ValueError, match="^" + message.replace(".", r"\.") + "$"):
        GroupCounts(selected, n)


def test_impossible_outcome_counts():
    with pytest.raises(ValueError, match="fn must not be negative, got -1"):
        OutcomeCounts(tp=1, fp=1, fn=-1, tn=1)


def test_a_negative_cell_does_not_hide_in_a_sum():
    with pytest.raises(ValueError, match="a count must not be negative"):
        one_vs_rest({"women": {"allow": 5, "hide": -2}}, "allow")
