"""The verifier on a simulated crowd and model: it beats the rule, leaks nothing, and is the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from llm_workers.validating.verifier import SIGNALS, measure, signals_of, verify
from llm_workers.validating.verifier.learning import UNKNOWN, folds_of
from llm_workers.validating.verifier.measuring import auroc, expected_calibration_error, log_loss
from tests.verifier.crowds import NAN, OF_LABELS, crowd


def known_on(right, item, share: float, seed: int = 1):
    """``right`` where an item is among the settled ``share``, else unknown."""
    settled = np.random.default_rng(seed).random(item.max() + 1) < share
    return np.where(settled[item], right, UNKNOWN)


@pytest.fixture(scope="module")
def scene():
    given, _true, right = crowd()
    return given, signals_of(given), right


def test_it_beats_the_rule_on_items_held_out_and_on_items_it_never_saw(scene):
    given, signals, right = scene
    target = known_on(right, given.item, 0.4)
    found = verify(signals, given.item, target)
    assert found.method == "logistic"
    assert found.loss["logistic"] < found.loss["rule"]
    learnt = measure(found.right, found.out_of_fold["logistic"], given.item[found.known])
    rule = measure(found.right, found.out_of_fold["rule"], given.item[found.known])
    assert learnt.auroc > rule.auroc
    assert learnt.low > 0.7
    never = target == UNKNOWN
    assert auroc(right[never], found.score[never]) > auroc(right[never], signals.rule[never]) + 0.01
    assert learnt.ece < 0.06


def test_its_figures_hold_for_items_it_never_saw(scene):
    given, signals, right = scene
    target = known_on(right, given.item, 0.5)
    found = verify(signals, given.item, target)
    told = measure(found.right, found.out_of_fold[found.method], given.item[found.known])
    never = target == UNKNOWN
    assert told.low < auroc(right[never], found.score[never]) < told.high


def test_both_kinds_of_label_are_scored_and_told_apart(scene):
    given, signals, right = scene
    found = verify(signals, given.item, known_on(right, given.item, 0.5))
    for rows in (given.base[given.annotator] == -1, given.base[given.annotator] == 0):
        assert auroc(right[rows], found.score[rows]) > 0.7
    assert ((found.score >= 0) & (found.score <= 1)).all()


def test_shuffled_settlements_teach_nothing(scene):
    given, signals, right = scene
    for seed in range(3):
        item_right = np.random.default_rng(seed).permutation(right)
        found = verify(signals, given.item, item_right, seed=seed)
        score = found.out_of_fold["logistic"]
        told = measure(found.right, score, given.item[found.known], seed=seed)
        assert told.low < 0.5 < told.high
        assert found.loss["logistic"] > 0.9 * sklearn_log_loss(found.right, np.full(len(score), found.right.mean()))


def test_no_signal_changes_with_what_is_known_of_the_items(scene):
    """Signals are made without the truth: there is no way in for it."""
    given, signals, _right = scene
    again = signals_of(replace(given))
    np.testing.assert_array_equal(signals.matrix, again.matrix)
    assert "right" not in signals_of.__annotations__


def test_an_item_s_own_settlement_does_not_reach_its_score(scene):
    """Turn one item's settlement round: its labels' scores by learners that have not seen it stay what they are."""
    given, signals, right = scene
    target = known_on(right, given.item, 0.5)
    before = verify(signals, given.item, target)
    item = given.item[before.known[0]]
    turned = np.where((given.item == item) & (target != UNKNOWN), 1 - target, target)
    after = verify(signals, given.item, turned)
    own = given.item[before.known] == item
    np.testing.assert_array_equal(before.out_of_fold["logistic"][own], after.out_of_fold["logistic"][own])
    assert (before.out_of_fold["logistic"][~own] != after.out_of_fold["logistic"][~own]).any()
    np.testing.assert_array_equal(before.score[before.known][own], before.out_of_fold["logistic"][own])


def test_a_label_is_no_witness_for_itself():
    """Two people, one item: what the one says does not change the signals about the other label but through it."""
    given, _true, _right = crowd(items=60)
    row = 5
    signals = signals_of(given)
    column = SIGNALS.index("people_agree")
    others = (given.item == given.item[row]) & (np.arange(len(given)) != row) & (given.base[given.annotator] == -1)
    assert signals.matrix[row, column] == np.mean(given.label[others] == given.label[row])


def test_the_posterior_without_a_label_is_that_of_the_item_without_it():
    given, _true, _right = crowd(items=80, per_item=1, people=8, validator=False)
    alone = 1 / (1 + np.exp(-signals_of(given).matrix[:, SIGNALS.index("others")]))
    people = given.base[given.annotator] == -1
    # A person who is alone with a model: the model's label has as much weight as theirs, so it is what is left.
    agree = signals_of(given).matrix[:, SIGNALS.index("models_agree")]
    assert alone[people & (agree == 1)].min() > alone[people & (agree == 0)].max()


def test_all_labels_of_an_item_are_in_one_fold():
    item = np.repeat(np.arange(50), 3)
    folds = folds_of(item, seed=3)
    assert all(len(set(folds[item == one])) == 1 for one in range(50))
    assert np.bincount(folds).tolist() == [30] * 5


def test_the_same_seed_gives_the_same_scores(scene):
    given, signals, right = scene
    target = known_on(right, given.item, 0.4)
    one, same = (verify(signals, given.item, target, seed=7) for _ in range(2))
    np.testing.assert_array_equal(one.score, same.score)
    assert one.worth == same.worth
    assert (one.score != verify(signals, given.item, target, seed=8).score).any()


@pytest.mark.parametrize("share", [0.0, 0.02])
def test_too_little_to_learn_from_leaves_the_rule(scene, share):
    given, signals, right = scene
    found = verify(signals, given.item, known_on(right, given.item, share))
    assert found.method == "rule"
    np.testing.assert_array_equal(found.score, signals.rule)
    assert (found.against == -1).all()


def test_without_wrong_labels_nothing_is_learnt(scene):
    given, signals, right = scene
    found = verify(signals, given.item, np.where(right == 1, 1, UNKNOWN))
    assert found.method == "rule"


def test_where_learning_does_not_beat_the_rule_the_rule_stays(scene):
    given, signals, right = scene
    knows = replace(signals, rule=np.where(right == 1, 0.99, 0.01))
    found = verify(knows, given.item, right)
    assert found.method == "rule"
    assert set(found.loss) == {"rule", "logistic"}


def test_trees_are_tried_on_many_labels_and_taken_where_they_win():
    given, _true, right = crowd(items=520, seed=2)
    signals = signals_of(given)
    # A signal that is bad at both ends: a line cannot see it, a tree can.
    bent = signals.matrix.copy()
    bent[:, SIGNALS.index("pace")] = np.where(right == 1, 0, np.random.default_rng(0).choice([-3.0, 3.0], len(right)))
    found = verify(replace(signals, matrix=bent), given.item, right)
    assert found.method == "boosting"
    assert set(found.loss) == {"rule", "logistic", "boosting"}
    assert max(found.worth, key=found.worth.get) == "pace"
    assert found.coefficients == {}


def test_what_matters_and_what_speaks_against_a_label_can_be_named(scene):
    given, signals, right = scene
    found = verify(signals, given.item, right)
    ranked = sorted(found.worth, key=lambda name: -found.worth[name])
    assert "validator" in ranked[:4]
    assert found.worth["explained"] == 0  # never known
    assert found.coefficients["validator"] > 0
    said_no = given.validator < -0.6
    named = (found.against[said_no] == SIGNALS.index("validator")).any(axis=1)
    assert named.mean() > 0.8


def test_groups_are_learnt_from_only_where_they_are_given(scene):
    given, signals, right = scene
    group = np.random.default_rng(0).integers(0, 2, len(given)).astype(float)[:, None]
    without = verify(signals, given.item, right)
    with_groups = verify(signals, given.item, right, extra=group)
    assert (without.score != with_groups.score).any()
    assert set(with_groups.worth) == set(SIGNALS)


def test_the_rule_goes_by_posterior_then_confidence_then_share():
    given, _true, _right = crowd(items=40, validator=False)
    model = given.base[given.annotator] == 0
    alone = replace(given, **{name: getattr(given, name)[model] for name in ("item", "annotator", "label", *OF_LABELS)})
    assert set(signals_of(given).basis) == {0}
    np.testing.assert_allclose(signals_of(alone).rule, alone.confidence)
    unsure = replace(alone, confidence=np.full(len(alone), NAN))
    np.testing.assert_allclose(signals_of(unsure).rule, 0.75)  # one label, and half a one for it and for any other


def test_prompts_of_one_model_are_one_witness_and_say_whether_it_repeats_itself():
    n = 4
    given = replace(
        crowd(items=1, people=1, per_item=1)[0],
        item=np.zeros(n, int), annotator=np.arange(n), label=np.array([0, 0, 1, 0]),
        n_items=1, n_annotators=n, n_labels=2, base=np.array([-1, 0, 0, 1]),
        **{name: np.full(n, NAN) for name in OF_LABELS},
        words=np.array([10.0]),
    )  # fmt: skip
    matrix = signals_of(given).matrix
    assert matrix[:, SIGNALS.index("asked_again")].tolist()[1:3] == [0, 0]
    assert np.isnan(matrix[[0, 3], SIGNALS.index("asked_again")]).all()
    # For the person: one and a half of two models; for model 1: half of one; for model 0 the other model.
    assert matrix[:, SIGNALS.index("models_agree")].tolist() == [0.75, 1.0, 0.0, 0.5]


def test_figures_equal_those_of_scikit_learn():
    random = np.random.default_rng(5)
    right = random.integers(0, 2, 500)
    score = np.round(np.clip(0.3 * right + random.random(500) * 0.7, 0.001, 0.999), 2)
    assert auroc(right, score) == pytest.approx(roc_auc_score(right, score))
    assert log_loss(right, score) == pytest.approx(sklearn_log_loss(right, score))
    found = measure(right, score, np.arange(500))
    assert found.brier == pytest.approx(brier_score_loss(right, score))
    assert found.low < found.auroc < found.high
    by_hand = sum(
        abs(score[part].mean() - right[part].mean()) * len(part)
        for part in (np.flatnonzero(np.minimum((score * 10).astype(int), 9) == bin) for bin in range(10))
        if len(part)
    )
    assert found.ece == pytest.approx(by_hand / 500, abs=1e-3)
    assert expected_calibration_error(np.array([1, 0]), np.array([1.0, 0.0])) == 0


def test_the_interval_draws_items_not_labels():
    """Ten labels of one item that are right together tell as much as one: the interval must not shrink."""
    random = np.random.default_rng(0)
    right = random.integers(0, 2, 100)
    score = np.clip(0.25 * right + random.random(100) * 0.75, 0, 1)
    once = measure(right, score, np.arange(100))
    repeated = measure(np.repeat(right, 10), np.repeat(score, 10), np.repeat(np.arange(100), 10))
    assert repeated.high - repeated.low == pytest.approx(once.high - once.low, rel=0.2)


def test_few_labels_have_no_figures():
    found = measure(np.array([1, 0] * 10), np.linspace(0, 1, 20), np.arange(20))
    assert (found.enough, found.auroc, found.labels) == (False, None, 20)
    with pytest.raises(ValueError, match="right labels and wrong ones"):
        auroc(np.ones(3), np.ones(3))


def test_pace_is_against_one_s_own_habit():
    given, _true, right = crowd()
    pace = signals_of(given).matrix[:, SIGNALS.index("pace")]
    people = given.base[given.annotator] == -1
    assert np.isnan(pace[~people]).all()
    for person in range(3):
        assert abs(np.median(pace[given.annotator == person])) < 1e-9
    hasty = people & (pace < -1)
    assert stats.fisher_exact([
        [right[hasty].sum(), (1 - right[hasty]).sum()],
        [right[people & ~hasty].sum(), (1 - right[people & ~hasty]).sum()],
    ]).pvalue < 1e-3  # fmt: skip
