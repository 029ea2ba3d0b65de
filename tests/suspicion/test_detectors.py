"""The parts of the detectors, against counts by hand and by slow code; and what they do with little or odd data."""

from __future__ import annotations

import time

import numpy as np
import pytest

from annotations.suspicion.detectors import Said, constant, copying, find_all, floors, speed
from annotations.suspicion.detectors.speed import unusual, weighted_median
from annotations.suspicion.detectors.strength import beyond, holm
from tests.suspicion.crowds import crowd, plant_copy


def rows(*triples: tuple[int, int, int], **given) -> Said:
    item, person, label = np.array(triples).T
    return Said.plain(item, person, label, **given)


def test_the_reference_is_what_more_than_half_of_at_least_two_others_say():
    said = rows((0, 0, 0), (0, 1, 1), (0, 2, 1), (1, 0, 0), (1, 1, 1), (2, 0, 2), (2, 1, 0), (2, 2, 0), (2, 3, 1))
    assert said.reference.tolist() == [1, -1, -1, -1, -1, 0, -1, -1, 0]
    known = rows((0, 0, 0), (0, 1, 1), known=np.array([1]))
    assert known.reference.tolist() == [1, 1]


def test_taking_two_votes_away_is_the_same_as_counting_anew():
    chance = np.random.default_rng(4)
    item, person = np.nonzero(chance.random((200, 9)) < 0.6)
    label = chance.integers(0, 3, len(item))
    said = Said.plain(item, person, label)
    for _ in range(500):
        one, other = chance.choice(len(item), 2, replace=False)
        if item[one] != item[other]:
            continue
        left = [label[row] for row in np.flatnonzero(item == item[one]) if row not in (one, other)]
        most = max(set(left), key=left.count, default=-1)
        expected = most if left and 2 * left.count(most) > len(left) else -1
        reference, votes = said.without(item[[one]], label[[one]], label[[other]])
        assert (reference[0], votes[0]) == (expected, len(left))


def test_the_bet_is_the_integral_that_it_says():
    from scipy import integrate, stats

    for hits, n, share in ((9, 10, 0.5), (3, 10, 0.1), (1, 10, 0.5)):

        def weight(p: float) -> float:
            return float(stats.beta.pdf(p, 0.5, 0.5)) / float(stats.beta.sf(share, 0.5, 0.5))  # noqa: B023

        top, _error = integrate.quad(lambda p: weight(p) * p**hits * (1 - p) ** (n - hits), share, 1)  # noqa: B023
        ratio = top / (share**hits * (1 - share) ** (n - hits))
        assert float(beyond(np.array([hits]), np.array([n]), share)[0]) == pytest.approx(min(1, 1 / ratio), rel=1e-6)


def test_a_bet_on_nothing_wins_nothing():
    assert beyond(np.array([0, 0, 5]), np.array([0, 40, 10]), 0.5).tolist() == [1.0, 1.0, 1.0]


def test_betting_at_every_label_is_safe():
    """500 people who are exactly as fast as is ordinary are looked at after each of 400 labels."""
    chance = np.random.default_rng(1)
    hits = np.cumsum(chance.random((500, 400)) < 0.1, axis=1)
    least = beyond(hits, np.arange(1, 401)[None, :].repeat(500, axis=0), 0.1).min(axis=1)
    assert (least <= 0.05).mean() <= 0.05


def test_holm_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.04, 0.001, 0.03, 0.0004, 0.5])
    assert holm(p, 5) == pytest.approx(multipletests(p, method="holm")[1])
    padded = multipletests(np.r_[p, np.ones(15)], method="holm")[1][:5]
    assert holm(p, 20) == pytest.approx(padded)
    assert len(holm(np.empty(0), 7)) == 0


def test_the_weighted_median_and_what_is_unusual():
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 5.0])) == 2.0
    seconds = np.exp(np.array([1.0, 2.0, 3.0, 2.0]))
    said = rows((0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 1, 0), seconds=seconds)
    # The second person's one label weighs as much as the three of the first: median 2, median deviation 0.
    assert unusual(said) == pytest.approx(np.exp(2.0))
    assert np.isnan(unusual(rows((0, 0, 0))))


