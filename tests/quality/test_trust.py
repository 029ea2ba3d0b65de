"""Trust and the rate of checks: the formulas, against values worked out by hand."""

from __future__ import annotations

import pytest

from annotations.quality.trust import gold_due, gold_rate, trust, under_limit

RULES = {"start": 0.2, "floor": 0.02, "limit": 0.6}


def test_before_any_answer_every_accuracy_is_as_likely():
    new = trust(0, 0)
    assert (new.mean, new.answers) == (0.5, 0)
    assert new.low == pytest.approx(0.025)
    assert new.high == pytest.approx(0.975)


def test_the_mean_is_laplaces_and_the_interval_narrows():
    few, many = trust(8, 2), trust(80, 20)
    assert few.mean == pytest.approx(9 / 12)
    assert (few.low, few.high) == (pytest.approx(0.4822, abs=1e-4), pytest.approx(0.9398, abs=1e-4))  # Beta(9, 3)
    assert many.high - many.low < few.high - few.low
    with pytest.raises(ValueError, match="not negative"):
        trust(-1, 0)


def test_the_rate_falls_from_the_start_to_the_floor_for_the_good_and_stays_for_the_poor():
    assert gold_rate(0, 0, **RULES) == pytest.approx(0.2)
    # Beta(6, 1): P(under 0.6) = 0.6 ** 6
    assert gold_rate(5, 0, **RULES) == pytest.approx(0.02 + 0.18 * 0.6**6 / 0.6)
    rates = [gold_rate(right, 0, **RULES) for right in range(30)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0.02, abs=1e-4)
    assert gold_rate(1, 9, **RULES) == pytest.approx(0.2)
    assert gold_rate(500, 50, start=0.2, floor=0.02, limit=0.0) == pytest.approx(0.02, abs=1e-6)


def test_the_coin_is_fair_and_falls_the_same_way_each_time_it_is_asked():
    falls = [gold_due(seed=3, annotator_id=5, turn=turn, rate=0.2) for turn in range(10_000)]
    assert falls == [gold_due(seed=3, annotator_id=5, turn=turn, rate=0.2) for turn in range(10_000)]
    assert 1_850 < sum(falls) < 2_150
    assert falls != [gold_due(seed=4, annotator_id=5, turn=turn, rate=0.2) for turn in range(10_000)]
    assert not any(gold_due(seed=3, annotator_id=5, turn=turn, rate=0.0) for turn in range(1000))


def test_nobody_is_judged_by_too_few_answers():
    assert not under_limit(0, 4, limit=0.6, min_answers=5)
    assert under_limit(0, 5, limit=0.6, min_answers=5)
    assert not under_limit(8, 2, limit=0.6, min_answers=5)
