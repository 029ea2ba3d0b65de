import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.metrics import (
    Band,
    GroupCounts,
    Method,
    OutcomeCounts,
    Reason,
    certified,
    certified_by_sequences,
    certified_odds,
    confidence_sequence,
)
from tests.metrics.raw_rows import group_counts
from tests.metrics.streams import paused, streams

CLEAR = {"a": GroupCounts(150, 500), "b": GroupCounts(250, 500)}

tables = st.dictionaries(st.sampled_from("abcdef"), group_counts, max_size=6)


def test_a_clear_difference_pauses_and_names_the_pair():
    found = certified(CLEAR)
    assert found.pause
    assert (found.highest, found.lowest) == ("b", "a")
    assert 0.05 < found.lower < 0.2
    assert (found.method, found.reason, found.alpha, found.tau) == (Method.PAIRS, None, 0.05, 0.0)


def test_the_bands_are_the_sequences_with_alpha_split():
    found = certified(CLEAR, alpha=0.1)
    low, high = confidence_sequence([150, 250], [500, 500], 0.05)
    assert found.bands == {"a": Band(low[0], high[0]), "b": Band(low[1], high[1])}


def test_the_limit_of_the_owner_decides():
    lower = certified(CLEAR).lower
    assert certified(CLEAR, tau=lower - 1e-4).pause
    assert not certified(CLEAR, tau=lower + 1e-4).pause
    assert certified(CLEAR, tau=lower + 1e-4).lower == pytest.approx(lower, abs=1e-5)


def test_equal_groups_never_pause():
    found = certified({g: GroupCounts(3000, 10_000) for g in "abcd"})
    assert not found.pause
    assert found.lower == 0.0
    assert found.highest != found.lowest


def test_a_small_group_cannot_cry_wolf():
    """One label against another, or 0 of 3 against a thousand: nothing is certain."""
    assert not certified({"a": GroupCounts(1, 1), "b": GroupCounts(0, 1)}).pause
    assert not certified({"a": GroupCounts(0, 3), "b": GroupCounts(500, 1000)}).pause


@pytest.mark.parametrize("rule", [certified, certified_by_sequences])
def test_without_two_groups_there_is_a_reason_instead(rule):
    for counts in ({}, {"a": GroupCounts(1, 2)}, {"a": GroupCounts(1, 2), "b": GroupCounts(0, 0)}):
        found = rule(counts)
        assert (found.pause, found.lower, found.highest, found.lowest) == (False, 0.0, None, None)
        assert found.reason is Reason.ONE_GROUP
        assert set(found.bands) == set(counts)
    assert found.bands["b"] == Band(0.0, 1.0)


def test_groups_without_labels_still_cost_their_share():
    """The groups that are watched are named from the start; who left the empty ones out would promise too much."""
    two = certified(CLEAR)
    among_ten = certified(CLEAR | {g: GroupCounts(0, 0) for g in range(8)})
    assert among_ten.pause
    assert among_ten.lower < two.lower


def test_fifty_groups_are_quick_and_one_more_is_refused():
    counts = {k: GroupCounts(300 + k, 1000) for k in range(49)} | {"far": GroupCounts(700, 1000)}
    found = certified(counts, tau=0.1)
    assert found.pause
    assert (found.highest, found.lowest) == ("far", 0)
    with pytest.raises(ValueError, match="At most 50 groups can be watched at once, got 51"):
        certified(counts | {"more": GroupCounts(0, 0)})
    with pytest.raises(ValueError, match="At most 50 groups"):
        certified_by_sequences(counts | {"more": GroupCounts(0, 0)})


@pytest.mark.parametrize("rule", [certified, certified_by_sequences])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"alpha": 0}, "alpha must lie"),
        ({"alpha": 1}, "alpha must"),
        ({"tau": -0.1}, "tau must"),
        ({"tau": 1}, "tau must"),
    ],
)
def test_wrong_limits_are_refused(rule, wrong, message):
    with pytest.raises(ValueError, match=message):
        rule(CLEAR, **wrong)


def test_groups_may_be_intersections():
    counts = {("x", "young"): GroupCounts(150, 500), ("x", "old"): GroupCounts(250, 500)}
    assert certified(counts).highest == ("x", "old")


def test_the_published_rule_is_there_beside_ours():
    """L = max over pairs (lo_i - hi_j), and it is later."""
    found = certified_by_sequences(CLEAR)
    low, high = confidence_sequence([150, 250], [500, 500], 0.025)
    assert found.lower == pytest.approx(low[1] - high[0])
    assert (found.highest, found.lowest, found.method) == ("b", "a", Method.SEQUENCES)
    assert certified(CLEAR).lower > found.lower


