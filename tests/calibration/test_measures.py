"""ECE, Brier's score and reliability bins against scikit-learn, by hand, and by their properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss
from statsmodels.stats.proportion import proportion_confint

from annotations.calibration import (
    Binning,
    brier_classes,
    brier_score,
    expected_calibration_error,
    log_loss,
    reliability,
)
from annotations.calibration.measures import bin_numbers, ece_by_chance

LABELS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


def split(rows: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([sure for sure, _hit in rows]), np.array([hit for _sure, hit in rows])


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, and labels that are right with the probability c²: the giver is too sure."""
    chance = np.random.default_rng(seed)
    sure = chance.uniform(0.3, 1, n)
    return sure, chance.random(n) < sure**2


def test_ece_by_hand():
    # In (.8, .9]: two of three right, said .9 → |2 − 2.7| = .7. In (.5, .6]: one of two, said .6 → |1 − 1.2| = .2.
    sure, right = [0.9, 0.9, 0.9, 0.6, 0.6], [True, True, False, True, False]
    assert expected_calibration_error(sure, right) == pytest.approx(0.9 / 5)
    assert expected_calibration_error(sure, right, bins=1) == pytest.approx(0.9 / 5)


def test_bins_close_on_the_right_and_hold_0_and_1():
    assert bin_numbers(np.array([0.0, 0.1, 0.3, 0.30001, 1.0])).tolist() == [0, 0, 2, 3, 9]


def test_equal_mass_keeps_equal_confidences_together():
    sure = np.array([0.9] * 6 + [0.5, 0.6, 0.7, 0.8])
    numbers = bin_numbers(sure, Binning.MASS, 5)
    assert set(numbers[:6].tolist()) == {2}
    assert numbers[6:].tolist() == [0, 0, 1, 1]
    found = reliability(sure, sure > 0.65, binning=Binning.MASS, bins=5)
    assert [(one.low, one.high, one.n) for one in found] == [(0.5, 0.6, 2), (0.7, 0.8, 2), (0.9, 0.9, 6)]


def test_reliability_equals_scikit_learn_and_statsmodels():
    sure, right = drawn(700)
    shares, means = calibration_curve(right, sure, n_bins=10)
    found = reliability(sure, right)
    assert [one.accuracy for one in found] == pytest.approx(shares)
    assert [one.confidence for one in found] == pytest.approx(means)
    for one in found:
        low, high = proportion_confint(round(one.accuracy * one.n), one.n, method="wilson")
        assert (one.accuracy_low, one.accuracy_high) == pytest.approx((low, high))


@settings(max_examples=60, deadline=None)
@given(LABELS)
def test_brier_and_log_loss_equal_scikit_learn(rows):
    sure, right = split(rows)
    assert brier_score(sure, right) == pytest.approx(brier_score_loss(right, sure, pos_label=True))
    clipped = np.clip(sure, 1e-6, 1 - 1e-6)
    assert log_loss(sure, right) == pytest.approx(sklearn_log_loss(right, clipped, labels=[False, True]))


def test_brier_over_classes_equals_scikit_learn():
    chance = np.random.default_rng(2)
    given_ = chance.dirichlet([1, 1, 1, 1], 300)
    truth = chance.integers(0, 4, 300)
    expected = np.mean(((given_ - np.eye(4)[truth]) ** 2).sum(axis=1))
    assert brier_classes(given_, truth) == pytest.approx(expected)
    assert brier_classes([[0.3, 0.7]], [1]) == pytest.approx(2 * brier_score([0.7], [True]))


@settings(max_examples=100, deadline=None)
@given(LABELS, st.sampled_from(list(Binning)), st.integers(1, 20))
def test_ece_is_a_share_and_no_less_with_finer_bins_of_equal_width(rows, binning, bins):
    sure, right = split(rows)
    coarse = expected_calibration_error(sure, right, binning=binning, bins=bins)
    assert 0 <= coarse <= 1
    if binning is Binning.WIDTH:  # two halves of a bin cannot cancel each other
        assert expected_calibration_error(sure, right, bins=2 * bins) >= coarse - 1e-9
    assert sum(one.n for one in reliability(sure, right, binning=binning, bins=bins)) == len(rows)


def test_chance_alone_makes_an_ece_that_shrinks_with_the_root_of_n():
    few, many = ece_by_chance(drawn(100)[0]), ece_by_chance(drawn(6400)[0])
    assert 0.06 < few < 0.2
    assert few / many == pytest.approx(8, rel=0.2)


@pytest.mark.parametrize("sure", [[1.2], [-0.1], [float("nan")]])
def test_what_is_no_probability_is_refused(sure):
    with pytest.raises(ValueError, match="between 0 and 1"):
        expected_calibration_error(sure, [True])


def test_wrong_shapes_are_refused_and_nothing_is_nan():
    with pytest.raises(ValueError, match="one length"):
        brier_score([0.5, 0.5], [True])
    with pytest.raises(ValueError, match="At least one bin"):
        expected_calibration_error([0.5], [True], bins=0)
    with pytest.raises(ValueError, match="are needed"):
        brier_classes([[0.5, 0.5]], [0, 1])
    for nothing in (expected_calibration_error([], []), brier_score([], []), log_loss([], [])):
        assert np.isnan(nothing)
    assert np.isnan(brier_classes(np.empty((0, 2)), []))
    assert reliability([], []) == []
