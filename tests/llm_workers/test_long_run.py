"""A run of many items: what a task asks of the database for each of its few items does not grow with the run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import Item, Run
from llm_workers.models import RunItem
from llm_workers.pacing import Pace
from llm_workers.services.answers import answers_store
from llm_workers.services.claims import items_lease, lane_next
from tests.factories import make_items
from tests.llm_workers.test_lanes import answered, claimed

DONE, LEFT = 40_000, 200
MADE = """
INSERT INTO annotations_item (project_id, dataset_id, external_id, modality, payload, content_hash, groups, extra, created_at)
SELECT project_id, dataset_id, 'n' || n, modality, payload, md5(n::text) || md5(n::text), groups, extra, created_at
FROM annotations_item, generate_series(1, %s) n WHERE id = %s
"""  # noqa: E501
TOOK_PART = """
INSERT INTO llm_workers_runitem (run_id, item_id, status, attempts, reason, rotations, prompt_hash, prompt_tokens,
    completion_tokens, cached_tokens, seconds, raw_answer, finished_at)
SELECT %s, id, 'done', 1, '', '[]', '', 0, 0, 0, 0, '', %s FROM annotations_item WHERE external_id LIKE 'n%%'
"""


@pytest.fixture
def run(cast, start) -> Run:
    """Nearly at its end: what is left comes after all that is done."""
    items = make_items(cast.project, LEFT)
    run = start(step_size=1000)
    with connection.cursor() as cursor:
        cursor.execute(MADE, [DONE, items[0].pk])
        cursor.execute(TOOK_PART, [run.pk, timezone.now()])
        pending = RunItem.objects.filter(run=run, status="pending")
        again = [RunItem(run=run, item_id=pk) for pk in pending.values_list("item_id", flat=True)]
        pending.delete()
        RunItem.objects.bulk_create(again)
        cursor.execute("ANALYZE llm_workers_runitem, annotations_item")
    Run.objects.filter(pk=run.pk).update(total=DONE + LEFT, labelled=DONE)
    assert Item.objects.count() == DONE + LEFT
    return run


def looked_at(sql: str) -> int:
    """Rows that the statement reads, kept or not."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        found = cursor.fetchone()[0]
    plan = json.loads(found) if isinstance(found, str) else found
    return _rows(plan[0]["Plan"])


def _rows(node: dict[str, Any]) -> int:
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return int(max([own, *(_rows(child) for child in node.get("Plans", []))]))


def test_leasing_storing_and_going_on_look_at_few_rows_of_the_run(run):
    held = claimed(run)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        leased = items_lease(claim=held.claim, count=20)
        answers_store(work=held, outcomes=answered(leased))
        assert lane_next(claim=held.claim, pace=Pace(start=1, most=8))
    reads = [one["sql"] for one in caught if one["sql"].startswith("SELECT") and "llm_workers_runitem" in one["sql"]]
    assert len(reads) > 3
    assert [sql for sql in reads if looked_at(sql) > 5 * LEFT] == []
