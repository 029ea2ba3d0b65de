"""Storing a person's label: the SQL of one submit."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.rows import stored
from annotations.labelling.situation import DEFAULTS, READ_AFTER_LABEL, Situation, situation_from
from annotations.models import Annotation, AnnotationSource, AnnotationStatus
from annotations.services.rows import Asked, AtHand
from ledger.errors import not_found
from ledger.statements import Statement, execute_all

MAX_ACTIVE_MS = 24 * 3600 * 1000

# The first statement of a submit: the person's lock, then the item's (the one needs the other's row, so in this order),
# and what never changes of the assignment or is checked again.
BEGIN = Statement(
    "submit_begin",
    """
    WITH held AS MATERIALIZED (
        SELECT lease.id, lease.project_id, lease.item_id, lease.schema_id, lease.status, lease.leased_at,
            asked.id AS asked_id
        FROM annotations_annotator worker
        JOIN annotations_assignment lease ON lease.annotator_id = worker.id
        JOIN annotations_labelschema asked ON asked.project_id = worker.project_id AND asked.is_current
        WHERE worker.id = %(annotator)s AND lease.id = %(assignment)s
        FOR NO KEY UPDATE OF worker
    )
    SELECT held.*, entry.extra, entry.redundancy, entry.min_support, entry.demand_version, entry.raised
    FROM held JOIN annotations_queueentry entry ON entry.item_id = held.item_id
    FOR UPDATE OF entry
    """,
    annotator="bigint",
    assignment="bigint",
)

# The label takes the place of the one that the person took back, where there is one.
STORE = Statement(
    "label_store",
    """
    WITH undone AS (
        UPDATE annotations_annotation SET status = 'superseded'
        WHERE id = (
            SELECT id FROM annotations_annotation
            WHERE item_id = %(item)s AND annotator_id = %(annotator)s AND status = 'withdrawn' ORDER BY id DESC LIMIT 1
        )
        RETURNING id
    ), ended AS (
        UPDATE annotations_assignment SET status = 'submitted', finished_at = %(now)s WHERE id = %(assignment)s
    )
    INSERT INTO annotations_annotation (project_id, item_id, annotator_id, schema_id, assignment_id, source, status,
        value, reason, active_ms, supersedes_id, idempotency_key, created_at)
    VALUES (%(project)s, %(item)s, %(annotator)s, %(schema)s, %(assignment)s, 'human', 'current', %(value)s,
        '', %(active_ms)s, (SELECT id FROM undone), %(key)s, %(now)s)
    """,
    project="bigint",
    item="bigint",
    annotator="bigint",
    schema="bigint",
    assignment="bigint",
    value="jsonb",
    active_ms="integer",
    key="text",
    now="timestamptz",
)


def submit_begin(*, annotator_id: int, assignment_id: int) -> tuple[AtHand, int, Asked]:
    """Take the person's lock and the item's; their assignment, the id of the schema now, what the item asks for.

    What a wait for the locks has changed is not seen yet: the assignment is read again with its item. Raises
    ``DomainError`` (404) for anybody else's assignment.
    """
    with connection.cursor() as cursor:
        BEGIN.execute(cursor, {"assignment": assignment_id, "annotator": annotator_id})
        row = cursor.fetchone()
    if row is None:
        raise not_found("The assignment")
    return AtHand(*row[:-6]), row[-6], Asked(*row[-5:])


def label_store(
    annotator_id: int, at_hand: AtHand, value: Any, *, active_ms: int | None, key: str, now: datetime
) -> tuple[Annotation, Situation]:
    """Write the label and end its lease; returns it with what the person may do now, all in one round trip.

    The caller holds the item's queue entry and has checked everything.
    """
    believable = _believable(active_ms, at_hand, now)
    values = {
        "project": at_hand.project_id,
        "item": at_hand.item_id,
        "annotator": annotator_id,
        "schema": at_hand.schema_id,
        "assignment": at_hand.id,
        "value": json.dumps(value),
        "active_ms": believable,
        "key": key,
        "now": now,
        "pace": DEFAULTS.labels_per_minute,
    }
    with connection.cursor() as cursor:
        execute_all(cursor, [STORE, READ_AFTER_LABEL], values)
        row = cursor.fetchone()
    pk, supersedes_id = row[-2:]
    given = {
        "id": pk,
        "project_id": at_hand.project_id,
        "item_id": at_hand.item_id,
        "annotator_id": annotator_id,
        "schema_id": at_hand.schema_id,
        "assignment_id": at_hand.id,
        "source": AnnotationSource.HUMAN,
        "status": AnnotationStatus.CURRENT,
        "value": value,
        "active_ms": believable,
        "supersedes_id": supersedes_id,
        "idempotency_key": key,
        "created_at": now,
    }
    return stored(Annotation, given.items()), situation_from(row[:-2])


def _believable(active_ms: int | None, at_hand: AtHand, now: datetime) -> int | None:
    """Active time as a client measured it, never longer than the item was out."""
    if active_ms is None or active_ms < 0:
        return None
    out = int((now - at_hand.leased_at).total_seconds() * 1000)
    return max(0, min(active_ms, out, MAX_ACTIVE_MS))
