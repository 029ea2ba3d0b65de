"""Temperature scaling and isotonic regression: against scikit-learn, on items they have not seen, and their manners."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit, softmax
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from annotations.calibration import (
    Curve,
    CurveMethod,
    assess,
    assessing,
    calibrate,
    expected_calibration_error,
    fit_isotonic,
    fit_temperature,
    log_loss,
)
from annotations.calibration.assessing import LEAST, MOST_DRAWN
from annotations.calibration.crossfit import LEAST_ISOTONIC, candidates, fold_numbers


def too_sure(n: int, temperature: float = 2.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Labels whose log-odds are ``temperature`` times what they should be."""
    chance = np.random.default_rng(seed)
    odds = chance.normal(1, 1.5, n)
    return expit(odds * temperature), chance.random(n) < expit(odds)


def stepped(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """A giver who is right .45 of the time below a confidence of .8 and .9 of the time above: no temperature fits."""
    chance = np.random.default_rng(seed)
    sure = chance.uniform(0.5, 1, n)
    return sure, chance.random(n) < np.where(sure < 0.8, 0.45, 0.9)


def honest(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    sure = chance.uniform(0.4, 1, n)
    return sure, chance.random(n) < sure


def test_temperature_is_found_and_equals_a_logistic_regression_through_the_origin():
    sure, right = too_sure(20_000)
    curve = fit_temperature(sure, right)
    assert curve.temperature == pytest.approx(2.0, rel=0.05)
    slope = LogisticRegression(C=np.inf, fit_intercept=False).fit(logit(sure)[:, None], right).coef_[0, 0]
    assert 1 / curve.temperature == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_temperature_is_guo_s_softmax_where_the_rest_is_spread_evenly(classes):
    curve = Curve(CurveMethod.TEMPERATURE, temperature=2.5, classes=classes)
    for sure in (0.2, 0.5, 0.9, 0.99):
        rest = (1 - sure) / (classes - 1)
        whole = softmax(np.log([sure] + [rest] * (classes - 1)) / 2.5)
        assert float(curve.apply(sure)) == pytest.approx(whole[0])
    assert float(curve.apply(1 / classes)) == pytest.approx(1 / classes)  # a guess stays one


def test_isotonic_equals_scikit_learn():
    sure, right = stepped(500)
    edge = 1 / 502
    oracle = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip").fit(sure, right)
    points = np.linspace(0, 1, 301)
    assert fit_isotonic(sure, right).apply(points) == pytest.approx(oracle.predict(points))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60), st.integers(2, 9))
def test_curves_never_fall_and_stay_probabilities(rows, classes):
    sure, right = np.array([one for one, _ in rows]), np.array([hit for _, hit in rows])
    points = np.linspace(0, 1, 101)
    for curve in (fit_temperature(sure, right, classes=classes), fit_isotonic(sure, right), Curve()):
        found = curve.apply(points)
        assert ((found >= 0) & (found <= 1)).all()
        assert (np.diff(found) >= -1e-9).all()
        assert Curve.from_json(curve.as_json()) == curve


def test_missing_confidence_stays_missing():
    for curve in (Curve(), fit_isotonic(*stepped(50)), fit_temperature(*stepped(50))):
        assert np.isnan(curve.apply([np.nan, 0.5])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("draw", "method"),
    [(too_sure, CurveMethod.TEMPERATURE), (stepped, CurveMethod.ISOTONIC)],
)
def test_the_method_that_foretells_best_is_chosen_and_helps_on_unseen_items(draw, method):
    sure, right = draw(2000)
    found = calibrate(sure, right, item=np.arange(2000))
    assert found is not None
    assert found.curve.method is method
    assert log_loss(found.confidence, right) < log_loss(sure, right) - 0.02
    assert expected_calibration_error(found.confidence, right) < expected_calibration_error(sure, right) / 2
    fresh, fresh_right = draw(20_000, seed=9)
    assert expected_calibration_error(found.curve.apply(fresh), fresh_right) < 0.03


