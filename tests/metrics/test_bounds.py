import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from statsmodels.stats.inter_rater import cohens_kappa

from fairness.metrics import (
    Band,
    GroupCounts,
    PairedCounts,
    certified_gaps,
    certified_paired_gaps,
    confidence_sequence,
    kappa_below,
    rate_above,
    rate_below,
)
from fairness.metrics.bounds import _paired_limits, _profile


def test_a_rate_is_certain_to_be_beyond_its_bound_or_it_is_not():
    counts = GroupCounts(60, 200)
    low, high = confidence_sequence(60, 200)
    assert rate_above(counts, bound=low - 1e-6).beyond
    assert not rate_above(counts, bound=low + 1e-6).beyond
    assert rate_below(counts, bound=high + 1e-6).beyond
    assert not rate_below(counts, bound=high - 1e-6).beyond
    assert rate_below(counts, bound=0.5).band == Band(low, high)


def test_nothing_seen_is_certain_of_nothing():
    for rule in (rate_above, rate_below):
        found = rule(GroupCounts(0, 0), bound=0.5)
        assert (found.beyond, found.band) == (False, Band(0.0, 1.0))


@pytest.mark.parametrize("bound", [-0.1, 1.1, math.nan])
def test_a_bound_of_a_rate_is_a_rate(bound):
    with pytest.raises(ValueError, match=r"bound must lie in \[0, 1\]"):
        rate_above(GroupCounts(1, 2), bound=bound)


# --- gaps ---------------------------------------------------------------------------------------------------------


def test_a_paired_gap_is_noticed_in_either_direction():
    counts = {"up": PairedCounts(60, 10, 400), "down": PairedCounts(20, 90, 400), "none": PairedCounts(30, 30, 400)}
    found = certified_paired_gaps(counts, tau=0.02)
    assert found.pause
    assert found.group == "down"
    assert found.lower == pytest.approx(-found.bands["down"].high)
    assert found.bands["none"].low < 0 < found.bands["none"].high
    assert (found.spread.highest, found.spread.lowest) == ("up", "down")
    assert found.spread.lower == pytest.approx(found.bands["up"].low - found.bands["down"].high)
    assert found.spread.pause


def test_the_same_items_tell_more_than_two_samples():
    """A model and people who mostly agree: 12 % up and 2 % down is lost in two separate rates of 40 and 50 %."""
    paired = certified_paired_gaps({"g": PairedCounts(60, 10, 500)})
    apart = certified_gaps({"g": GroupCounts(250, 500)}, {"g": GroupCounts(200, 500)})
    assert paired.pause
    assert not apart.pause
    assert apart.group is None
    assert apart.lower == 0.0
    assert apart.spread.reason is not None


def test_separate_counts_are_bounded_by_their_sequences():
    found = certified_gaps({"g": GroupCounts(400, 500), "h": GroupCounts(1, 2)}, {"g": GroupCounts(100, 500)})
    low, high = confidence_sequence([400, 100], [500, 500], 0.05 / 4)
    assert found.bands["g"] == Band(low[0] - high[1], high[0] - low[1])
    assert found.bands["h"].low >= -1
    assert found.group == "g"
    assert found.pause


def test_several_people_to_an_item_are_one_sample():
    model, people = {"g": GroupCounts(400, 500)}, {"g": GroupCounts(100, 500)}
    thrice = {"g": GroupCounts(300, 1500)}
    assert certified_gaps(model, thrice, labels_per_item=(1, 3)) == certified_gaps(model, people)
    assert certified_gaps(model, thrice).lower > certified_gaps(model, people).lower
    with pytest.raises(ValueError, match="labels_per_item must be at least 1, got 0"):
        certified_gaps(model, people, labels_per_item=(1, 0))


def test_no_groups_no_gap():
    for found in (
        certified_paired_gaps({}),
        certified_gaps({}, {}),
        certified_paired_gaps({"g": PairedCounts(0, 0, 0)}),
    ):
        assert (found.pause, found.lower, found.group) == (False, 0.0, None)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 200), st.floats(-0.98, 0.98))
def test_the_likeliest_rates_of_a_gap_are_found(a, b, c, gap):
    """Against scipy's own search."""

    def loss(q):
        return -(xlogy(a, q + gap) + xlogy(b, q) + xlogy(c, max(1 - 2 * q - gap, 0.0)))

    bounds = (max(0.0, -gap), (1 - gap) / 2)
    theirs = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    ours = _profile(*(np.array([float(x)]) for x in (a, b, c, gap)))
    assert ours[0] >= -theirs.fun - 1e-6
    ends = max(-loss(x) for x in bounds)
    assert ours[0] <= max(-theirs.fun, ends) + 1e-4


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 2000))
def test_a_gap_band_holds_what_was_seen_and_mirrors(a, b, c):
    n = a + b + c
    band = certified_paired_gaps({"g": PairedCounts(a, b, n)}).bands["g"]
    mirrored = certified_paired_gaps({"g": PairedCounts(b, a, n)}).bands["g"]
    assert -1 <= band.low <= (a - b) / max(n, 1) <= band.high <= 1
    assert (mirrored.low, mirrored.high) == pytest.approx((-band.high, -band.low), abs=1e-9)


