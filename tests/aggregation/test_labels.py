"""Labels as arrays, and how much models' labels count."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.aggregation import Labels, dawid_skene, labels_of, majority, model_weights

PERSON = -1


def weights(*votes: tuple[int, int], counted: bool = True) -> list[float]:
    """``votes``: (item, base model or PERSON)."""
    item, model = np.array(votes).T
    found = model_weights(item=item, model=model, n_items=int(item.max()) + 1, counted=counted)
    return [round(float(weight), 4) for weight in found]


def test_triples_become_indices_and_keep_their_names():
    labels, items, annotators, names = labels_of([("a", "w", "no"), ("b", "w", "yes")], labels=["yes", "no", "maybe"])
    assert (items, annotators, names) == (["a", "b"], ["w"], ["yes", "no", "maybe"])
    assert labels.label.tolist() == [1, 0]
    assert labels.n_labels == 3


@pytest.mark.parametrize(
    ("item", "annotator", "label", "message"),
    [
        ([0, 5], [0, 0], [0, 0], "item must lie between 0 and 1"),
        ([0, 1], [0, -1], [0, 0], "annotator must lie between 0 and 0"),
        ([0, 1], [0, 0], [0, 2], "label must lie between 0 and 1"),
        ([0, 1], [0, 0], [0], "one entry for each label"),
    ],
)
def test_indices_out_of_range_are_refused(item, annotator, label, message):
    with pytest.raises(ValueError, match=message):
        Labels(np.array(item), np.array(annotator), np.array(label), 2, 1, 2)


def test_negative_weights_and_gold_of_another_length_are_refused():
    one = np.zeros(1, int)
    with pytest.raises(ValueError, match="none below 0"):
        Labels(one, one, one, 1, 1, 2, weight=np.array([-1.0]))
    with pytest.raises(ValueError, match="gold"):
        Labels(one, one, one, 1, 1, 2, gold=np.array([0, 1]))


def test_people_count_one_each():
    assert weights((0, PERSON), (0, PERSON)) == [1, 1]


def test_several_prompts_of_one_model_count_once():
    assert weights((0, PERSON), (0, PERSON), (0, 7), (0, 7), (0, 7)) == [1, 1, 0.3333, 0.3333, 0.3333]


def test_models_together_never_outnumber_the_people_of_an_item():
    assert weights((0, PERSON), (0, 1), (0, 2), (0, 3)) == [1, 0.3333, 0.3333, 0.3333]
    assert weights((0, PERSON), (0, PERSON), (0, 1), (0, 2)) == [1, 1, 1, 1]


def test_a_model_alone_counts_nothing():
    assert weights((0, 1), (1, PERSON), (1, 1)) == [0, 1, 1]


def test_models_that_are_not_counted_weigh_nothing_but_their_skill_is_found():
    assert weights((0, PERSON), (0, 1), counted=False) == [1, 0]
    chance = np.random.default_rng(2)
    truth = chance.integers(0, 2, 300)
    people = np.where(chance.random((300, 3)) < 0.9, truth[:, None], 1 - truth[:, None])
    model = np.where(chance.random(300) < 0.6, truth, 1 - truth)
    said = np.column_stack([people, model]).ravel()
    item, who = np.repeat(np.arange(300), 4), np.tile(np.arange(4), 300)
    base = np.where(who == 3, 0, PERSON)
    silent = Labels(item, who, said, 300, 4, 2, weight=model_weights(item=item, model=base, n_items=300, counted=False))
    only = Labels(item[who < 3], who[who < 3], said[who < 3], 300, 3, 2)
    np.testing.assert_allclose(dawid_skene(silent).posterior, dawid_skene(only).posterior, atol=1e-4)
    assert dawid_skene(silent).skill[3] == pytest.approx(0.6, abs=0.07)


def test_a_majority_of_models_does_not_overrule_the_people():
    # Two people say 1; five models say 0. The models together weigh as much as the people, not more.
    item, said = np.zeros(7, int), np.array([1, 1, 0, 0, 0, 0, 0])
    base = np.array([PERSON, PERSON, 0, 1, 2, 3, 4])
    labels = Labels(item, np.arange(7), said, 1, 7, 2, weight=model_weights(item=item, model=base, n_items=1))
    np.testing.assert_allclose(majority(labels).posterior, [[0.5, 0.5]])
