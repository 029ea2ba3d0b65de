import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from annotations.agreement import cohen_kappa, krippendorff_alpha
from fairness.metrics import (
    GroupCounts,
    Ratings,
    Reason,
    Size,
    Status,
    difficulty_strata,
    group_agreement,
    mantel_haenszel,
    newcombe,
    rater_gaps,
)


def crowd(*, people=20, items=60, per_person=30, shift=0.0, own=0.0, seed=1, bias=None):
    """People of groups x and y; x gives the label with a probability higher by ``shift``, and each person by a
    lean of their own with standard deviation ``own``. ``bias``: (items,) further shift for x."""
    chance = np.random.default_rng(seed)
    hardness = chance.uniform(0.2, 0.7, items)
    item, rater, selected = [], [], []
    for person in range(people):
        lean = chance.normal(0, own) + (shift if person % 2 == 0 else 0.0)
        for i in chance.choice(items, per_person, replace=False):
            extra = bias[i] if bias is not None and person % 2 == 0 else 0.0
            item.append(i)
            rater.append(person)
            selected.append(chance.random() < np.clip(hardness[i] + lean + extra, 0, 1))
    return Ratings.of(item, rater, selected, ["x" if person % 2 == 0 else "y" for person in range(people)])


def test_a_group_that_says_it_more_often_on_the_same_items_shows():
    found = rater_gaps(crowd(shift=0.25, per_person=50), draws=300)
    assert found.gaps["x"].low > 0
    assert found.gaps["x"].value == pytest.approx(0.25, abs=0.1)
    assert found.gaps["y"].value == pytest.approx(-found.gaps["x"].value)
    assert found.excluded == ()
    assert found.rates["x"].n == 500


def test_who_was_served_which_items_does_not_matter():
    """x gets the items that nearly everyone calls so, y those that hardly anyone does, and they share a third."""
    item, rater, selected = [], [], []
    for person in range(10):
        low, high = (10, 30) if person % 2 == 0 else (0, 20)
        for i in range(low, high):
            item.append(i)
            rater.append(person)
            selected.append(i >= 10)
    found = rater_gaps(Ratings.of(item, rater, selected, ["x", "y"] * 5), draws=100)
    assert found.rates["x"].value == 1.0
    assert found.rates["y"].value == 0.5
    assert found.gaps["x"].value == 0.0


def test_intervals_are_over_people_and_wider_than_over_rows():
    ratings = crowd(people=12, per_person=60, own=0.15)
    found = rater_gaps(ratings, draws=400)
    rows = {}
    for group, parity in (("x", 0), ("y", 1)):
        chosen = ratings.selected[ratings.rater % 2 == parity]
        rows[group] = GroupCounts(int(chosen.sum()), len(chosen))
    low, high = newcombe(rows["x"], rows["y"])
    assert found.gaps["x"].high - found.gaps["x"].low > 1.5 * (high - low)


def test_the_interval_covers_where_one_over_rows_does_not():
    """No difference between the groups, people who lean: 60 seeded crowds. A 95 % interval misses a few."""
    ours = rows = 0
    for seed in range(60):
        ratings = crowd(people=16, per_person=60, own=0.12, seed=seed)
        gap = rater_gaps(ratings, draws=150).gaps["x"]
        ours += gap.low <= 0 <= gap.high
        sides = [ratings.selected[ratings.rater % 2 == parity] for parity in (0, 1)]
        low, high = newcombe(*(GroupCounts(int(side.sum()), len(side)) for side in sides))
        rows += low <= 0 <= high
    assert ours >= 54
    assert rows < 48


def test_an_interaction_is_a_gap_on_some_items_beyond_the_gap_on_others():
    bias = np.where(np.arange(60) < 30, 0.3, 0.0)
    item_groups = ["about us" if k < 30 else "other" for k in range(60)]
    found = rater_gaps(crowd(people=30, per_person=60, bias=bias), item_groups=item_groups, draws=200)
    cell = found.interactions["x", "about us"]
    assert cell.value == pytest.approx(0.3, abs=0.12)
    assert cell.low > 0
    assert found.interactions["x", "other"].value == pytest.approx(-cell.value)
    assert found.interactions["y", "about us"].value == pytest.approx(-cell.value)
    none = rater_gaps(crowd(people=30, per_person=60, shift=0.2), item_groups=item_groups, draws=200)
    assert none.interactions["x", "about us"].low < 0 < none.interactions["x", "about us"].high


def test_the_same_seed_draws_the_same_interval():
    ratings = crowd()
    assert rater_gaps(ratings, draws=50, seed=3) == rater_gaps(ratings, draws=50, seed=3)
    assert rater_gaps(ratings, draws=50, seed=3) != rater_gaps(ratings, draws=50, seed=4)