def test_who_is_calibrated_stays_so():
    off = []
    for seed in range(10):
        sure, right = honest(1000, seed=seed)
        found = calibrate(sure, right, item=np.arange(1000))
        assert found is not None
        off.append(np.abs(found.curve.apply(np.linspace(0.45, 0.95, 51)) - np.linspace(0.45, 0.95, 51)).mean())
    assert np.mean(off) < 0.02


def test_figures_after_calibration_are_out_of_sample():
    """On pure noise a curve that has seen the items would look better than it is."""
    chance = np.random.default_rng(5)
    sure, right = chance.random(400), chance.random(400) < 0.5
    seen = fit_isotonic(sure, right)
    found = calibrate(sure, right, item=np.arange(400))
    assert found is not None
    assert log_loss(seen.apply(sure), right) < np.log(2) - 0.005 < log_loss(found.confidence, right)


def test_labels_of_one_item_stay_in_one_fold():
    item = np.repeat(np.arange(40), 3)
    fold = fold_numbers(item, seed=3)
    assert all(len(set(fold[item == one].tolist())) == 1 for one in range(40))
    assert sorted(np.bincount(fold).tolist()) == [24] * 5


def test_isotonic_waits_for_enough_labels():
    assert CurveMethod.ISOTONIC not in candidates(LEAST_ISOTONIC - 1)
    assert CurveMethod.ISOTONIC in candidates(LEAST_ISOTONIC)


def test_too_few_labels_say_nothing():
    sure, right = honest(LEAST - 1)
    assert calibrate(sure, right, item=np.arange(LEAST - 1)) is None
    assert assess(sure, right, item=np.arange(LEAST - 1)) is None
    assert assess(sure, right, item=np.arange(LEAST - 1), least=50) is not None
    assert assess([], [], item=[], least=0) is None


def test_an_assessment_holds_its_figures_within_their_intervals():
    sure, right = too_sure(600)
    found = assess(sure, right, item=np.arange(600))
    assert found is not None
    assert found.ece.value == pytest.approx(expected_calibration_error(sure, right))
    assert found.chance < found.ece.low  # twice the log-odds are not chance
    for figure in (found.ece, found.ece_mass, found.brier):
        assert 0 <= figure.low < figure.value < figure.high <= 1
    assert sum(one.n for one in found.bins) == found.n == 600
    again = assess(sure, right, item=np.arange(600))
    assert again == found  # the draws are seeded


def test_intervals_hold_the_brier_score_as_often_as_they_say():
    truth = np.mean((honest(200_000)[0] - honest(200_000)[1]) ** 2)
    held = 0
    for seed in range(100):
        sure, right = honest(300, seed=100 + seed)
        found = assess(sure, right, item=np.arange(300))
        assert found is not None
        held += found.brier.low <= truth <= found.brier.high
    assert 88 <= held <= 100


def test_several_labels_of_an_item_widen_the_interval():
    sure, right = honest(400)
    alone = assess(sure, right, item=np.arange(400))
    copied = assess(np.repeat(sure, 4), np.repeat(right, 4), item=np.repeat(np.arange(400), 4))
    taken_for_many = assess(np.repeat(sure, 4), np.repeat(right, 4), item=np.arange(1600))
    assert alone is not None
    assert copied is not None
    assert taken_for_many is not None
    width = {name: one.brier.high - one.brier.low for name, one in
             {"alone": alone, "copied": copied, "many": taken_for_many}.items()}  # fmt: skip
    assert width["copied"] == pytest.approx(width["alone"], rel=0.2)
    assert width["many"] < 0.6 * width["copied"]


def test_a_part_of_very_many_labels_gives_the_same_interval(monkeypatch):
    sure, right = honest(8000)
    whole = assess(sure, right, item=np.arange(8000))
    assert MOST_DRAWN > 8000
    monkeypatch.setattr(assessing, "MOST_DRAWN", 1000)
    part = assess(sure, right, item=np.arange(8000))
    assert whole is not None
    assert part is not None
    assert part.brier.high - part.brier.low == pytest.approx(whole.brier.high - whole.brier.low, rel=0.15)
    assert part.chance == pytest.approx(whole.chance, rel=0.15)
