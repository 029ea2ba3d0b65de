"""When to stop collecting labels, and in which order experts look at items."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.aggregation import Labels, SettlingTime, dawid_skene, enough, lift, majority, priority, simulate
from tests.aggregation.crowds import crowd


@pytest.mark.parametrize(
    ("sure", "labels", "stops"),
    [(0.98, 3, False), (0.99, 3, True), (0.999, 1, False), (0.999, 2, True), (0.5, 9, False), (0.5, 10, True)],
)
def test_an_item_has_enough_when_sure_or_full_but_not_before_its_minimum(sure, labels, stops):
    found = {"yes": sure, "no": 1 - sure}
    assert enough(found, labels=labels, target=0.99, minimum=2, maximum=10) is stops


def test_a_replay_stops_earlier_the_lower_the_target_and_never_beyond_the_maximum():
    labels, truth = crowd(n_items=400, n_annotators=12, each=9, skill=(8, 2))
    fitted = dawid_skene(labels)
    taken = [simulate(labels, fitted, target=target).per_item for target in (0.8, 0.95, 0.999)]
    assert taken == sorted(taken)
    assert taken[0] < 4
    assert simulate(labels, fitted, target=0.999, maximum=3).labels.max() == 3
    assert simulate(labels, fitted, target=0.8, minimum=4).labels.min() == 4
    assert (simulate(labels, fitted, target=0.999).decided == truth).mean() > 0.95


def test_a_replay_that_never_stops_decides_as_the_fit():
    labels, _truth = crowd(n_items=100)
    fitted = dawid_skene(labels)
    replay = simulate(labels, fitted, target=2.0)
    assert (replay.labels == 5).all()
    assert (replay.decided == fitted.decided).mean() > 0.99


def test_a_replay_needs_a_label_of_every_item():
    labels = Labels(np.array([0]), np.array([0]), np.array([0]), 2, 1, 2)
    with pytest.raises(ValueError, match="Every item"):
        simulate(labels, majority(labels), target=0.9)


def test_lift_is_how_many_times_as_many_errors_as_chance_would_find():
    errors = np.zeros(100)
    errors[:10] = 1
    assert lift(-np.arange(100.0), errors) == pytest.approx(10)
    assert lift(np.arange(100.0), errors) == 0
    with pytest.raises(ValueError, match="no errors"):
        lift(errors, np.zeros(100))


def test_long_items_take_longer_but_not_in_proportion():
    time = SettlingTime(np.array([]), np.array([]))
    assert time.minutes(200) == pytest.approx(0.75)
    assert 0.75 < time.minutes(800) < 4 * 0.75
    assert time.minutes(0) > 0


def test_settling_times_are_learnt():
    length = np.tile([100.0, 400.0, 2500.0], 100)
    time = SettlingTime(length, 10 + 2 * np.sqrt(length))
    assert time.minutes(900) * 60 == pytest.approx(70, rel=0.1)


def test_times_that_fall_with_length_are_taken_as_the_same_for_all():
    time = SettlingTime(np.tile([100.0, 10_000.0], 200), np.tile([90.0, 10.0], 200))
    assert time.slope == 0
    assert time.minutes(5) == time.minutes(50_000)


def test_of_two_equal_doubts_the_quicker_one_comes_first():
    assert priority(0.3, 0.5) > priority(0.3, 2.0)
    assert priority(0.6, 1.0) == pytest.approx(2 * priority(0.3, 1.0))
