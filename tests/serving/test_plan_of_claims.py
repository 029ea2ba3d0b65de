"""The next item is found by the index in the order of the ring, whatever the statistics say."""

from __future__ import annotations

from django.db import connection, transaction

from annotations.labelling import places
from annotations.labelling.services import claim
from tests.factories import make_annotator, make_items


def test_a_claim_never_sorts_the_project_even_where_statistics_say_that_it_is_empty(cast):
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotations_queueentry")  # of an empty table
    make_items(cast.project, 300)
    with transaction.atomic():
        assert claim(annotator=make_annotator(cast.project), project=cast.project) is not None
        with connection.cursor() as cursor:
            cursor.execute("SHOW enable_sort")
            assert cursor.fetchone() == ("off",)
            sql = places.FREE_PLACE % {
                "project": cast.project.pk, "lane": 0, "first": 0, "last": places.RING - 1, "annotator": 0,
            } + ") SELECT * FROM place"  # fmt: skip
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "queue_open_by_lane" in plan
    assert "Sort" not in plan