def test_the_floor_is_reading_or_what_is_unusual_whichever_is_less():
    made = crowd(2)
    said = made.said()
    assert (floors(said) <= said.words[said.item] * 60 / 700 + 1e-9).all()
    assert (floors(said) <= unusual(said) + 1e-9).all()
    unread = made.said(words=np.full(len(made.truth), np.nan))
    assert np.unique(floors(unread)) == pytest.approx([unusual(said)])


def test_labels_without_a_measured_time_are_unknown_and_not_fast():
    made = crowd(2)
    made.seconds[:, 4] = np.nan
    made.seconds[:5, 4] = 0.1
    found, tested = speed(made.said())
    assert found == []
    assert tested == 19


def test_too_little_data_names_nobody():
    made = crowd(2, items=60)
    made.seconds[:, 4] = 0.2
    made.answers[:, 4] = -1
    made.answers[:11, 4] = 0
    found = find_all(made.said())
    assert found.findings == []
    assert found.tested["speed"] < 20


def test_who_is_not_judged_counts_as_one_of_the_others_only():
    made = crowd(5, items=1000)
    made.answers[:, 7] = np.where(made.answers[:, 7] >= 0, 0, -1)
    plant_copy(made, 3, 8)
    judged = np.ones(20, bool)
    judged[[7, 8]] = False
    assert constant(made.said(judged=judged))[0] == []
    assert copying(made.said(judged=judged))[0] == []


def test_people_who_both_took_over_a_model_s_suggestion_are_not_copiers():
    made = crowd(5, items=1000)
    plant_copy(made, 3, 8)
    person = np.nonzero(made.answers >= 0)[1]
    assert copying(made.said())[0]
    assert copying(made.said(prompted=np.isin(person, [3, 8])))[0] == []


@pytest.mark.parametrize("count", [0, 1, 2])
def test_nearly_nothing_is_no_error(count: int):
    nothing = np.arange(count)
    said = Said.plain(nothing * 0, nothing, nothing * 0)
    assert find_all(said).findings == []


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="one entry for each label"):
        Said.plain(np.arange(3), np.arange(3), np.arange(3), seconds=np.arange(2.0))
    with pytest.raises(ValueError, match="one entry for each item"):
        Said.plain(np.arange(3), np.arange(3), np.arange(3), words=np.arange(2.0))
    with pytest.raises(ValueError, match="one entry for each annotator"):
        Said.plain(np.arange(3), np.arange(3), np.arange(3), judged=np.ones(2, bool))


@pytest.mark.slow
def test_a_million_labels_by_ten_thousand_people_take_seconds():
    chance = np.random.default_rng(0)
    items, people = 200_000, 10_000
    keys = np.unique(np.repeat(np.arange(items), 5) * people + chance.integers(0, people, 5 * items))
    item, person = keys // people, keys % people
    truth = chance.integers(0, 3, items)
    label = np.where(chance.random(len(item)) < 0.85, truth[item], chance.integers(0, 3, len(item)))
    seconds = chance.lognormal(2, 0.4, len(item))
    began = time.monotonic()
    found = find_all(Said.plain(item, person, label, seconds=seconds, words=np.full(items, 20.0)))
    assert time.monotonic() - began < 30
    assert found.findings == []
    assert found.tested["copying"] > 1000


@pytest.mark.slow
def test_a_check_that_thousands_answered_is_no_square():
    """Ten items with labels of 5,000 people each: 125 million pairs that nobody lists."""
    chance = np.random.default_rng(0)
    item, person = np.repeat(np.arange(10), 5000), np.tile(np.arange(5000), 10)
    began = time.monotonic()
    find_all(Said.plain(item, person, chance.integers(0, 2, len(item))))
    assert time.monotonic() - began < 30
