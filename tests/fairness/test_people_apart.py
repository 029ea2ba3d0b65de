"""Attacks on the figures about people who label, in crowds where not everybody labels everything.

An attacker knows every label with a name beside it, all totals, and the rules, but not who is in which group.
"""

from __future__ import annotations

import random
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from fairness.metrics import Ratings, Reason, kept_apart, mantel_haenszel, people_in, rater_gaps
from fairness.services.rater_groups import agreement_beside, rater_groups
from fairness.services.showing import Given, allowed

Labels = list[tuple[int, int]]  # person, item


def people(**sizes: int) -> dict[str, list[int]]:
    """Numbers of the people of each group; ``none`` for those who told nothing."""
    numbers = iter(range(1, 1000))
    return {name: [next(numbers) for _ in range(size)] for name, size in sizes.items()}


def member_of(who: dict[str, list[int]]) -> dict[int, tuple[str, ...]]:
    return {one: (name,) for name, own in who.items() for one in own if name != "none"}


def given_of(labels: Labels, groups: dict[int, dict[str, str]]) -> Given:
    return Given([item for _who, item in labels], [who for who, _item in labels], [""] * len(labels), groups)


def about(**ranges: range) -> dict[int, dict[str, str]]:
    return {item: {"religion": name} for name, items in ranges.items() for item in items}


X, Y, Z = range(40), range(40, 80), range(80, 120)


def everyone(who: list[int], items: Any, share: float = 0.7, seed: int = 1) -> Labels:
    """Each person labels so large a share of the items, drawn for each."""
    chance = random.Random(seed)
    return [(one, item) for one in who for item in items if chance.random() < share]


def may_show(labels: Labels, groups: dict[int, dict[str, str]], who: dict[str, list[int]]) -> dict[str, list[Any]]:
    attributes = sorted({name for own in groups.values() for name in own})
    return allowed(given_of(labels, groups), member_of(who), attributes).groups


# --- what is left of the groups -----------------------------------------------------------------------------------


def test_a_group_of_whom_few_labelled_is_not_left_over():
    """Six told that they are non-binary and three of them labelled: women and men together would leave those three."""
    who = people(woman=6, man=6, nonbinary=6)
    labels = everyone(who["woman"] + who["man"] + who["nonbinary"][:3], [*X, *Y])
    assert list(may_show(labels, about(x=X, y=Y), who)) == ["man"]
    assert set(may_show(everyone([*range(1, 19)], [*X, *Y]), about(x=X, y=Y), who)) == {"man", "nonbinary", "woman"}


def test_a_group_that_is_not_shown_for_its_few_labels_counts_as_left_over():
    """Five non-binary people gave one label each: too few labels to be shown, and enough people to hide among."""
    who = people(woman=6, man=6, nonbinary=5)
    labels = everyone(who["woman"] + who["man"], X) + [(one, 0) for one in who["nonbinary"]]
    assert set(may_show(labels, about(x=X), who)) == {"man", "woman"}
    assert list(may_show(labels[:-1], about(x=X), who)) == ["man"]


def test_those_who_share_no_item_are_no_cover():
    """Seven are in no group, but only two of them labelled what the groups labelled: comparisons leave those two."""
    who = people(woman=6, man=6, none=7)
    labels = everyone(who["woman"] + who["man"] + who["none"][:2], X) + everyone(who["none"][2:], Z)
    assert list(may_show(labels, about(x=X, z=Z), who)) == ["man"]


def test_groups_that_overlap_in_all_but_one_person_are_not_both_shown():
    who = people(woman=7, none=8)
    member = dict.fromkeys(who["woman"][:5], ("a", "b")) | {who["woman"][5]: ("a",), who["woman"][6]: ("b",)}
    labels = everyone(list(range(1, 16)), X)
    assert list(allowed(given_of(labels, about(x=X)), member, []).groups) == ["a"]


# --- on some items only -------------------------------------------------------------------------------------------


