"""Prepared statements: their plans follow the sizes of their tables."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import connection

from ledger.statements import FIRST_PLANS, LONGEST_PLANS, Statement, _Session, _sessions

pytestmark = pytest.mark.django_db

FIND = Statement("test_find", "SELECT note FROM growing WHERE number = %(number)s", number="bigint")


@pytest.fixture
def growing():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE growing (number bigint PRIMARY KEY, note text) ON COMMIT DROP")
        cursor.execute("INSERT INTO growing VALUES (1, 'one')")
        cursor.execute("ANALYZE growing")
        yield cursor
        cursor.execute("DEALLOCATE test_find")
    _sessions[connection.connection].names.discard("test_find")


def plan(cursor) -> str:
    cursor.execute("EXPLAIN EXECUTE test_find (1)")
    return "\n".join(line for (line,) in cursor.fetchall())


def test_a_plan_that_was_made_for_an_empty_table_goes_when_the_table_has_grown(growing):
    assert FIND.execute(growing, {"number": 1}).fetchone() == ("one",)
    assert "Seq Scan" in plan(growing)
    growing.execute("INSERT INTO growing SELECT number, 'x' FROM generate_series(2, 20000) AS number")
    assert "Seq Scan" in plan(growing)
    for _ in range(FIRST_PLANS):
        FIND.execute(growing, {"number": 1})
    assert "Index Scan" in plan(growing)
    assert FIND.execute(growing, {"number": 20000}).fetchone() == ("x",)


def test_plans_are_kept_longer_and_longer_up_to_a_limit():
    session, dropped = _Session(), []
    for number in range(1, 40_000):
        if session.is_outdated(1):
            dropped.append(number)
    kept = [later - earlier for earlier, later in pairwise(dropped)]
    assert dropped[0] == FIRST_PLANS
    assert kept == sorted(kept)
    assert kept[0] == 2 * FIRST_PLANS
    assert kept[-1] == LONGEST_PLANS
