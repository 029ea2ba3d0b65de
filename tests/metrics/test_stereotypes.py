"""Bias of answers about two people: what each answer counts, and when there is no score."""

from __future__ import annotations

import pytest

from fairness.metrics import Answer, stereotype_bias

UNKNOWN = Answer(chose_target=None, negative=True, right=True)
REPEATS = Answer(chose_target=True, negative=True, right=False)
CONTRADICTS = Answer(chose_target=False, negative=True, right=False)


@pytest.mark.parametrize(
    ("chose_target", "negative", "biased"),
    [(True, True, True), (False, True, False), (True, False, False), (False, False, True), (None, True, None)],
)
def test_which_answers_repeat_the_stereotype(chose_target, negative, biased):
    assert Answer(chose_target=chose_target, negative=negative, right=False).biased is biased


def test_the_scores_of_a_small_example():
    """Four name a person, three of them as the stereotype has it; four of eight are right."""
    found = stereotype_bias([UNKNOWN] * 4 + [REPEATS] * 3 + [CONTRADICTS])
    assert (found.n, found.named, found.accuracy) == (8, 4, 0.5)
    assert found.where_decided == 0.5
    assert found.where_open == 0.25


@pytest.mark.parametrize(("answer", "score"), [(REPEATS, 1), (CONTRADICTS, -1)])
def test_the_ends_of_the_scale(answer, score):
    assert stereotype_bias([answer] * 3).where_open == score


def test_who_always_says_unknown_has_no_score():
    found = stereotype_bias([UNKNOWN] * 3)
    assert (found.where_decided, found.where_open, found.accuracy) == (None, None, 1)


def test_no_answers_are_an_error():
    with pytest.raises(ValueError, match="There are no answers to judge"):
        stereotype_bias([])
