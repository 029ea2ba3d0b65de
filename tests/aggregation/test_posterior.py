"""The posterior between fits: the same as the fit's own, and sensible where the fit knows nothing."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.aggregation import Method, Skills, fit, posterior, skills_of
from tests.aggregation.crowds import crowd

NAMES = ["keep", "review", "remove"]


@pytest.mark.parametrize("method", list(Method))
def test_it_equals_the_fit_s_posterior_where_nothing_was_added(method):
    labels, _truth = crowd(n_items=60)
    fitted = fit(labels, method)
    skills = skills_of(fitted, range(labels.n_annotators), NAMES)
    for item in range(60):
        own = labels.item == item
        votes = [(int(a), NAMES[y]) for a, y in zip(labels.annotator[own], labels.label[own], strict=True)]
        easiness = 1.0 if fitted.easiness is None else float(fitted.easiness[item])
        found = posterior(votes, skills, NAMES, easiness=easiness)
        np.testing.assert_allclose([found[name] for name in NAMES], fitted.posterior[item], atol=1e-3)


def careful() -> Skills:
    matrix = ((0.9, 0.1), (0.2, 0.8))
    return Skills(labels=("no", "yes"), prior=(0.75, 0.25), common=((0.6, 0.4), (0.4, 0.6)), matrices={"ann": matrix})


def test_one_vote_by_bayes():
    found = posterior([("ann", "yes")], careful(), ["no", "yes"])
    assert found["yes"] == pytest.approx(0.25 * 0.8 / (0.25 * 0.8 + 0.75 * 0.1))


def test_without_votes_it_is_the_prior():
    assert posterior([], careful(), ["no", "yes"]) == pytest.approx({"no": 0.75, "yes": 0.25})


def test_somebody_new_counts_as_the_others_do_on_average():
    found = posterior([("new", "yes")], careful(), ["no", "yes"])
    assert found["yes"] == pytest.approx(0.25 * 0.6 / (0.25 * 0.6 + 0.75 * 0.4))


def test_a_vote_of_weight_nought_counts_nothing_and_a_half_counts_half():
    assert posterior([("ann", "yes", 0.0)], careful(), ["no", "yes"])["yes"] == pytest.approx(0.25)
    half = posterior([("ann", "yes", 0.5)], careful(), ["no", "yes"])["yes"]
    assert 0.25 < half < posterior([("ann", "yes")], careful(), ["no", "yes"])["yes"]


def test_a_label_that_the_fit_has_not_seen_can_win():
    found = posterior([("ann", "new"), ("new", "new"), ("x", "new")], careful(), ["no", "yes", "new"])
    assert max(found, key=found.__getitem__) == "new"
    assert sum(found.values()) == pytest.approx(1)


def test_shares_of_votes_where_the_method_is_a_vote():
    skills = Skills(("a", "b"), (0.5, 0.5), ((1, 0), (0, 1)), worth={1: 0.9, 2: 0.3})
    assert posterior([(1, "a"), (2, "b")], skills, ["a", "b"]) == pytest.approx({"a": 0.75, "b": 0.25})
    assert posterior([], skills, ["a", "b"]) == {"a": 0.5, "b": 0.5}


def test_thousands_of_votes_do_not_underflow():
    found = posterior([("ann", "yes")] * 5000, careful(), ["no", "yes"])
    assert found == pytest.approx({"no": 0, "yes": 1})
