"""Which gaps of groups of people are called beyond chance: by all rows of the table at once."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.agreement.intervals import student_quantile
from fairness.presenting.behind import people_answer, people_rows
from fairness.selectors.behind import PeopleGroup, PeopleQuestion


def figure(value: float, half: float) -> dict[str, float]:
    return {"value": round(value, 2), "low": round(value - half, 2), "high": round(value + half, 2)}


def question(*gaps: dict[str, float], title: str = "Gender") -> PeopleQuestion:
    return PeopleQuestion(title, None, tuple(PeopleGroup(f"g{number}", gap, ()) for number, gap in enumerate(gaps)))


def test_one_row_alone_is_judged_by_its_own_interval():
    (row,) = people_rows([question(figure(0.2, 0.1))])
    assert row.beyond
    (row,) = people_rows([question(figure(0.1, 0.12))])
    assert not row.beyond


def test_of_many_rows_one_has_to_be_clearer_and_the_largest_leads():
    rest = [figure(0.01, 0.1)] * 57
    rows = people_rows([question(figure(0.12, 0.1), *rest)])
    assert not any(row.beyond for row in rows), "of 58 intervals of 95 % three leave out 0 by chance"
    many = [question(figure(0.3, 0.05), figure(0.6, 0.05), *rest)]
    rows = people_rows(many)
    assert [row.group for row in rows if row.beyond] == ["g0", "g1"]
    assert "“g1” give the label +60" in people_answer(rows, many)


def test_parts_of_items_count_among_the_comparisons():
    group = PeopleGroup("women", figure(0.16, 0.1), tuple({"group": f"i{n}", **figure(0, 0.1)} for n in range(12)))
    rows = people_rows([PeopleQuestion("Gender", None, (group,))])
    assert len(rows) == 13
    assert not rows[0].beyond
    alone = people_rows([PeopleQuestion("Gender", None, (PeopleGroup("women", group.gap, ()),))])
    assert alone[0].beyond


@pytest.mark.parametrize("people", [5, 12, 80])
def test_where_no_group_differs_a_table_names_one_in_at_most_a_twentieth(people):
    """Gaps of sixty rows, each with Student's interval of so many people."""
    chance, named, tables = np.random.default_rng(people), 0, 200
    for _ in range(tables):
        drawn = chance.normal(0, 0.5, (60, people))
        errors = drawn.std(axis=1, ddof=1) / people**0.5
        halves = errors * student_quantile(0.95, people - 1)
        rows = people_rows([question(*map(figure, drawn.mean(axis=1), halves))])
        named += any(row.beyond for row in rows)
    assert named / tables <= 0.08


def test_a_gap_without_an_interval_is_never_beyond_chance():
    (row,) = people_rows([question({"value": 0.5, "low": None, "high": None})])
    assert not row.beyond
