"""What is planted is found, and nobody else is named with it."""

from __future__ import annotations

import numpy as np

from annotations.suspicion.detectors import Kind, constant, copying, find_all, positions, runs, speed
from tests.suspicion.crowds import crowd, plant_constant, plant_copy

CROWDS = 25


def test_who_answers_faster_than_reading_is_found_with_the_share():
    for seed in range(CROWDS):
        made = crowd(seed)
        made.seconds[:, 4] = made.chance.lognormal(np.log(0.9), 0.25, len(made.truth))
        (found,) = speed(made.said())[0]
        low, high = found.interval
        assert (found.kind, found.people) == (Kind.SPEED, (4,))
        assert low < found.share <= high
        assert found.share > 0.6
        assert (made.seconds[found.items, 4] < found.floor).all()
        assert found.figures["compared"] >= found.figures["as_others"]


def test_who_always_says_the_same_is_found():
    for seed in range(CROWDS):
        made = crowd(seed, items=900)
        plant_constant(made, 7)
        (found,) = constant(made.said())[0]
        assert (found.people, found.share, found.figures["answer"]) == ((7,), 1.0, 0)
        assert (found.reference != 0).all()
        assert found.figures["given"] == found.figures["labels"]
        assert found.figures["bits"] == 0


def test_who_nearly_always_says_the_same_is_found_and_the_stretch_is_not_told_twice():
    hits = 0
    for seed in range(CROWDS):
        made = crowd(seed, items=900)
        mostly = (made.answers[:, 7] >= 0) & (made.chance.random(900) < 0.95)
        made.answers[mostly, 7] = 1
        found = find_all(made.said()).findings
        assert {one.people for one in found} <= {(7,)}
        assert Kind.RUN not in {one.kind for one in found}
        hits += Kind.CONSTANT in {one.kind for one in found}
    assert hits >= CROWDS - 1


def test_a_long_stretch_of_one_answer_in_otherwise_good_work_is_found():
    hits = 0
    for seed in range(CROWDS):
        made = crowd(seed, items=2000)
        own = np.flatnonzero(made.answers[:, 2] >= 0)
        last = own[np.argsort(made.at[own, 2])][-100:]
        made.answers[last, 2] = 0
        assert constant(made.said())[0] == []
        found = runs(made.said())[0]
        assert {one.people for one in found} <= {(2,)}
        hits += bool(found)
        for one in found:
            assert np.isin(one.items, last).mean() > 0.9  # the answers just before may happen to be the same
            assert one.figures["length"] >= 100
    assert hits >= 0.9 * CROWDS


def test_who_always_takes_the_first_option_is_found_where_the_order_changed():
    """Two versions of the schema show two orders: the label changes with them, the position does not."""
    for seed in range(CROWDS):
        made = crowd(seed, items=900)
        orders = np.array([[0, 1, 2], [2, 0, 1]])  # label 0 comes first in the one, label 1 in the other
        item, person = np.nonzero(made.answers >= 0)
        version = (made.at[item, person] > np.median(made.at)).astype(int)
        mine = person == 5
        made.answers[item[mine], 5] = np.where(version[mine] == 0, 0, 1)
        found, tested = positions(made.said(order=version, orders=orders))
        assert [(one.kind, one.people, one.figures["answer"]) for one in found] == [(Kind.POSITION, (5,), 0)]
        assert tested == 20
        assert positions(made.said())[1] == 0  # no order is known


def test_a_constant_answer_says_where_it_stood():
    made = crowd(1, items=900)
    plant_constant(made, 3, label=2)
    count = int((made.answers >= 0).sum())
    (found,) = constant(made.said(order=np.zeros(count, int), orders=np.array([[1, 2, 0]])))[0]
    assert found.figures["position"] == 0
    (found,) = constant(made.said())[0]
    assert found.figures["position"] == -1


def test_who_copies_everything_is_found_with_the_source():
    hits = 0
    for seed in range(CROWDS):
        made = crowd(seed, items=1000)
        plant_copy(made, 3, 8)
        found = copying(made.said())[0]
        assert {one.people for one in found} <= {(3, 8)}
        hits += bool(found)
        for one in found:
            assert (made.answers[one.items, 3] == made.answers[one.items, 8]).all()
            assert (made.answers[one.items, 3] != one.reference).all()
            assert one.figures["median_gap"] < 90 < one.figures["usual_gap"]
    assert hits >= CROWDS - 1


def test_who_copies_most_of_the_time_is_found_in_most_crowds():
    hits = 0
    for seed in range(CROWDS):
        made = crowd(seed, items=2000, each=5)
        plant_copy(made, 3, 8, share=0.8)
        found = copying(made.said())[0]
        assert {one.people for one in found} <= {(3, 8)}
        hits += bool(found)
    assert hits >= 0.8 * CROWDS


def test_a_ring_of_copiers_is_one_finding():
    hits = 0
    for seed in range(CROWDS):
        made = crowd(seed, items=1200, each=6, people=30)
        plant_copy(made, 3, 8)
        plant_copy(made, 3, 11)
        found = copying(made.said())[0]
        assert {person for one in found for person in one.people} <= {3, 8, 11}
        hits += [one.people for one in found] == [(3, 8, 11)]
    assert hits >= 0.9 * CROWDS


def test_everything_at_once_is_told_apart():
    made = crowd(5, items=1200, people=25)
    plant_constant(made, 0)
    made.seconds[:, 1] = 0.5
    plant_copy(made, 3, 8)
    found = {(one.kind, one.people) for one in find_all(made.said()).findings}
    assert found == {(Kind.CONSTANT, (0,)), (Kind.SPEED, (1,)), (Kind.COPYING, (3, 8))}
