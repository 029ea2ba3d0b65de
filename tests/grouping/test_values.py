"""What is offered for values of groups: bins of numbers, misspelt values, the largest of many."""

from __future__ import annotations

import pytest

from annotations.grouping.values import (
    Likeness,
    alike_names,
    as_number,
    bin_of,
    bins_preview,
    check_edges,
    is_numeric,
    largest,
    lookalikes,
    preview,
    quantile_edges,
)
from ledger.errors import DomainError

AGES = {str(age): 10 for age in range(20, 60)}


@pytest.mark.parametrize(
    ("text", "number"),
    [("37", 37), (" 3,5 ", 3.5), ("-1e2", -100), ("thirty", None), ("nan", None), ("inf", None), ("", None)],
)
def test_what_is_a_number(text, number):
    assert as_number(text) == number


def test_numbers_are_told_from_codes_and_words():
    assert is_numeric(AGES)
    assert is_numeric({**AGES, "unknown": 50})
    assert not is_numeric({**AGES, "unknown": 500})
    assert not is_numeric({"0": 500, "1": 500})  # a code of few values
    assert not is_numeric({"female": 3, "male": 4})
    assert not is_numeric({})


def test_quantiles_part_the_items_evenly():
    edges = quantile_edges(AGES, 4)
    assert edges == [30, 40, 50]
    assert set(preview(AGES, {"edges": edges}).values()) == {100}


def test_a_value_that_most_items_have_takes_fewer_bins():
    edges = quantile_edges({"1": 1000, "2": 1, "3": 1, "4": 1, "5": 1, "6": 1}, 4)
    assert 1 <= len(edges) <= 3
    assert edges == sorted(set(edges))
    assert quantile_edges({"7": 10}, 4) == []


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("29.9", "below 30"),
        ("30", "30 to below 45"),
        ("44", "30 to below 45"),
        ("45", "45 and above"),
        ("unknown", "unknown"),
    ],
)
def test_bins_and_their_names(value, name):
    assert bin_of(value, [30, 45]) == name


@pytest.mark.parametrize("edges", [[], ["a"], [30, 30], [45, 30], range(20), ["nan"]])
def test_edges_that_make_no_bins(edges):
    with pytest.raises(DomainError):
        check_edges(edges)


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ({"female": 120, "femal": 3}, [Likeness("femal", 3, "female", 120)]),
        ({"female": 120, "Female ": 100}, [Likeness("Female ", 100, "female", 120)]),
        ({"christian": 50, "chrsitian": 2}, [Likeness("chrsitian", 2, "christian", 50)]),
        ({"Español": 9, "espanol": 8}, [Likeness("espanol", 8, "Español", 9)]),
        ({"female": 120, "male": 3}, []),
        ({"group 1": 120, "group 2": 3}, []),
        ({"Latina": 50, "Latino": 40}, []),  # a letter apart, and both frequent
        ({"A": 50, "B": 1}, []),
    ],
)
def test_misspelt_values(counts, found):
    assert lookalikes(counts) == found


@pytest.mark.parametrize(("name", "meant"), [("relgion", "religion"), ("Religion", "religion"), ("age", None)])
def test_misspelt_attributes(name, meant):
    assert alike_names(name, ["religion", "gender"]) == meant


def test_the_largest_groups_and_the_others():
    shown = largest({f"v{n:03}": n for n in range(200)}, shown=20)
    assert shown.largest[0] == ("v199", 199)
    assert (len(shown.largest), shown.others, shown.other_items) == (20, 180, sum(range(180)))
    assert largest({"a": 1}).others == 0


def test_a_preview_of_bins_is_in_their_order_and_says_what_goes_into_none():
    raw = {"50": 5, "20": 9, "unknown": 2, "n/a": 1}
    assert bins_preview(raw, [30, 45]) == [("below 30", 9), ("30 to below 45", 0), ("45 and above", 5), ("", 3)]
    assert bins_preview({"20": 1}, [30]) == [("below 30", 1), ("30 and above", 0)]


def test_a_preview_of_a_merge():
    assert preview({"femal": 3, "female": 120}, {"values": {"femal": "female"}}) == {"female": 123}
