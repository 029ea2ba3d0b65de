"""What an attacker can find out from figures who knows the rules, the crowd, and everything that was ever shown."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from accounts.demographics.anonymity import K, outside, raised, ready

GROUPS = ("a", "b", "c", "d")
Shown = dict[str, int]


def history(cohorts: list[list[int]], crowds: list[int], *, several: bool = False) -> list[tuple[int, Shown]]:
    """What somebody sees who always looks: (crowd, figures) each time that the figures change."""
    shown: Shown = {}
    counts = dict.fromkeys(GROUPS[: len(cohorts[0])] if cohorts else (), 0)
    seen = []
    for cohort, crowd in zip(cohorts, crowds, strict=True):
        counts = {group: counts[group] + more for group, more in zip(counts, cohort, strict=True)}
        now = raised(shown, counts, crowd=crowd, several=several)
        if now != shown:
            seen.append((crowd, now))
        shown = now
    return seen


@st.composite
def growing_crowds(draw) -> tuple[list[list[int]], list[int]]:
    """Cohorts of five or more, each person in one of up to four groups, within a crowd that grows."""
    number = draw(st.integers(1, 4))
    times = draw(st.integers(1, 5))
    cohort = st.lists(st.integers(0, 12), min_size=number, max_size=number).filter(lambda sizes: sum(sizes) >= K)
    cohorts = draw(st.lists(cohort, min_size=times, max_size=times))
    crowds, total, outsiders = [], 0, 0
    for sizes in cohorts:
        total, outsiders = total + sum(sizes), outsiders + draw(st.integers(0, 9))
        crowds.append(total + outsiders)
    return cohorts, crowds


def span(
    seen: list[tuple[int, Shown]], groups: list[str], weights: np.ndarray, *, told: tuple[int, ...] = ()
) -> tuple[int, int]:
    """The least and the most that ``weights`` · counts can be, over all whole counts that agree with what was seen.

    ``weights`` is times × groups. The attacker knows: figures are counts rounded down to fives, unless there was no
    room in the crowd; counts never fall; cohorts have at least five people; nobody outside the crowd was counted.
    ``told`` is what our figures never say: how many answered, each time.
    """
    times, width = len(seen), len(groups)
    least = np.array([[shown.get(group, 0) for group in groups] for _crowd, shown in seen])
    most = least + K - 1
    for time, (crowd, shown) in enumerate(seen):
        if sum(shown.values()) + 2 * K > crowd:  # there may have been no room to show more
            most[time] = crowd
    rows, lows, highs = [], [], []
    for time, (crowd, _shown) in enumerate(seen):
        now = np.zeros((times, width))
        now[time] = 1
        rows.append(now.ravel())
        lows.append(told[time] if told else 0)
        highs.append(told[time] if told else crowd)
        grown = now.copy()
        if time:
            grown[time - 1] = -1
            for group in range(width):
                one = np.zeros((times, width))
                one[time, group], one[time - 1, group] = 1, -1
                rows.append(one.ravel())
                lows.append(0)
                highs.append(np.inf)
        rows.append(grown.ravel())
        lows.append(K)
        highs.append(np.inf)
    ends = []
    for sign in (1, -1):
        found = milp(
            sign * weights.ravel(),
            constraints=LinearConstraint(np.array(rows), lows, highs),
            bounds=Bounds(least.ravel(), most.ravel()),
            integrality=np.ones(times * width),
        )
        assert found.success, "what was seen contradicts the rules"
        ends.append(round(sign * found.fun))
    return ends[0], ends[1]


def unions(width: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, width + 1):
        yield from itertools.combinations(range(width), size)


@settings(max_examples=60, deadline=None)
@given(growing_crowds())
def test_linear_algebra_over_all_that_was_ever_shown_finds_no_group_of_one_to_four(given_):
    cohorts, crowds = given_
    seen = history(cohorts, crowds)
    if not seen:
        return
    groups = list(GROUPS[: len(cohorts[0])])
    for time in range(len(seen)):
        for union in unions(len(groups)):
            weights = np.zeros((len(seen), len(groups)))
            weights[time, list(union)] = 1
            low, high = span(seen, groups, weights)
            assert high - low >= K - 1, (union, seen)
            if not any(groups[place] in seen[time][1] for place in union):
                assert low == 0, "it can be told that somebody is in a group that is not shown"
            # And those who joined the union between two times that one can compare.
            for earlier in range(time):
                change = weights.copy()
                change[earlier, list(union)] = -1
                low, high = span(seen, groups, change)
                assert high - low >= K - 1, (union, earlier, time, seen)


@settings(max_examples=200, deadline=None)
@given(growing_crowds())
def test_figures_are_fives_that_never_fall_never_exceed_the_count_and_leave_five_outside(given_):
    cohorts, crowds = given_
    totals = np.cumsum(np.array(cohorts), axis=0)
    before: Shown = {}
    for counts, crowd in zip(totals, crowds, strict=True):
        named = dict(zip(GROUPS, (int(count) for count in counts), strict=False))
        now = raised(before, named, crowd=crowd, several=False)
        assert all(number >= K and number % K == 0 and number <= named[group] for group, number in now.items())
        assert all(now[group] >= number for group, number in before.items())
        assert outside(now, crowd=crowd) >= K or not now
        before = now


def test_every_possible_past_of_a_small_crowd_leaves_five_sizes_for_each_union():
    """Not by algebra but by trying all: two cohorts, three groups, sixteen people, and the very function."""
    crowd, sizes = 16, defaultdict(lambda: defaultdict(set))
    firsts = [one for one in itertools.product(range(crowd + 1), repeat=3) if K <= sum(one) <= crowd]
    for first in firsts:
        left = crowd - sum(first)
        seconds = [(0, 0, 0)] + [two for two in itertools.product(range(left + 1), repeat=3) if K <= sum(two) <= left]
        for second in seconds:
            seen = history([list(first), list(second)], [crowd, crowd])
            key = tuple(tuple(sorted(shown.items())) for _crowd, shown in seen)
            for union in unions(3):
                sizes[key][union].add(sum(first[place] + second[place] for place in union))
    assert len(sizes) > 10
    poor = {key: {u: s for u, s in found.items() if len(s) < K} for key, found in sizes.items()}
    assert {key: found for key, found in poor.items() if found} == {}


@pytest.mark.parametrize(
    ("figures", "answered", "found"),
    [
        ([{"a": 20}], (), (0, 4)),  # as we publish: nobody, or up to four
        ([{"a": 20}], (28,), (4, 4)),  # with how many answered: the small group is pinned
        ([{"a": 20}], (26,), (2, 4)),  # or somebody is known to be in it
    ],
)
def test_the_same_attacker_finds_people_where_a_total_is_told(figures, answered, found):
    """The attack is worth its name: one total beside the figures, and it succeeds."""
    seen = [(40, shown) for shown in figures]
    assert span(seen, ["a", "b"], np.array([[0.0, 1.0]]), told=answered) == found


@pytest.mark.parametrize(
    ("counts", "crowd", "several", "shown"),
    [
        ({"a": 4, "b": 4}, 40, False, {}),
        ({"a": 5, "b": 9}, 40, False, {"a": 5, "b": 5}),
        ({"a": 14, "b": 3}, 40, False, {"a": 10}),
        ({"a": 5}, 9, False, {}),  # four others: everybody else would be known not to be in it
        ({"a": 5}, 10, False, {"a": 5}),
        ({"a": 30}, 30, False, {"a": 25}),  # never everybody
        ({"a": 10, "b": 10}, 20, False, {"a": 10, "b": 5}),
        ({"a": 20, "b": 20}, 25, True, {"a": 20, "b": 20}),
        ({"a": 25, "b": 4}, 25, True, {"a": 20}),
        ({}, 0, False, {}),
    ],
)
def test_examples(counts, crowd, several, shown):
    assert raised({}, counts, crowd=crowd, several=several) == shown


def test_a_figure_stays_where_a_later_one_needs_its_room():
    assert raised({"a": 15}, {"a": 15, "b": 5}, crowd=20, several=False) == {"a": 15}
    assert raised({"a": 15}, {"a": 15, "b": 5}, crowd=25, several=False) == {"a": 15, "b": 5}


@pytest.mark.parametrize(("waiting", "counted"), [(0, False), (4, False), (5, True), (60, True)])
def test_nobody_is_counted_with_fewer_than_four_others(waiting, counted):
    assert ready(waiting) is counted
