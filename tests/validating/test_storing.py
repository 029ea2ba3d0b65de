"""What is recomputed of all labels is stored without reading the table for every row."""

from __future__ import annotations

import pytest
from django.db import connection

from annotations.deciding import storing as posteriors
from llm_workers.validating import storing as scores

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("temporary", "statement", "table"),
    [
        (scores.SCORED, scores.NEW, "llm_workers_labelscore"),
        (posteriors.FITTED, posteriors.NEW, "annotations_itemposterior"),
    ],
)
def test_new_rows_never_read_the_table_that_they_go_into(temporary, statement, table):
    """A scan of it, chosen while it was empty, would grow with every row of the statement: minutes for a million."""
    with connection.cursor() as cursor:
        cursor.execute(temporary)
        cursor.execute("EXPLAIN " + statement, {"project": 1})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert plan.startswith(f"Insert on {table}")
    assert plan.count(f" on {table}") == 1
