"""The filter that spares look-ups: it never forgets, and is seldom wrong."""

from __future__ import annotations

import random

from annotations.importing.seen import Seen
from tests.importing.helpers import csv_bytes, problems, take


def test_what_was_added_is_known_and_little_else():
    chance, seen = random.Random(1), Seen()
    first = [chance.getrandbits(64) - (1 << 63) for _ in range(50_000)]
    assert sum(seen.add(first)) < 5
    assert all(seen.add(first))
    other = [chance.getrandbits(64) - (1 << 63) for _ in range(50_000)]
    assert sum(seen.add(other)) < 5


def test_nothing_added_is_no_fault():
    assert Seen().add([]) == []


def test_a_duplicate_far_behind_is_found_in_an_empty_project_and_in_a_second_file(transactional_db, cast, monkeypatch):
    from annotations.importing import loading

    monkeypatch.setattr(loading, "BATCH", 3)
    lines = [f"text {n},{n}" for n in range(10)]
    job = take(cast, csv_bytes("text,id", *lines, "text 0,77", "other,1"))
    assert (job.items_added, job.rows_duplicate, job.rows_bad) == (10, 1, 1)
    assert [number for number, _kind, _reason in problems(job)] == [11, 12]
    again = take(cast, csv_bytes("text,id", *lines, "new,100"), "again.csv")
    assert (again.items_added, again.rows_duplicate) == (1, 10)