@settings(deadline=None, max_examples=60)
@given(tables, st.sampled_from([0.0, 0.1]))
def test_what_is_certain_is_never_more_than_what_was_seen(counts, tau):
    ours, theirs = certified(counts, tau=tau), certified_by_sequences(counts, tau=tau)
    for found in (ours, theirs):
        assert found.pause == (found.lower > tau) or found.lower == pytest.approx(tau, abs=1e-5)
        if found.reason is None:
            rates = {g: c.selected / c.n for g, c in counts.items() if c.n}
            assert 0 <= found.lower <= max(rates.values()) - min(rates.values()) + 1e-9
            if found.lower > 0:
                assert found.lower <= rates[found.highest] - rates[found.lowest] + 1e-9


@settings(deadline=None, max_examples=60)
@given(tables, st.sampled_from([1, 1000]))
def test_the_certain_difference_is_the_largest_that_is_certain_to_one_in_a_million(counts, times):
    many = {group: GroupCounts(c.selected * times, c.n * times) for group, c in counts.items()}
    lower = certified(many).lower
    assert not certified(many, tau=min(lower + 2.0**-20, 1 - 1e-9)).pause
    if lower > 0:
        assert certified(many, tau=lower - 1e-12).pause


@settings(deadline=None, max_examples=40)
@given(tables)
def test_the_names_and_the_order_of_the_groups_do_not_matter(counts):
    found = certified(counts)
    turned = certified({f"x{g}": counts[g] for g in reversed(counts)})
    assert (turned.pause, turned.lower) == (found.pause, pytest.approx(found.lower, abs=1e-5))


# --- the promise: simulated, seeded ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rates", "tau"),
    [((0.3, 0.3), 0.0), ((0.02, 0.02), 0.0), ((0.3, 0.4), 0.1), ((0.3, 0.3, 0.3, 0.3), 0.0)],
)
def test_false_pauses_stay_within_alpha_however_often_one_looks(rates, tau):
    """400 runs of 1,000 labels, looked at after every one. At alpha .2, so that a broken promise would show."""
    selected, n = streams(rates, runs=400, labels=1000, seed=11)
    assert paused(selected, n, alpha=0.2, tau=tau).mean() <= 0.2


@pytest.mark.parametrize(("shares", "at_most"), [((0.5, 0.5), 280), ((0.15, 0.85), 750)])
def test_a_difference_is_noticed_soon(shares, at_most):
    """By half of the runs; sequences that must not overlap need 590 labels for the first of the two."""
    selected, n = streams((0.3, 0.5), runs=100, labels=at_most, seed=5, shares=shares)
    assert paused(selected[:, :, 9::10], n[:, :, 9::10], alpha=0.05, tau=0.0).mean() >= 0.5


def test_labels_taken_back_and_given_again_keep_the_promise():
    """One in five labels is taken back at random later, whatever it was, and another one given."""
    chance = np.random.default_rng(8)
    runs, labels = 200, 600
    group, given_ = chance.integers(0, 2, (runs, labels)), chance.random((runs, labels)) < 0.3
    counts = np.zeros((2, 2, runs))  # selected or all, group, run
    every = np.arange(runs)
    ever = np.zeros(runs, dtype=bool)
    for t in range(labels):
        counts[0, group[:, t], every] += given_[:, t]
        counts[1, group[:, t], every] += 1
        if t % 5 == 0:
            old = chance.integers(0, t + 1, runs)
            counts[0, group[every, old], every] -= given_[every, old]
            given_[every, old] = chance.random(runs) < 0.3
            counts[0, group[every, old], every] += given_[every, old]
        ever |= paused(counts[0][:, :, None], counts[1][:, :, None], alpha=0.2, tau=0.0)
    assert ever.mean() <= 0.2


def test_items_drawn_without_putting_back_keep_the_promise():
    """A project has finitely many items, served in random order: half a project is no more certain than it looks."""
    chance = np.random.default_rng(4)
    runs, items = 300, 800
    truth = np.repeat([[1] * 120 + [0] * 280], 2, axis=0).ravel()
    group = np.repeat([0, 1], 400)
    order = np.argsort(chance.random((runs, items)), axis=1)
    own = group[order] == np.arange(2)[:, None, None]
    selected, n = (own & (truth[order] == 1)).cumsum(axis=2), own.cumsum(axis=2)
    assert paused(selected, n, alpha=0.2, tau=0.0).mean() <= 0.2


