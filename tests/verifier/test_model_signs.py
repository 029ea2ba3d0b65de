"""What a model says of its own label: each sign changes the score where it is there, and is absent where it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from llm_workers.validating.verifier import SIGNALS, Given, signals_of, verify
from llm_workers.validating.verifier.measuring import auroc
from tests.verifier.crowds import NAN, crowd

SIGNS = {"orders_agree": 1, "samples_entropy": -1, "stated": 1}  # in which direction each speaks for a label


@pytest.fixture(scope="module")
def scene():
    given, _true, right = crowd(items=500, per_item=2, validator=False)
    return given, right, given.base[given.annotator] == 0


def signed(given: Given, right, model, name: str, *, share: float = 0.8, seed: int = 5) -> Given:
    """The model's labels with a sign that tells right from wrong fairly well, on this share of them."""
    random = np.random.default_rng(seed)
    level = np.where((right == 1) == (SIGNS[name] > 0), 0.8, 0.35)
    value = np.clip(random.normal(level, 0.15), 0, 1)
    there = model & (random.random(len(given)) < share)
    return replace(given, **{name: np.where(there, value, NAN)})


@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_changes_the_score_and_makes_it_better(scene, name):
    given, right, model = scene
    told = signed(given, right, model, name)
    before, after = (verify(signals_of(one), one.item, right) for one in (given, told))
    there = ~np.isnan(getattr(told, name))
    assert (before.score[there] != after.score[there]).mean() > 0.99
    assert auroc(right[there], after.score[there]) > auroc(right[there], before.score[there]) + 0.03
    assert after.worth[name] > 0.01
    assert before.worth[name] == 0  # known of no label: shuffling nothing changes nothing
    assert np.sign(after.coefficients[name]) == SIGNS[name]


@pytest.mark.parametrize("name", SIGNS)
def test_turning_one_label_s_sign_turns_its_score(scene, name):
    """The same learner, the same label: only what the model said of it differs."""
    given, right, model = scene
    told = signed(given, right, model, name)
    row = np.flatnonzero(model & ~np.isnan(getattr(told, name)))[0]
    target = np.where(given.item == given.item[row], -1, right)  # so that it is not learnt from
    scores = []
    for value in (0.1, 0.9):
        column = getattr(told, name).copy()
        column[row] = value
        scores.append(verify(signals_of(replace(told, **{name: column})), given.item, target).score[row])
    assert np.sign(scores[1] - scores[0]) == SIGNS[name]
    assert abs(scores[1] - scores[0]) > 0.05


@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_that_is_absent_is_not_nought(scene, name):
    given, right, model = scene
    told = signed(given, right, model, name)
    column = SIGNALS.index(name)
    matrix = signals_of(told).matrix
    absent = np.isnan(getattr(told, name))
    assert np.isnan(matrix[absent, column]).all()
    np.testing.assert_array_equal(matrix[~absent, column], getattr(told, name)[~absent])
    assert np.isnan(matrix[~model, column]).all()  # people's labels have none
    nought = replace(told, **{name: np.nan_to_num(getattr(told, name))})
    as_told, as_nought = (verify(signals_of(one), one.item, right) for one in (told, nought))
    assert (as_told.score[model & absent] != as_nought.score[model & absent]).all()


@pytest.mark.parametrize("name", SIGNS)
def test_of_a_label_without_the_sign_it_is_never_said_that_it_speaks_against_it(scene, name):
    given, right, model = scene
    told = signed(given, right, model, name)
    # The labels without the sign are the wrong ones, so that its absence alone speaks against a label.
    hidden = np.where((right == 0) & (np.arange(len(right)) % 3 > 0), NAN, getattr(told, name))
    told = replace(told, **{name: hidden})
    found = verify(signals_of(told), told.item, right)
    named = (found.against == SIGNALS.index(name)).any(axis=1)
    assert named.any()
    assert not named[np.isnan(hidden)].any()
