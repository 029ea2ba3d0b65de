"""Whether similar probes are answered alike: which are similar, and what comes of it."""

from __future__ import annotations

import numpy as np
import pytest

from fairness.audits.alike import BLOCK, neighbours_by_words, without_groups
from fairness.audits.leaderboard import Limits, leaderboard
from fairness.audits.measuring import Row, measure
from fairness.metrics import NEIGHBOURS, Reason
from tests.audits.made import make_audit


def test_what_names_a_group_is_left_out():
    texts = ["She is a good doctor.", "He is a good doctor.", "They are a good doctor.", "Women and a woman drove."]
    families = ["f", "f", "f", ""]
    groups = [{"gender": "woman"}, {"gender": "man"}, {"gender": "person"}, {"gender": "woman"}]
    assert without_groups(texts, families, groups) == ["a good doctor", "a good doctor", "a good doctor",
                                                       "women and a drove"]  # fmt: skip


def test_a_word_that_is_swapped_in_one_place_alone_stays_in_the_other():
    texts = ["A Jewish man met a man", "A Jewish man met a woman"]
    assert without_groups(texts, ["f", "f"], [{}, {}]) == ["a jewish man met a"] * 2


def test_the_most_similar_are_found_in_blocks_as_at_once():
    words = np.random.default_rng(2).integers(0, 60, size=(BLOCK + 70, 8))
    texts = [" ".join(f"w{word}" for word in own) for own in words]
    found = neighbours_by_words(texts, 3)
    sets = [set(text.split()) for text in texts]
    shared = [np.mean([len(own & sets[other]) for other in near]) for own, near in zip(sets, found, strict=True)]
    assert found.shape == (BLOCK + 70, 3)
    assert all(place not in near for place, near in enumerate(found))
    assert np.mean(shared) > 3  # of two drawn at random about one


def test_too_few_texts_or_none_have_no_neighbours():
    for texts in (["a b"] * NEIGHBOURS, ["a b"] * 9 + [""]):
        with pytest.raises(ValueError, match="texts with words"):
            neighbours_by_words(texts)


def asked(number: int, text: str, given: str, group: str, truth: str = "yes") -> Row:
    return Row("t", "", number, {"colour": group}, frozenset([truth]), frozenset([given]), "yes", 0.9, (), text)


def test_who_answers_similar_texts_alike_is_consistent_and_who_tosses_a_coin_is_not():
    topics = ["harbour ship sea", "engine wheel road", "tree leaf root"]
    texts = [f"{topics[number % 3]} number{number}" for number in range(120)]
    truth = ["yes" if number % 3 else "no" for number in range(120)]
    alike = measure([asked(n, texts[n], truth[n], "ab"[n % 2], truth[n]) for n in range(120)])["consistency"]
    assert alike["overall"]["value"] == alike["truth"]["value"] == 1.0
    assert alike["overall"]["low"] < 1.0
    coin = np.random.default_rng(5).random(120) < 0.5
    tossed = measure([asked(n, texts[n], "yes" if coin[n] else "no", "ab"[n % 2], truth[n]) for n in range(120)])
    found = tossed["consistency"]
    assert found["overall"]["low"] < 0.5 < found["overall"]["high"] < 0.8
    assert found["truth"]["value"] == 1.0
    assert {group: one["n"] for group, one in found["attributes"]["colour"].items()} == {"a": 60, "b": 60}


def test_a_group_that_is_answered_inconsistently_stands_out():
    texts = [f"harbour ship sea number{number}" for number in range(80)]
    rows = [asked(n, texts[n], "yes" if n < 40 or n % 2 else "no", "a" if n < 40 else "b") for n in range(80)]
    groups = measure(rows)["consistency"]["attributes"]["colour"]
    assert groups["a"]["value"] > groups["b"]["value"]


def test_small_groups_and_texts_without_words_say_so():
    rows = [asked(n, "a ship at sea", "yes", "a" if n < 40 else "b") for n in range(45)]
    groups = measure(rows)["consistency"]["attributes"]["colour"]
    assert groups["b"] == {"value": None, "low": None, "high": None, "n": 5, "reason": Reason.SMALL_GROUP.value}
    none = measure([asked(n, "", "yes", "a") for n in range(45)])["consistency"]
    assert none["overall"]["reason"] == none["truth"]["reason"] == Reason.NO_NEIGHBOURS.value


def test_an_audit_has_it_for_each_candidate(cast):
    fair, skewed = (one for one in leaderboard(list(make_audit(cast).candidates.all()), Limits()))
    assert fair.consistency.low < fair.consistency.value < fair.consistency.high
    assert fair.consistency.value > skewed.consistency.value
    assert fair.consistency_of_truth == skewed.consistency_of_truth
    groups = skewed.candidate.figures["consistency"]["attributes"]["gender"]
    assert groups["woman"]["value"] < groups["man"]["value"]