@pytest.mark.parametrize("order", ["item by item", "round by round"])
def test_three_labels_of_an_item_are_not_three_items(order):
    """300 runs of 300 items with three labels each that mostly agree, no difference between the groups: item by item,
    the rule that takes them for independent cries wolf too often; the cube root of its evidence never does."""
    chance = np.random.default_rng(12)
    runs, items = 300, 300
    group = chance.integers(0, 2, (runs, items))
    doubt = chance.beta(0.1, 0.2, (runs, items))
    rounds = [chance.random((runs, items)) < doubt for _ in range(3)]
    if order == "item by item":
        given_label, group = np.stack(rounds, axis=2).reshape(runs, -1), np.repeat(group, 3, axis=1)
    else:
        given_label, group = np.concatenate(rounds, axis=1), np.tile(group, (1, 3))
    own = group == np.arange(2)[:, None, None]
    selected, n = (own & given_label).cumsum(axis=2), own.cumsum(axis=2)
    rooted, naive = (paused(selected / k, n / k, alpha=0.2, tau=0.0).mean() for k in (3, 1))
    assert rooted <= 0.2
    assert naive > rooted
    if order == "item by item":
        assert naive > 0.2


def test_labels_per_item_make_so_many_labels_one():
    thrice = {group: GroupCounts(3 * c.selected, 3 * c.n) for group, c in CLEAR.items()}
    assert certified(thrice, labels_per_item=3) == certified(CLEAR)
    assert certified_by_sequences(thrice, labels_per_item=3) == certified_by_sequences(CLEAR)
    assert certified(thrice).lower > certified(CLEAR).lower
    with pytest.raises(ValueError, match="labels_per_item must be at least 1, got 0"):
        certified(CLEAR, labels_per_item=0)
    outcomes = {g: OutcomeCounts(tp=c.selected, fp=0, fn=c.n - c.selected, tn=9) for g, c in CLEAR.items()}
    found = certified_odds(outcomes, labels_per_item=2)
    assert found.true_positive == certified(CLEAR, alpha=0.025, labels_per_item=2)


# --- odds -----------------------------------------------------------------------------------------------------------


def test_odds_split_alpha_between_both_halves():
    outcomes = {"a": OutcomeCounts(tp=400, fp=100, fn=100, tn=400), "b": OutcomeCounts(tp=250, fp=100, fn=250, tn=400)}
    found = certified_odds(outcomes, alpha=0.1, tau=0.05)
    assert found.pause
    assert found.true_positive == certified({g: o.true_positive for g, o in outcomes.items()}, alpha=0.05, tau=0.05)
    assert not found.false_positive.pause
    assert found.worse is found.true_positive
    assert found.lower == found.true_positive.lower
    assert (found.worse.highest, found.worse.lowest) == ("a", "b")


def test_odds_of_groups_without_positives_say_so():
    found = certified_odds({g: OutcomeCounts(tp=0, fp=10, fn=0, tn=90) for g in "ab"})
    assert found.true_positive.reason is Reason.ONE_GROUP
    assert found.false_positive.reason is None
    assert not found.pause


def test_a_pair_that_may_be_further_apart_is_held_to_its_own_limit():
    lower = certified(CLEAR).lower
    pair = ("b", "a")
    assert certified(CLEAR, allowed={pair: lower - 1e-4}).beyond == (pair,)
    assert not certified(CLEAR, allowed={pair: lower + 1e-4}).pause
    assert not certified(CLEAR, tau=lower + 1e-4, allowed={pair: 0.0}).pause  # never less than what all may
    assert certified(CLEAR, allowed={("a", "b"): 1.0}) == certified(CLEAR)  # the other way round is another pair
    three = CLEAR | {"c": GroupCounts(450, 500)}
    found = certified(three, tau=0.05, allowed={("c", "a"): 0.6, ("c", "b"): 0.4})
    assert found.pause
    assert (found.highest, found.lowest) == ("b", "a")
    assert 0.05 < found.lower < 0.2


@settings(max_examples=40, deadline=None)
@given(tables, st.floats(0, 0.5))
def test_allowing_what_everybody_may_changes_nothing(table, tau):
    pairs = {(a, b): tau for a in table for b in table if a != b}
    assert certified(table, tau=tau, allowed=pairs) == certified(table, tau=tau)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0, 0.9))
@settings(max_examples=40, deadline=None)
def test_odds_hold_each_rate_to_its_own_limit(tp, fp, far):
    outcomes = {"a": OutcomeCounts(tp, fp, 60 - tp, 60 - fp), "b": OutcomeCounts(30, 30, 30, 30)}
    free = {("a", "b"): 0.99, ("b", "a"): 0.99}
    found = certified_odds(outcomes, tau=far, allowed=(free, {}))
    assert not found.true_positive.pause
    assert found.false_positive == certified_odds(outcomes, tau=far).false_positive
