"""The other methods: votes, GLAD, MACE. Exact where a formula says so, and against crowd-kit where it is installed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import check_grad

from annotations.aggregation import Labels, Method, fit, glad, mace, majority, wawa, weighted_majority
from annotations.aggregation.glad import objective
from tests.aggregation.crowds import crowd


@pytest.mark.parametrize("method", list(Method))
def test_every_method_finds_most_of_the_truth_and_answers_distributions(method):
    labels, truth = crowd()
    fitted = fit(labels, method)
    assert fitted.method == method.value
    assert (fitted.decided == truth).mean() > 0.9
    np.testing.assert_allclose(fitted.posterior.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(fitted.confusion.sum(axis=2), 1, atol=1e-5)
    assert ((fitted.skill >= 0) & (fitted.skill <= 1)).all()


@pytest.mark.parametrize("method", list(Method))
def test_every_method_holds_gold(method):
    labels, truth = crowd()
    gold = np.full(300, -1)
    gold[:5] = (truth[:5] + 1) % 3
    assert (fit(replace(labels, gold=gold), method).decided[:5] == gold[:5]).all()


@pytest.mark.parametrize("method", list(Method))
def test_every_method_refuses_no_labels(method):
    nothing = np.zeros(0, int)
    with pytest.raises(ValueError, match="no labels"):
        fit(Labels(nothing, nothing, nothing, 0, 0, 2), method)


@pytest.mark.parametrize("method", list(Method))
def test_one_label_of_one_person_is_enough_to_answer(method):
    one = np.zeros(1, int)
    fitted = fit(Labels(one, one, one, 1, 1, 2), method)
    assert fitted.decided.tolist() == [0]
    assert np.isfinite(fitted.posterior).all()


def test_majority_is_the_share_of_votes():
    labels = Labels(np.array([0, 0, 0, 1]), np.array([0, 1, 2, 0]), np.array([1, 1, 0, 2]), 2, 3, 3)
    np.testing.assert_allclose(majority(labels).posterior, [[1 / 3, 2 / 3, 0], [0, 0, 1]])


def test_wawa_weighs_votes_by_agreement_with_the_majority():
    # Item 0: 1, 1, 0 → 1. Item 1: 0, 0, 0 → 0. Worker 2 agrees once in two.
    labels = Labels(np.repeat([0, 1], 3), np.tile([0, 1, 2], 2), np.array([1, 1, 0, 0, 0, 0]), 2, 3, 2)
    fitted = wawa(labels)
    assert fitted.skill.tolist() == [1, 1, 0.5]
    np.testing.assert_allclose(fitted.posterior[0], [0.2, 0.8])


def test_weighted_majority_ignores_people_at_chance_level():
    labels, truth = crowd(n_items=500, n_annotators=9, n_labels=2, each=9, skill=(60, 8))
    noise = np.isin(labels.annotator, [0, 1, 2, 3, 4])
    said = np.where(noise, np.random.default_rng(0).integers(0, 2, len(labels)), labels.label)
    noisy = replace(labels, label=said)
    assert (weighted_majority(noisy).decided == truth).mean() > (majority(noisy).decided == truth).mean()


def test_glad_s_gradient_is_that_of_its_objective():
    labels, _truth = crowd(n_items=12, n_annotators=6)
    posterior = np.random.default_rng(4).dirichlet(np.ones(3), 12)

    def value(point):
        return objective(labels, posterior, point[:6], point[6:])[0]

    def slope(point):
        return np.concatenate(objective(labels, posterior, point[:6], point[6:])[1:])

    assert check_grad(value, slope, np.random.default_rng(5).normal(1, 0.5, 18)) < 1e-4


def test_glad_knows_hard_items_from_easy_ones():
    chance = np.random.default_rng(8)
    truth = chance.integers(0, 2, 200)
    right = chance.random((200, 9)) < np.where(np.arange(200) < 100, 0.97, 0.6)[:, None]
    said = np.where(right, truth[:, None], 1 - truth[:, None])
    labels = Labels(np.repeat(np.arange(200), 9), np.tile(np.arange(9), 200), said.ravel(), 200, 9, 2)
    easiness = glad(labels).easiness
    assert easiness is not None
    assert np.median(easiness[:100]) > 2 * np.median(easiness[100:])


def test_mace_gives_the_same_answer_for_the_same_seed_and_tells_how_far_its_starts_part():
    labels, _truth = crowd(n_items=60, skill=(1, 1), seed=7)
    one, other = mace(labels, seed=3), mace(labels, seed=3)
    np.testing.assert_array_equal(one.posterior, other.posterior)
    assert 0 <= one.spread <= 1
    assert mace(crowd()[0]).spread == 0


def test_mace_finds_who_answers_by_habit():
    labels, truth = crowd(n_items=400, n_annotators=6, n_labels=2, each=6, skill=(12, 1))
    spammed = replace(labels, label=np.where(labels.annotator == 0, 1, labels.label))
    fitted = mace(spammed)
    assert fitted.confusion[0, 0, 1] > 0.85  # says 1 although it is 0
    assert fitted.confusion[1, 0, 1] < 0.3
    assert (fitted.decided == truth).mean() > 0.97


def frame(labels: Labels):
    import pandas as pd

    return pd.DataFrame({"task": labels.item, "worker": labels.annotator, "label": labels.label})


@pytest.mark.filterwarnings("ignore")
class TestAgainstCrowdKit:
    @pytest.fixture(autouse=True)
    def peer(self):
        return pytest.importorskip("crowdkit.aggregation")

    def test_dawid_skene(self, peer):
        labels, _truth = crowd(skill=(3, 1))
        theirs = peer.DawidSkene(n_iter=100).fit(frame(labels)).probas_.sort_index()[[0, 1, 2]].to_numpy()
        assert (fit(labels, Method.DAWID_SKENE).decided == theirs.argmax(axis=1)).mean() > 0.99

    def test_wawa_s_skills(self, peer):
        labels, _truth = crowd(each=7, n_labels=2, skill=(3, 1))
        theirs = peer.Wawa().fit(frame(labels)).skills_.sort_index().to_numpy()
        np.testing.assert_allclose(wawa(labels).skill, theirs)

    def test_glad(self, peer):
        labels, _truth = crowd(n_items=80, n_annotators=12)
        theirs = peer.GLAD(n_iter=100).fit(frame(labels)).probas_.sort_index()[[0, 1, 2]].to_numpy()
        assert (glad(labels).decided == theirs.argmax(axis=1)).mean() > 0.98
        # Both stop their conjugate gradients early, at slightly different places.
        assert np.abs(glad(labels).posterior - theirs).mean() < 0.02

    def test_mace(self, peer):
        labels, _truth = crowd(n_items=150, skill=(5, 1))
        theirs = peer.MACE().fit(frame(labels)).probas_.sort_index()[[0, 1, 2]].to_numpy()
        assert (mace(labels).decided == theirs.argmax(axis=1)).mean() > 0.97