def test_few_people_are_not_shown_not_even_how_many():
    ratings = crowd(people=9)  # five of x, four of y
    found = rater_gaps(ratings, item_groups=["a"] * 60, draws=50)
    assert (found.rates["y"].status, found.rates["y"].reason, found.rates["y"].n) == (
        Status.INSUFFICIENT,
        Reason.FEW_RATERS,
        0,
    )
    assert found.rates["x"].is_ok
    # A gap of x to everyone else would tell what the four of y say.
    assert found.gaps["x"].reason is Reason.FEW_RATERS
    assert found.interactions["x", "a"].reason is Reason.FEW_RATERS
    assert set(found.excluded) == {"x", "y"}


def test_people_of_no_known_group_are_among_the_others():
    ratings = crowd(people=20)
    partly = Ratings.of(ratings.item, ratings.rater, ratings.selected, ["x", None] * 10)
    assert partly.groups == ("x",)
    assert rater_gaps(partly, draws=50).gaps["x"].value == rater_gaps(ratings, draws=50).gaps["x"].value


def test_nothing_in_common_is_undefined():
    item = [0] * 5 + [1] * 5
    found = rater_gaps(Ratings.of(item, range(10), [True] * 10, ["x"] * 5 + ["y"] * 5), draws=20)
    assert (found.gaps["x"].status, found.gaps["x"].reason) == (Status.UNDEFINED, Reason.NO_SHARED_ITEMS)
    empty = rater_gaps(Ratings.of([], [], [], ["x"]))
    assert empty.rates["x"].reason is Reason.NO_LABELS


def test_draws_are_worked_off_in_parts(monkeypatch):
    from fairness.metrics import ratings as module

    monkeypatch.setattr(module, "_CELLS", 60 * 7)
    assert module.chunks(50, 60) == [7] * 7 + [1]
    assert rater_gaps(crowd(), draws=50).gaps["x"].is_ok


@pytest.mark.parametrize(
    ("item", "rater", "selected", "groups", "message"),
    [
        ([0], [0, 1], [True], ["x", "y"], "in every row"),
        ([0], [1], [True], ["x"], "every rater needs an entry"),
        ([-1], [0], [True], ["x"], "codes from 0"),
        ([0, 0], [0, 0], [True, False], ["x"], "counts once per item"),
    ],
)
def test_rows_that_do_not_fit_are_refused(item, rater, selected, groups, message):
    with pytest.raises(ValueError, match=message):
        Ratings.of(item, rater, selected, groups)


def test_item_groups_must_cover_the_items():
    with pytest.raises(ValueError, match="must cover all 60 items"):
        rater_gaps(crowd(), item_groups=["a"])


# --- agreement --------------------------------------------------------------------------------------------------


def test_agreement_within_and_across_groups():
    """x all say 1, y all say 0, on ten items: complete within, none across."""
    item, rater = np.repeat(np.arange(10), 10), np.tile(np.arange(10), 10)
    labels = np.where(rater < 5, (item + 1) % 2, item % 2)
    ratings = Ratings.of(item, rater, labels == 1, ["x"] * 5 + ["y"] * 5)
    found = group_agreement(ratings, labels, n_labels=2)
    assert [c.value for c in found.within["x"]] == [1.0, 1.0]
    assert found.across["x", "y"][0].value == 0.0
    assert found.across["x", "y"][1].value == pytest.approx(-1.0)
    assert found.across["x", "y"][0].n_items == 10


def test_agreement_is_that_of_the_agreement_module():
    ratings = crowd(people=12, per_person=60)
    labels = ratings.selected.astype(int)
    found = group_agreement(ratings, labels, n_labels=2)
    counts = {}
    for group, parity in (("x", 0), ("y", 1)):
        own = ratings.rater % 2 == parity
        counts[group] = np.zeros((60, 2), dtype=int)
        np.add.at(counts[group], (ratings.item[own], labels[own]), 1)
        assert found.within[group][1].value == pytest.approx(krippendorff_alpha(counts[group]).value)
    assert found.across["x", "y"][1].value == pytest.approx(cohen_kappa(counts["x"].T @ counts["y"]).value)


def test_groups_of_few_have_no_agreement_shown():
    found = group_agreement(crowd(people=9), crowd(people=9).selected.astype(int), n_labels=2)
    assert set(found.within) == {"x"}
    assert (found.across, found.excluded) == ({}, ("y",))
    with pytest.raises(ValueError, match="Needs a label for each"):
        group_agreement(crowd(), [1], n_labels=2)


