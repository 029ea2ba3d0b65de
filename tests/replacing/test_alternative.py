"""The alternative-annotator test: by hand, another way, and what it decides about models of known quality."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp
from statsmodels.stats.multitest import multipletests

from llm_workers.replacing import alternative
from llm_workers.replacing.alternative import (
    Compared,
    Judged,
    Verdict,
    advantages,
    benjamini_yekutieli,
    verdict,
)
from tests.replacing.crowds import crowd


def slowly(judged: Judged, allowance: float) -> dict[int, tuple[int, float, float, float]]:
    """person → (items, ρ^f, ρ^h, p before correction), item by item as the paper writes it."""
    labels: dict[int, dict[int, int]] = {}
    for item, person, label in zip(judged.item, judged.person, judged.label, strict=True):
        labels.setdefault(int(item), {})[int(person)] = int(label)
    found = {}
    for j in range(judged.people):
        ours, theirs = [], []
        for item, given in labels.items():
            others = [label for person, label in given.items() if person != j]
            if j not in given or not others or judged.model[item] < 0:
                continue
            model = np.mean([judged.similarity[judged.model[item], label] for label in others])
            human = np.mean([judged.similarity[given[j], label] for label in others])
            ours.append(float(model >= human - 1e-9))
            theirs.append(float(human >= model - 1e-9))
        d = np.array(theirs) - np.array(ours)
        p = ttest_1samp(d, allowance, alternative="less").pvalue if len(d) > 1 else np.nan
        found[j] = (len(d), float(np.mean(ours)), float(np.mean(theirs)), float(p))
    return found


def test_by_hand(monkeypatch):
    # Items 0 1 2 3; three people; the model's labels A A B B (0 0 1 1).
    #   ann: A A B B   ben: A B B A   cas: A A A B
    # Leave ann out: item 0 tie, 1: others B A, model A, ann A tie; 2: tie; 3: tie  → both 1 everywhere: d = 0.
    # Leave ben out: 0 tie; 1: others A A, model wins; 2: others B A, tie; 3: others B B, model wins
    #   → ρ^f = 1, ρ^h = .5, d = 0 −1 0 −1.
    # Leave cas out: 0 tie; 1 tie; 2: others B B, model wins; 3 tie → ρ^f = 1, ρ^h = .75, d = 0 0 −1 0.
    monkeypatch.setattr(alternative, "LEAST_ITEMS", 2)
    label = np.array([[0, 0, 1, 1], [0, 1, 1, 0], [0, 0, 0, 1]])
    judged = Judged(
        np.tile(np.arange(4), 3), np.repeat(np.arange(3), 4), label.ravel(), np.array([0, 0, 1, 1]), np.eye(2), 3
    )
    found = verdict(advantages(judged), people=3, allowance=0.1)
    assert [(one.items, one.model, one.human) for one in found.people] == [(4, 1, 1), (4, 1, 0.5), (4, 1, 0.75)]
    # ann: all d are 0 < .1 → p = 0. ben: mean −.5, s = √(1/3), t = −.6/(.57735/2) = −2.0785, 3 df → .0646.
    # cas: mean −.25, s = .5, t = −.35/.25 = −1.4, 3 df → .1280. Times 3 · (1 + 1/2 + 1/3) = 5.5, over the rank.
    assert [one.p for one in found.people] == pytest.approx([0, 0.0646 * 2.75, 0.1280 * 5.5 / 3], abs=5e-4)
    assert found.winning_rate == pytest.approx(1 / 3)
    assert found.advantage == 1
    assert found.passes is False


@pytest.mark.parametrize("seed", range(4))
def test_equals_the_definition_item_by_item_with_scipy_and_statsmodels(seed):
    judged = crowd(skills=[0.9, 0.8, 0.7, 0.6], model=0.75, items=140, share=0.7, seed=seed)
    model = judged.model.copy()
    model[::9] = -1  # items that the model did not label
    similarity = np.array([[1, 0.5, 0], [0.5, 1, 0.25], [0, 0.25, 1]])
    judged = Judged(judged.item, judged.person, judged.label, model, similarity, judged.people)
    found = verdict(advantages(judged), people=4, allowance=0.15)
    slow = slowly(judged, 0.15)
    rejected, corrected, *_rest = multipletests([one[3] for one in slow.values()], alpha=0.05, method="fdr_by")
    for one, wins, p in zip(found.people, rejected, corrected, strict=True):
        assert (one.items, one.model, one.human) == pytest.approx(slow[one.person][:3])
        assert one.p == pytest.approx(p)
        assert one.wins == wins
    assert found.winning_rate == pytest.approx(np.mean(rejected))
    assert found.advantage == pytest.approx(np.mean([one[1] for one in slow.values()]))


def test_items_in_several_chunks_are_the_same_as_in_one(monkeypatch):
    judged = crowd(skills=[0.9, 0.8, 0.7], model=0.8, items=101, share=0.6)
    whole = advantages(judged)
    monkeypatch.setattr(alternative, "CHUNK", 7)
    parts = advantages(judged)
    for one, other in zip(vars(whole).values(), vars(parts).values(), strict=True):
        assert np.array_equal(one, other)


def test_the_order_of_rows_does_not_matter():
    judged = crowd(skills=[0.9, 0.8, 0.7], model=0.8)
    mixed = np.random.default_rng(0).permutation(len(judged.item))
    other = Judged(
        judged.item[mixed], judged.person[mixed], judged.label[mixed], judged.model, judged.similarity, judged.people
    )
    assert verdict(advantages(judged), people=3, allowance=0.1) == verdict(advantages(other), people=3, allowance=0.1)


def test_benjamini_yekutieli_equals_statsmodels():
    chance = np.random.default_rng(1)
    for size in (1, 2, 9, 40):
        p = chance.random(size) ** 3
        assert benjamini_yekutieli(p) == pytest.approx(multipletests(p, method="fdr_by")[1])


def test_too_few_people_or_items_decide_nothing():
    few = crowd(skills=[0.9, 0.9], model=0.9)
    assert verdict(advantages(few), people=2, allowance=0.1) == Verdict((), 2, 100, None, None)
    short = verdict(advantages(crowd(skills=[0.9] * 5, model=0.9, items=29)), people=5, allowance=0.1)
    assert (short.passes, short.left_out, short.items) == (None, 5, 29)
    alone = crowd(skills=[0.9], model=0.9)  # nobody to compare with
    assert verdict(advantages(alone), people=1, allowance=0.1).items == 0


def test_people_with_few_items_are_left_out_but_still_heard():
    judged = crowd(skills=[0.9] * 4, model=0.9)
    last = judged.person == 3
    kept = ~last | (judged.item < 10)
    judged = Judged(
        judged.item[kept], judged.person[kept], judged.label[kept], judged.model, judged.similarity, judged.people
    )
    found = verdict(advantages(judged), people=4, allowance=0.1)
    assert [one.person for one in found.people] == [0, 1, 2]
    assert found.left_out == 1


def test_where_all_differences_are_equal_the_mean_decides():
    ones, zeros = np.ones(40), np.zeros(40)
    person = np.repeat(np.arange(3), 40)

    def told(model: np.ndarray, human: np.ndarray) -> list[Compared]:
        found = alternative.Advantages(np.tile(np.arange(40), 3), person, np.tile(model, 3), np.tile(human, 3))
        return list(verdict(found, people=3, allowance=0.1).people)

    assert [one.p for one in told(ones, ones)] == [0, 0, 0]
    assert [one.p for one in told(zeros, ones)] == [1, 1, 1]


def passed(runs: int, **options) -> float:
    """Share of runs in which a model passes."""
    people = len(options["skills"])
    won = [
        verdict(advantages(crowd(seed=seed, **options)), people=people, allowance=0.1).passes for seed in range(runs)
    ]
    return float(np.mean(won))


def test_a_model_as_good_as_the_people_passes():
    assert passed(60, skills=[0.8] * 5, model=0.8, items=800) > 0.95
    assert passed(60, skills=[0.8] * 5, model=0.95, items=100) > 0.95


def test_a_model_that_guesses_fails():
    assert passed(100, skills=[0.8] * 5, model=1 / 3, items=400) == 0


def test_a_model_that_is_worse_by_the_allowance_passes_at_most_as_often_as_the_level():
    """At the boundary every H0 holds and whatever is rejected is false: that happens in at most LEVEL of runs."""
    rng = np.random.default_rng(4)
    wrong = 0
    for _run in range(1000):
        # d = 1, 0 or −1 with mean exactly ε = .1, the same items for everybody, so that the tests depend on each other
        shared = rng.choice([1.0, 0.0, -1.0], p=[0.2, 0.7, 0.1], size=80)
        own = rng.choice([1.0, 0.0, -1.0], p=[0.2, 0.7, 0.1], size=(5, 80))
        d = np.where(rng.random((5, 80)) < 0.5, shared, own).ravel()
        found = alternative.Advantages(
            np.tile(np.arange(80), 5), np.repeat(np.arange(5), 80), (d <= 0).astype(float), (d >= 0).astype(float)
        )
        result = verdict(found, people=5, allowance=0.1)
        wrong += any(one.wins for one in result.people)
    assert wrong / 1000 <= alternative.LEVEL + 0.015
