"""Dawid and Skene's model: against a slow version written from the paper, and in the corners."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from annotations.aggregation import NO_GOLD, Labels, Start, dawid_skene, majority
from tests.aggregation.crowds import crowd


def by_the_book(labels: Labels, iterations: int, smoothing: float) -> np.ndarray:
    """The paper's EM in plain loops: posteriors after so many iterations from the vote."""
    votes = [[] for _ in range(labels.n_items)]
    for item, who, said in zip(labels.item, labels.annotator, labels.label, strict=True):
        votes[item].append((who, said))
    k = labels.n_labels
    posterior = np.array([[sum(said == true for _, said in own) / len(own) for true in range(k)] for own in votes])
    for _ in range(iterations):
        errors = np.full((labels.n_annotators, k, k), smoothing)
        for item, own in enumerate(votes):
            for who, said in own:
                errors[who, :, said] += posterior[item]
        errors /= errors.sum(axis=2, keepdims=True)
        prior = posterior.sum(axis=0) + smoothing
        prior /= prior.sum()
        for item, own in enumerate(votes):
            chance = np.array(
                [prior[true] * np.prod([errors[who, true, said] for who, said in own]) for true in range(k)]
            )
            posterior[item] = chance / chance.sum()
    return posterior


@pytest.mark.parametrize("iterations", [1, 2, 7])
def test_it_equals_the_paper_s_algorithm_step_by_step(iterations):
    labels, _truth = crowd(n_items=40, n_annotators=8)
    fitted = dawid_skene(labels, iterations=iterations, tolerance=-1)
    assert fitted.iterations == iterations
    np.testing.assert_allclose(fitted.posterior, by_the_book(labels, iterations, 0.01), atol=2e-5)


def test_posteriors_and_confusion_matrices_are_distributions():
    labels, _truth = crowd()
    fitted = dawid_skene(labels)
    np.testing.assert_allclose(fitted.posterior.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(fitted.confusion.sum(axis=2), 1, atol=1e-5)
    assert fitted.confusion.shape == (30, 3, 3)
    assert fitted.prior.sum() == pytest.approx(1)
    assert fitted.converged


def test_the_likelihood_never_falls():
    labels, _truth = crowd(seed=5, skill=(2, 2))
    reached = [dawid_skene(labels, iterations=n, tolerance=-1, smoothing=1e-6).log_likelihood for n in range(1, 12)]
    assert all(after >= before - 1e-2 for before, after in pairwise(reached))


def test_it_finds_more_truth_than_the_vote_where_skills_differ():
    labels, truth = crowd(n_items=1000, n_annotators=20, n_labels=2, skill=(1.2, 0.6), seed=3)
    voted = (majority(labels).decided == truth).mean()
    assert (dawid_skene(labels).decided == truth).mean() > voted + 0.03


def test_it_reads_an_annotator_who_answers_the_other_way_round():
    labels, truth = crowd(n_items=400, n_annotators=6, n_labels=2, each=6, skill=(9, 1))
    liar = labels.annotator == 0
    said = np.where(liar, 1 - truth[labels.item], labels.label)
    fitted = dawid_skene(replace(labels, label=said))
    assert fitted.skill[0] < 0.1
    assert fitted.confusion[0, 0, 1] > 0.9


def test_gold_is_held_and_teaches_who_is_right():
    # Two careful people and three who say 0 whatever they see: the vote follows the three, gold does not.
    truth = np.arange(60) % 2
    said = np.stack([truth, truth, 0 * truth, 0 * truth, 0 * truth], axis=1)
    item, who = np.repeat(np.arange(60), 5), np.tile(np.arange(5), 60)
    labels = Labels(item, who, said.ravel(), 60, 5, 2)
    assert (majority(labels).decided == 0).all()
    gold = np.where(np.arange(60) < 20, truth, NO_GOLD)
    fitted = dawid_skene(replace(labels, gold=gold))
    assert (fitted.posterior[np.arange(20), truth[:20]] == 1).all()
    assert (fitted.decided == truth).all()


def test_a_warm_start_ends_where_a_cold_one_does_and_sooner():
    labels, _truth = crowd(n_items=2000, n_annotators=60, seed=9, skill=(2, 1))
    cold = dawid_skene(labels)
    warm = dawid_skene(labels, start=Start(cold.confusion, cold.prior))
    assert warm.iterations < cold.iterations / 2
    assert (warm.decided == cold.decided).mean() > 0.999


def test_a_warm_start_takes_in_annotators_who_are_new():
    labels, truth = crowd()
    cold = dawid_skene(labels)
    known = cold.confusion.copy()
    known[:10] = np.nan
    warm = dawid_skene(labels, start=Start(known, cold.prior))
    assert np.isfinite(warm.confusion).all()
    assert (warm.decided == truth).mean() == pytest.approx((cold.decided == truth).mean(), abs=0.01)


def test_a_start_of_another_shape_is_refused():
    labels, _truth = crowd()
    with pytest.raises(ValueError, match=r"shape \(30, 3, 3\)"):
        dawid_skene(labels, start=Start(np.ones((30, 2, 2)), np.ones(3)))


def test_pooling_draws_a_newcomer_towards_the_others():
    labels, _truth = crowd(n_items=200, n_annotators=10)
    one = Labels(
        np.r_[labels.item, 0], np.r_[labels.annotator, 10], np.r_[labels.label, labels.label[0]], 200, 11, 3
    )  # fmt: skip
    alone, pooled = dawid_skene(one).confusion[10], dawid_skene(one, pooling=5).confusion[10]
    common = dawid_skene(one).confusion[:10].mean(axis=0)
    assert np.abs(pooled - common).max() < np.abs(alone - common).max()


def test_hundreds_of_labels_of_one_item_do_not_underflow():
    labels = Labels(np.zeros(2000, int), np.arange(2000), np.r_[np.zeros(1100, int), np.ones(900, int)], 1, 2000, 2)
    posterior = dawid_skene(labels).posterior
    assert np.isfinite(posterior).all()
    assert posterior[0, 0] > 0.5


def test_an_item_without_labels_has_the_prior():
    labels, _truth = crowd(n_items=50)
    fitted = dawid_skene(replace(labels, n_items=51))
    np.testing.assert_allclose(fitted.posterior[50], fitted.prior, atol=1e-3)


def test_no_labels_is_an_error():
    nothing = np.zeros(0, int)
    with pytest.raises(ValueError, match="no labels"):
        dawid_skene(Labels(nothing, nothing, nothing, 0, 0, 2))