# --- differential item functioning ------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 6))
def test_the_common_odds_ratio_is_statsmodels(seed, strata):
    ratings = crowd(people=10, per_person=25, shift=0.1, seed=seed)
    level = np.random.default_rng(seed).integers(0, strata, 60)
    found = mantel_haenszel(ratings, "x", "y", level, draws=20)
    tables = np.zeros((strata, 2, 2))
    for i, r, s in zip(ratings.item, ratings.rater, ratings.selected, strict=True):
        tables[level[i], r % 2, 0 if s else 1] += 1
    usable = [t for t in tables if t.sum(axis=0).all() and t.sum(axis=1).all()]
    assert found.strata == len(usable)
    assert found.odds_ratio.value == pytest.approx(StratifiedTable(usable).oddsratio_pooled)


def test_difficulty_explains_what_is_no_bias():
    """x was served the items that everyone calls so; at equal difficulty both groups answer alike."""
    chance = np.random.default_rng(2)
    hardness = np.repeat([0.2, 0.8], 100)
    item, rater, selected = [], [], []
    for person in range(20):
        share = (0.8, 0.2) if person % 2 == 0 else (0.2, 0.8)
        weights = np.where(hardness > 0.5, *share)
        for i in chance.choice(200, 80, replace=False, p=weights / weights.sum()):
            item.append(i)
            rater.append(person)
            selected.append(chance.random() < hardness[i])
    ratings = Ratings.of(item, rater, selected, ["x", "y"] * 10)
    crude = mantel_haenszel(ratings, "x", "y", np.zeros(200, dtype=int), draws=200)
    fair = mantel_haenszel(ratings, "x", "y", difficulty_strata(ratings, 2), draws=200)
    assert crude.odds_ratio.low > 2
    assert fair.odds_ratio.low < 1 < fair.odds_ratio.high


def test_a_large_effect_is_called_large_and_an_uncertain_one_unclear():
    large = mantel_haenszel(crowd(people=40, per_person=60, shift=0.35), "x", "y", [0] * 60, draws=300)
    assert large.size is Size.LARGE
    assert large.odds_ratio.low < large.odds_ratio.value < large.odds_ratio.high
    assert mantel_haenszel(crowd(own=0.3), "x", "y", [0] * 60, draws=300).size is Size.UNCLEAR
    none = mantel_haenszel(crowd(people=60, per_person=60), "x", "y", [0] * 60, draws=300)
    assert none.size is Size.NEGLIGIBLE


def test_strata_that_say_nothing_are_left_out():
    """One level only x answered, one where all say yes, and one that counts."""
    item = [0] * 5 + [1] * 10 + [2] * 10
    rater = [*range(5), *range(10), *range(10)]
    selected = [True, False, True, False, True] + [True] * 10 + [True] * 4 + [False] + [True] * 2 + [False] * 3
    found = mantel_haenszel(Ratings.of(item, rater, selected, ["x"] * 5 + ["y"] * 5), "x", "y", [0, 1, 2], draws=200)
    assert found.strata == 1
    assert found.odds_ratio.value == pytest.approx(4 * 3 / (1 * 2))


def test_what_has_no_odds_ratio_says_why():
    groups = ["x"] * 5 + ["y"] * 5
    alike = mantel_haenszel(Ratings.of([0] * 10, range(10), [True] * 10, groups), "x", "y", [0])
    assert (alike.odds_ratio.reason, alike.size, alike.strata) == (Reason.NO_STRATA, None, 0)
    apart = mantel_haenszel(Ratings.of([0] * 10, range(10), [True] * 5 + [False] * 5, groups), "x", "y", [0])
    assert (apart.odds_ratio.reason, apart.odds_ratio.n, apart.strata) == (Reason.ONE_SIDED, 10, 1)
    few = mantel_haenszel(crowd(people=9), "x", "y", [0] * 60)
    assert (few.odds_ratio.reason, few.odds_ratio.n) == (Reason.FEW_RATERS, 0)
    empty = mantel_haenszel(Ratings.of([], [], [], groups), "x", "y", [])
    assert empty.odds_ratio.reason is Reason.FEW_RATERS


def test_strata_are_quantiles_of_the_share():
    item, rater = np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
    ratings = Ratings.of(item, rater, rater < item, ["x"] * 4)
    assert difficulty_strata(ratings, 2).tolist() == [0, 0, 1, 1]
    assert difficulty_strata(ratings, 1).tolist() == [0, 0, 0, 0]
    same = Ratings.of(item, rater, [True] * 16, ["x"] * 4)
    assert len(set(difficulty_strata(same).tolist())) == 1
    with pytest.raises(ValueError, match="strata must be at least 1"):
        difficulty_strata(ratings, 0)
    for wrong in ([0], [0, 0, 0, -1]):
        with pytest.raises(ValueError, match="a stratum from 0 for each of 4 items"):
            mantel_haenszel(ratings, "x", "x", wrong)