def crowd_of_six(few: int, on: range = Y) -> tuple[Labels, dict[str, list[int]]]:
    """Six women and eight others who all labelled x and z; of the women only ``few`` labelled ``on``."""
    who = people(woman=6, none=8)
    rest = [part for part in (X, Y, Z) if part is not on]
    labels = everyone([*who["woman"], *who["none"]], [item for part in rest for item in part])
    return labels + everyone(who["woman"][:few] + who["none"], on, seed=2), who


@pytest.mark.parametrize("few", [1, 2, 4])
def test_items_that_few_of_a_group_labelled_are_told_neither_directly_nor_as_what_is_left(few):
    """Not y itself; and of the items about x and z only one, or all less these two would be the figure on y."""
    labels, who = crowd_of_six(few)
    parts = may_show(labels, about(x=X, y=Y, z=Z), who)["woman"]
    assert parts == [("religion", "x")] or parts == [("religion", "z")]
    labels, who = crowd_of_six(6)
    assert len(may_show(labels, about(x=X, y=Y, z=Z), who)["woman"]) == 3


def test_items_of_no_group_may_be_what_is_left_too():
    labels, who = crowd_of_six(2)
    groups = about(x=X, z=Z) | {item: {} for item in Y}
    assert len(may_show(labels, groups, who)["woman"]) == 1


def test_few_others_on_some_items_are_kept_quiet_as_well():
    who = people(woman=6, none=8)
    labels = everyone([*who["woman"], *who["none"]], [*X, *Z]) + everyone(who["woman"] + who["none"][:2], Y)
    assert len(may_show(labels, about(x=X, y=Y, z=Z), who)["woman"]) == 1


def test_what_two_groups_leave_on_some_items_is_not_one_person():
    """Women, men and six others; of the others one labelled items about x. Totals on x are on the page."""
    who = people(woman=6, man=6, none=6)
    labels = everyone([*who["woman"], *who["man"]], [*X, *Y]) + everyone(who["none"], Y) + everyone(who["none"][:1], X)
    found = may_show(labels, about(x=X, y=Y), who)
    assert set(found) == {"man", "woman"}
    assert sum(("religion", "x") in parts for parts in found.values()) <= 1
    assert sum(("religion", "y") in parts for parts in found.values()) <= 1  # all less y is x


def test_a_group_of_items_inside_another_is_not_shown_beside_it():
    """Two attributes: all items about y are of origin o, and of the others of origin o one woman labelled."""
    who = people(woman=6, none=8)
    groups = {item: {"religion": "y" if item in Y else "x", "origin": "o" if item in Y or item > 90 else "p"}
              for item in range(100)}  # fmt: skip
    both = [*who["woman"], *who["none"]]
    labels = everyone(both, range(90)) + everyone(who["woman"][:1] + who["none"], range(91, 100))
    parts = may_show(labels, groups, who)["woman"]
    assert parts
    assert not {("religion", "y"), ("origin", "o")} <= set(parts)


# --- the figures themselves ---------------------------------------------------------------------------------------


def test_one_person_s_behaviour_is_no_interaction():
    """Of six women one labelled items about y, and always chose: nothing is said of women on y."""
    labels, who = crowd_of_six(1)
    groups = about(x=X, y=Y, z=Z)
    chosen = [one == who["woman"][0] and item in Y for one, item in labels]
    member = member_of(who)
    given = given_of(labels, groups)
    (found,) = rater_groups(given, chosen, member, allowed(given, member, ["religion"]))
    assert "y" not in {one["group"] for one in found["interactions"]}
    codes = {item: code for code, item in enumerate(dict.fromkeys(given.items))}
    ratings = Ratings.of(
        [codes[item] for item in given.items],
        [one - 1 for one in given.people],
        chosen,
        ["woman" if one in who["woman"] else None for one in range(1, 15)],
    )
    gaps = rater_gaps(ratings, item_groups=[groups[item]["religion"] for item in codes], draws=50)
    assert (gaps.interactions["woman", "y"].reason, gaps.interactions["woman", "y"].n) == (Reason.FEW_RATERS, 0)
    assert gaps.interactions["woman", "x"].is_ok