def test_a_gap_band_holds_at_all_moments_at_once():
    chance = np.random.default_rng(2)
    kinds = chance.choice(3, (200, 400), p=(0.15, 0.05, 0.8))
    a, b = ((kinds == k).cumsum(axis=1)[:, ::2].astype(float) for k in (0, 1))
    n = np.broadcast_to(np.arange(1.0, 401, 2), a.shape)
    low, high = _paired_limits(a.ravel(), b.ravel(), n.ravel(), math.log(1 / 0.2))
    out = ((low > 0.1) | (high < 0.1)).reshape(a.shape)
    assert out.any(axis=1).mean() <= 0.2


@pytest.mark.parametrize("wrong", [(3, 3, 5), (-1, 0, 5), (0, 0, 1.5)])
def test_paired_counts_must_fit(wrong):
    with pytest.raises(ValueError, match=r"items can differ|negative|whole number"):
        PairedCounts(*wrong)


# --- kappa ----------------------------------------------------------------------------------------------------------


def test_little_agreement_is_certain_to_be_little():
    found = kappa_below([[300, 200], [200, 300]], bound=0.4)
    assert found.beyond
    assert 0.2 < found.band.high < 0.4
    assert not kappa_below([[480, 20], [20, 480]], bound=0.8).beyond
    assert kappa_below([[0, 0], [0, 0]], bound=0.8).band.high == 1.0


@settings(deadline=None, max_examples=80)
@given(
    st.integers(2, 4).flatmap(
        lambda k: st.lists(st.lists(st.integers(0, 200), min_size=k, max_size=k), min_size=k, max_size=k)
    )
)
def test_the_limit_of_kappa_is_never_below_kappa(table):
    counts = np.array(table)
    off = counts.sum() - np.trace(counts)
    margins = counts.sum(axis=0) * counts.sum(axis=1)
    if off == 0 or margins.sum() == counts.sum() ** 2:
        return
    kappa = float(cohens_kappa(counts, return_results=False))
    assert kappa_below(table, bound=0.5).band.high >= kappa - 1e-9


def test_three_labels_narrow_too():
    table = np.full((3, 3), 5_000)
    assert kappa_below(table, bound=0.2).beyond


def test_a_kappa_limit_holds_at_all_moments_at_once():
    """Two people who agree in .6 of two labels given half each: κ is .2. 80 runs, looked at every 25 items."""
    chance = np.random.default_rng(6)
    kinds = chance.choice(4, (80, 500), p=(0.3, 0.2, 0.2, 0.3))
    ever = 0
    for run in kinds:
        tables = (np.bincount(run[:t], minlength=4).reshape(2, 2) for t in range(25, 501, 25))
        ever += any(kappa_below(table, bound=0.2, alpha=0.2).beyond for table in tables)
    assert ever / 80 <= 0.2


def test_labels_that_have_not_come_up_are_named_all_the_same():
    """With a third label to come, two that are seen are not all there are: no chance agreement may be made up."""
    seen, three = [[300, 200], [200, 300]], [[300, 200, 0], [200, 300, 0], [0, 0, 0]]
    assert kappa_below(three, bound=0.4).band.high > kappa_below(seen, bound=0.4).band.high


@settings(deadline=None, max_examples=80)
@given(st.lists(st.lists(st.integers(0, 200), min_size=4, max_size=4), min_size=4, max_size=4), st.integers(1, 4))
def test_labels_that_nobody_could_name_take_no_part_of_alpha_and_the_limit_stays_one(table, named):
    counts = np.array(table)
    found = kappa_below(table, bound=0.5, named=named).band.high
    together = np.zeros((named + 1, named + 1), int)  # all others as one, which agreed with itself where they did
    together[:named, :named] = counts[:named, :named]
    together[named, :named], together[:named, named] = counts[named:, :named].sum(0), counts[:named, named:].sum(1)
    apart = counts[named:, named:].sum() - np.trace(counts[named:, named:])
    together[named, named] = np.trace(counts[named:, named:])
    if not apart:
        assert found == pytest.approx(kappa_below(together, bound=0.5, named=named).band.high)
    off, margins = counts.sum() - np.trace(counts), counts.sum(axis=0) * counts.sum(axis=1)
    if off and margins.sum() < counts.sum() ** 2:
        assert found >= float(cohens_kappa(counts, return_results=False)) - 1e-9


@pytest.mark.parametrize("wrong", [0, 3])
def test_no_more_labels_are_named_than_there_are(wrong):
    with pytest.raises(ValueError, match="named must lie in"):
        kappa_below([[3, 1], [1, 3]], bound=0.5, named=wrong)


@pytest.mark.parametrize("wrong", [[[1]], [[1, 2]], [[1, -1], [0, 2]]])
def test_a_confusion_is_a_square_table(wrong):
    with pytest.raises(ValueError, match="square table of counts"):
        kappa_below(wrong, bound=0.5)
