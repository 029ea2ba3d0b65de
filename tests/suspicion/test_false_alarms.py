"""Honest crowds of many shapes: people are named no more often than stated, for each kind in one crowd of a hundred."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.suspicion.detectors import Kind, find_all, speed
from tests.suspicion.crowds import Crowd, crowd

CROWDS = 60
SHAPES = {
    "as the sample": {"people": 30, "items": 780},
    "five labels each": {"each": 5},
    "two labels": {"labels": 2, "people": 10},
    "six labels": {"labels": 6, "each": 5},
    "nearly all items alike": {"prior": [0.92, 0.05, 0.03], "items": 1000},
    "few people who meet all the time": {"people": 8, "items": 1500},
    "everybody labels everything": {"people": 6, "each": 6},
    "careless people with some careful ones": {"skill": (3, 2), "people": 12, "items": 1000},
}


def named(shape: dict, change=lambda made: None) -> dict[Kind, int]:
    """In how many of the crowds somebody is named, by kind."""
    counts = dict.fromkeys(Kind, 0)
    for seed in range(CROWDS):
        made = crowd(seed, **shape)
        change(made)
        for kind in {one.kind for one in find_all(made.said()).findings}:
            counts[kind] += 1
    return counts


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_honest_people_are_named_at_most_as_often_as_stated(shape: dict):
    counts = named(shape)
    assert max(counts.values()) <= 2, counts  # 60 crowds at 1 in 100: three or more in one would be a 2 % accident


def test_who_was_given_one_sided_items_is_not_called_constant():
    def one_sided(made: Crowd) -> None:
        made.answers[made.truth != 0, 0] = -1
        made.answers[made.truth == 0, 0] = 0

    assert named({"people": 15, "items": 900}, one_sided)[Kind.CONSTANT] == 0


def test_items_in_order_of_their_label_give_long_runs_and_no_finding():
    """Also of somebody who is always right, where the others err on one item of twenty."""

    def in_order(made: Crowd) -> None:
        made.answers[:, 0] = made.truth
        made.at[:] = np.argsort(np.argsort(made.truth, kind="stable"), kind="stable")[:, None]

    assert named({}, in_order)[Kind.RUN] == 0


def test_who_is_fast_and_right_is_not_called_a_spammer():
    def fast(made: Crowd) -> None:
        reading = made.words * 60 / 600  # twice as fast as most people read
        made.seconds[:, 0] = (reading + 0.25) * made.chance.lognormal(0, 0.15, len(reading))
        made.answers[:, 0] = np.where(made.answers[:, 0] >= 0, made.truth, -1)

    assert sum(named({}, fast).values()) == 0


def test_who_shares_a_conviction_about_a_sixth_of_the_items_is_not_called_a_copier():
    def severe(made: Crowd) -> None:
        about = (np.arange(len(made.truth)) % 6 == 0)[:, None] & (made.chance.random(made.answers.shape) < 0.65)
        about[:, 4:] = False
        made.answers = np.where(about & (made.answers >= 0), np.minimum(made.answers + 1, 2), made.answers)

    assert named({"people": 20, "items": 1200}, severe)[Kind.COPYING] <= 1


def test_two_who_always_say_the_same_label_are_constant_and_no_copiers():
    def both(made: Crowd) -> None:
        for person in (0, 1):
            made.answers[:, person] = np.where(made.answers[:, person] >= 0, 0, -1)

    counts = named({"people": 12, "items": 900}, both)
    assert counts[Kind.COPYING] == 0
    assert counts[Kind.CONSTANT] == CROWDS


def test_looking_again_and_again_names_nobody_either():
    """The crowd grows by 25 items at a time, and every time somebody looks."""
    alarms = 0
    for seed in range(20):
        made = crowd(seed, items=600, people=10)
        whole = made.said()
        for upto in range(25, 601, 25):
            part = Crowd(
                *(x[:upto] for x in (made.truth, made.answers, made.seconds, made.at, made.words)), made.chance
            )
            if find_all(part.said()).findings:
                alarms += 1
                break
        assert len(whole)
    assert alarms <= 1


def test_a_project_of_items_known_at_a_glance_accuses_nobody_of_speed():
    """Everybody is faster than reading: then reading is not what the item takes."""
    made = crowd(3, words_per_minute=(900, 1400))
    made.seconds = made.chance.lognormal(-0.7, 0.3, made.seconds.shape)
    assert speed(made.said())[0] == []
