"""The experts' queue in the order of expected errors found per expert minute."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from django.db import connection, transaction

from annotations.aggregation import SettlingTime
from annotations.models import LabelSchema
from annotations.task_types import task_type

BATCH = 5000
LOOKED_AT = 500  # settlements, the newest, that tell how long settling takes
LONGEST = 900.0  # seconds: more is a break, not reading

# A case of a low score has its priority from the score that opened it; a check's tells nothing about its item.
OPEN = """
SELECT opened.id, length(item.payload::text), decided.value::text, posterior.probabilities::text
FROM annotations_case opened
JOIN annotations_item item ON item.id = opened.item_id
JOIN annotations_itemposterior posterior ON posterior.item_id = opened.item_id
LEFT JOIN annotations_consensus decided ON decided.item_id = opened.item_id
WHERE opened.project_id = %(project)s AND opened.status = 'open' AND opened.kind NOT IN ('low_score', 'check')
ORDER BY opened.id
"""
# From an expert's last taking of a case to the decision.
SETTLED = """
SELECT length(item.payload::text), extract(epoch FROM settled.created_at - taken.at)
FROM (
    SELECT settled.* FROM annotations_settlement settled JOIN annotations_case closed ON closed.id = settled.case_id
    WHERE closed.project_id = %(project)s ORDER BY settled.id DESC LIMIT %(most)s
) settled
JOIN annotations_case closed ON closed.id = settled.case_id
JOIN annotations_item item ON item.id = closed.item_id
JOIN LATERAL (
    SELECT max(event.created_at) AS at FROM ledger_ledgerevent event
    WHERE event.subject = 'case:' || closed.id AND event.kind = 'case.claimed'
        AND event.created_at <= settled.created_at
) taken ON taken.at IS NOT NULL
"""
# A case that a writer of labels holds is left alone: the next fit comes to it.
ORDER = """
WITH free AS MATERIALIZED (
    SELECT id FROM annotations_case WHERE id = ANY(%(ids)s) AND status = 'open' ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE annotations_case SET priority = row.priority, minutes = row.minutes
FROM free JOIN jsonb_to_recordset(%(rows)s) AS row(id bigint, priority double precision, minutes double precision)
    ON row.id = free.id
WHERE annotations_case.id = free.id
    AND (annotations_case.priority <> row.priority OR annotations_case.minutes <> row.minutes)
"""


def settling_time(project_id: int) -> SettlingTime:
    """How long an expert takes for an item of a given length, from the project's own settlements."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLED, {"project": project_id, "most": LOOKED_AT})
        rows = [(length, float(seconds)) for length, seconds in cursor.fetchall() if 0 < seconds <= LONGEST]
    lengths, seconds = zip(*rows, strict=True) if rows else ((), ())
    return SettlingTime(np.array(lengths, float), np.array(seconds, float))


def cases_follow(*, project_id: int, schema: LabelSchema) -> int:
    """Give every open case the expected error and the minutes that the last fit says; how many there are."""
    task = task_type(schema.task_type)
    time = settling_time(project_id)
    with connection.cursor() as cursor:
        cursor.execute(OPEN, {"project": project_id})
        found = cursor.fetchall()
    rows = []
    for case_id, length, consensus, probabilities in found:
        token = None if consensus is None or consensus == "null" else task.token(json.loads(consensus))
        error = expected_error_of(token, json.loads(probabilities))
        rows.append({"id": case_id, "priority": round(error, 4), "minutes": round(time.minutes(length), 4)})
    for first in range(0, len(rows), BATCH):
        _write(rows[first : first + BATCH])
    return len(rows)


def expected_error_of(token: str | None, probabilities: dict[str, float]) -> float:
    """How probably the consensus ``token`` is wrong; without one, how probably the most probable label is."""
    right = max(probabilities.values(), default=0.0) if token is None else probabilities.get(token, 0.0)
    return min(max(1 - right, 0.0), 1.0)


def _write(rows: list[dict[str, Any]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ORDER, {"ids": [row["id"] for row in rows], "rows": json.dumps(rows)})
