"""The coin: the same for ever, alike for all items, of its own for each stream; and the chances of the chosen one."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.state import ItemState
from annotations.stream.coin import FLOOR, UniformStream, chance, falls_due, finished, is_drawn, toss

RULES = UniformStream(share=0.1, models_alone=False, seed=7)


def test_a_coin_falls_the_same_however_often_it_is_thrown():
    assert toss(7, "audit", 12) == toss(7, "audit", 12)
    assert len({toss(7, "audit", 12), toss(8, "audit", 12), toss(7, "chosen", 12), toss(7, "audit", 13)}) == 4


def test_coins_of_many_items_are_uniform_and_those_of_two_streams_have_nothing_in_common():
    coins = {name: np.array([toss(7, name, item) for item in range(20_000)]) for name in ("audit", "chosen")}
    for thrown in coins.values():
        assert np.histogram(thrown, bins=10, range=(0, 1))[0] == pytest.approx(2000, rel=0.08)
    assert abs(np.corrcoef(coins["audit"], coins["chosen"])[0, 1]) < 0.02


def test_the_share_of_items_is_drawn():
    assert sum(is_drawn(item, RULES) for item in range(20_000)) == pytest.approx(2000, rel=0.08)
    assert not any(is_drawn(item, UniformStream(0, False, 7)) for item in range(1000))


@pytest.mark.parametrize(
    ("state", "models_alone", "due"),
    [
        (ItemState({}, people={"keep": 1}), False, False),
        (ItemState({}, people={"keep": 1}, complete=True), False, True),
        (ItemState({}, models={"7": "keep"}), False, False),
        (ItemState({}, models={"7": "keep"}), True, True),
        (ItemState({}, complete=True), True, False),  # set aside: it asks for no label and has none
        (ItemState({}, settled=True, complete=True), False, True),
        (ItemState({}, people={"keep": 1}, complete=True, gold="keep"), True, False),
    ],
)
def test_an_item_is_due_once_it_is_finished(state, models_alone, due):
    rules = UniformStream(0.1, models_alone, 7)
    assert finished(state, models_alone=models_alone) is due
    assert falls_due(None, state, rules) is due
    assert falls_due(state, state, rules) is False


def test_chances_follow_the_expected_error_over_a_floor_and_keep_to_the_share():
    errors = np.random.default_rng(3).beta(0.4, 4, 5000)
    chances = np.array([chance(error, float(errors.mean()), 0.05) for error in errors])
    assert chances.mean() == pytest.approx(0.05, rel=1e-6)
    assert chances.min() >= FLOOR * 0.05
    assert np.all(np.diff(chances[np.argsort(errors)]) >= 0)
    assert chance(1.0, 0.001, 0.2) == 1.0
    assert chance(0.0, 0.0, 0.2) == 0.2  # where no error is expected at all, all are alike
