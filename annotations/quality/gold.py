"""Giving a hidden gold item: like any other, but chosen from the items whose label is known.

A check is a label like another: it takes one of the item's places where there is one. Where the item has all its
labels already, it is given all the same and takes none: ``remaining`` is never below 0, and every recount of places
(``labelling.places``) comes to the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from secrets import randbits

from django.db import connection

from annotations.labelling.places import STEPS, Place
from annotations.quality.trust import gold_due, gold_rate
from ledger.statements import Statement

# From a random point of the ring of gold items on, at most so many are looked at: who has had nearly all of them is
# given an ordinary item instead. None is given once the project has nothing else to give: it would stand out.
TAKE_GOLD = Statement(
    "gold_take",
    """
    WITH place AS MATERIALIZED (
        SELECT entry.item_id
        FROM (
            (SELECT item.id, 0 AS lap, hashint8(item.id) AS spot FROM annotations_item item
             WHERE item.project_id = %(project)s AND item.gold IS NOT NULL AND hashint8(item.id) >= %(start)s
             ORDER BY hashint8(item.id) LIMIT 32)
            UNION ALL
            (SELECT item.id, 1 AS lap, hashint8(item.id) AS spot FROM annotations_item item
             WHERE item.project_id = %(project)s AND item.gold IS NOT NULL AND hashint8(item.id) < %(start)s
             ORDER BY hashint8(item.id) LIMIT 32)
        ) near JOIN annotations_queueentry entry ON entry.item_id = near.id
        WHERE entry.extra >= 0  -- not set aside for training
          AND (SELECT own.id FROM annotations_assignment own
               WHERE own.item_id = near.id AND own.annotator_id = %(annotator)s
                 AND own.status NOT IN ('expired', 'released')) IS NULL
          AND EXISTS (SELECT 1 FROM annotations_queueentry other
                      WHERE other.project_id = %(project)s AND other.remaining > 0)
        ORDER BY near.lap, near.spot
        LIMIT 1
        FOR UPDATE OF entry SKIP LOCKED
    ), lease AS (
        INSERT INTO annotations_assignment AS lease
            (project_id, item_id, annotator_id, schema_id, status, leased_at, expires_at, skip_reason)
        SELECT %(project)s, place.item_id, %(annotator)s, %(schema)s, 'leased', %(now)s, %(until)s, ''
        FROM place
        ON CONFLICT (item_id, annotator_id) DO UPDATE
            SET schema_id = excluded.schema_id, status = 'leased', leased_at = excluded.leased_at,
                expires_at = excluded.expires_at, finished_at = NULL, skip_reason = ''
            WHERE lease.status IN ('expired', 'released')
        RETURNING id, item_id
    ), taken AS (
        UPDATE annotations_queueentry entry
        SET remaining = GREATEST(0, entry.remaining - 1), lane = entry.lane + %(step)s
        FROM lease WHERE entry.item_id = lease.item_id
    )
    SELECT lease.id, item.id, item.modality, item.payload::text, (
        SELECT undone.value::text FROM annotations_annotation undone
        WHERE undone.item_id = item.id AND undone.annotator_id = %(annotator)s AND undone.status = 'withdrawn'
        ORDER BY undone.id DESC LIMIT 1)
    FROM lease JOIN annotations_item item ON item.id = lease.item_id
    """,
    project="bigint",
    annotator="bigint",
    schema="bigint",
    step="integer",
    start="integer",
    now="timestamptz",
    until="timestamptz",
)


@dataclass(frozen=True)
class Checking:
    """What decides whether a person's next item is gold: their answers so far, the owner's rules, and ``turn``, the id
    of the last item given to them (0: none)."""

    right: int
    wrong: int
    start: float
    floor: float
    limit: float
    seed: int
    turn: int


def due(checking: Checking | None, annotator_id: int) -> bool:
    """Whether the next item should be gold; never in a project that does not check."""
    if checking is None:
        return False
    rate = gold_rate(checking.right, checking.wrong, start=checking.start, floor=checking.floor, limit=checking.limit)
    return gold_due(seed=checking.seed, annotator_id=annotator_id, turn=checking.turn, rate=rate)


def take_gold(
    *, annotator_id: int, project_id: int, schema_id: int, strategy: str, now: datetime, until: datetime
) -> Place | None:
    """Lease a gold item that the person has not had; None where there is none for them. One statement."""
    values = {
        "project": project_id,
        "annotator": annotator_id,
        "schema": schema_id,
        "step": STEPS.get(strategy, 0),
        "start": randbits(32) - 2**31,
        "now": now,
        "until": until,
    }
    with connection.cursor() as cursor:
        TAKE_GOLD.execute(cursor, values)
        row = cursor.fetchone()
    if row is None:
        return None
    assignment_id, item_id, modality, payload, undone = row
    return Place(assignment_id, item_id, modality, json.loads(payload), json.loads(undone) if undone else None)