def test_people_who_labelled_nothing_in_common_do_not_count_towards_a_gap():
    """Six women labelled, of whom two labelled what others labelled."""
    labels = everyone([1, 2], X) + everyone([3, 4, 5, 6], Y) + everyone(list(range(7, 15)), [*X, *Z])
    codes = {item: code for code, item in enumerate(dict.fromkeys(item for _one, item in labels))}
    ratings = Ratings.of(
        [codes[item] for _one, item in labels],
        [one - 1 for one, _item in labels],
        [True] * len(labels),
        ["woman"] * 6 + [None] * 8,
    )
    gaps = rater_gaps(ratings, draws=50)
    assert gaps.gaps["woman"].reason is Reason.FEW_RATERS
    assert gaps.same_items["woman"] is None
    assert may_show(labels, {item: {} for item in codes}, people(woman=6, none=8)) == {}


def test_both_rates_on_the_same_items_differ_by_the_gap():
    labels, _who = crowd_of_six(6)
    chance = random.Random(4)
    codes = {item: code for code, item in enumerate(dict.fromkeys(item for _one, item in labels))}
    ratings = Ratings.of(
        [codes[item] for _one, item in labels],
        [one - 1 for one, _item in labels],
        [chance.random() < 0.4 for _ in labels],
        ["woman"] * 6 + [None] * 8,
    )
    gaps = rater_gaps(ratings, draws=50)
    pair = gaps.same_items["woman"]
    assert pair is not None
    assert pair[0].value - pair[1].value == pytest.approx(gaps.gaps["woman"].value)
    assert pair[0].low < pair[0].value < pair[0].high


# --- rates, odds and agreement beside the gap --------------------------------------------------------------------


def beside(labels: Labels, who: dict[str, list[int]], lean: str = "", seed: int = 7) -> dict[str, Any]:
    """What is shown of women; those of ``lean`` choose more often."""
    chance, member = random.Random(seed), member_of(who)
    eager = set(who.get(lean, ()))
    chosen = [chance.random() < (0.7 if one in eager else 0.4) for one, _item in labels]
    given = Given(
        [item for _one, item in labels],
        [one for one, _item in labels],
        ["yes" if one else "no" for one in chosen],
        {item: {} for _one, item in labels},
    )
    may = allowed(given, member, [])
    (found,) = rater_groups(given, chosen, member, may, agreement_beside(given, member, may))
    return found


def test_rates_odds_and_agreement_stand_beside_the_gap_rounded_and_without_counts():
    who = people(woman=8, none=9)
    found = beside(everyone(list(range(1, 18)), [*X, *Y]), who, lean="woman")
    rates = found["rates"]
    assert rates["own"]["value"] - rates["others"]["value"] == pytest.approx(found["value"], abs=0.011)
    assert found["odds"]["low"] > 1
    assert found["odds"]["size"] in ("moderate", "large", "unclear")
    assert set(found["agreement"]["within"]) == {"raw_agreement", "krippendorff_alpha"}
    assert set(found["agreement"]["across"]) == {"raw_agreement", "cohen_kappa"}
    numbers = [rates["own"], rates["others"], found["odds"], *found["agreement"]["within"].values()]
    assert all(one["value"] == round(one["value"], 2) for one in numbers)
    assert "n" not in str(sorted({name for one in numbers for name in one} - {"size"})).split("'")


def test_agreement_within_a_group_needs_five_who_labelled_the_same_items():
    """Six women labelled what everyone else labelled, but of them only two the same items."""
    who = people(woman=6, none=8)
    alone = [
        (one, item) for place, one in enumerate(who["woman"][2:]) for item in range(40 + 10 * place, 50 + 10 * place)
    ]
    labels = everyone(who["none"], range(120)) + everyone(who["woman"][:2], X) + alone
    agreement = beside(labels, who)["agreement"]
    assert agreement["within"] is None
    assert agreement["across"] is not None


def test_odds_rest_on_five_people_in_the_strata_that_count():
    """All items of one half are labelled alike by everyone, so only the other half tells; one woman labelled there."""
    item, rater, selected = [], [], []
    for person in range(12):
        for one in range(40):
            if one < 20 or person in (0, *range(6, 12)):
                item.append(one)
                rater.append(person)
                selected.append(one >= 20 and (one + person) % 2 == 0)
    ratings = Ratings.of(item, rater, selected, ["woman"] * 6 + ["rest"] * 6)
    strata = [one // 20 for one in range(40)]
    found = mantel_haenszel(ratings, "woman", "rest", strata, draws=50)
    assert (found.odds_ratio.reason, found.odds_ratio.n, found.strata) == (Reason.FEW_RATERS, 0, 0)
    assert mantel_haenszel(ratings, "woman", "rest", strata, min_raters=1, draws=50).odds_ratio.is_ok


# --- every small crowd --------------------------------------------------------------------------------------------


def test_no_sum_of_the_shown_is_about_few_in_random_crowds():
    """All combinations of the shown sets with small whole coefficients, and of the totals, in random sparse crowds: one
    that names anybody's group names five people or more."""
    shown = 0
    for seed in range(60):
        chance = random.Random(seed)
        who = people(woman=chance.randint(3, 8), man=chance.randint(3, 8), none=chance.randint(0, 8))
        everybody = [one for own in who.values() for one in own]
        labels = [
            (one, item)
            for one in everybody
            for part in (X, Y)
            for item in (part if chance.random() < 0.8 else [])
            if chance.random() < 0.8
        ]  # fmt: skip
        parts = may_show(labels, about(x=X, y=Y), who)
        rater = np.array([one for one, _item in labels])
        items = {
            "x": np.array([item in X for _one, item in labels]),
            "y": np.array([item in Y for _one, item in labels]),
        }
        totals = [items["x"].astype(int), items["y"].astype(int)]
        figures = []
        for name, on in parts.items():
            own = np.isin(rater, who[name]).astype(int)
            figures += [own] + [own * items[group] for _attribute, group in on]
        shown += len(figures)
        for weights in product((-1, 0, 1), repeat=len(figures)):
            if not any(weights) or sum(map(abs, weights)) > 4:
                continue
            summed = sum(w * one for w, one in zip(weights, figures, strict=True))
            for extra in product((-1, 0, 1), repeat=2):
                whole = summed + extra[0] * totals[0] + extra[1] * totals[1]
                left = len(np.unique(rater[whole != 0]))
                assert left == 0 or left >= 5, (seed, weights, extra)
    assert shown > 100  # not by showing nothing


def test_kept_apart_is_the_rule_of_five_for_sets_side_by_side():
    """Two disjoint sets of people: both are kept where what is left is nobody or five."""
    for first, second, rest in product(range(3, 8), range(3, 8), range(7)):
        cut = np.repeat([0, 1, 2], [first, second, rest])
        sizes = people_in(np.arange(len(cut)), np.ones(len(cut), bool))
        kept = kept_apart({"a": cut == 0, "b": cut == 1}, sizes, 5)
        both = all(one >= 5 for one in (first, second)) and rest in (0, 5, 6)
        assert (kept == ["a", "b"]) == both
        assert ("a" in kept) == (first >= 5 and second + rest >= 5)


def test_what_is_known_anyway_forbids_nothing():
    """A total of three people is on the page; the sets beside it are none the wiser for it."""
    cut = np.repeat([0, 1, 2], [6, 6, 3])
    sizes = people_in(np.arange(15), np.ones(15, bool))
    assert kept_apart({"a": cut == 0}, sizes, 5, known=[cut == 2]) == ["a"]
    assert kept_apart({"a": cut == 0, "b": cut == 1}, sizes, 5, known=[cut == 2]) == ["a", "b"]
    for one, other in combinations([cut == 0, cut == 1, cut == 2], 2):
        assert len(kept_apart({1: one, 2: other}, sizes, 5)) <= 1
