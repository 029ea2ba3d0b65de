"""Giving a hidden gold item: like any other, but chosen from the items whose label is known.

A check is a label like another: it takes one of the item's places where there is one. Where the item has all its
labels already, it is given all the same and takes none: ``remaining`` is never below 0, and every recount of places
(``labelling.places``) comes to the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from secrets import randbits

from django.db import connection

from annotations.labelling.places import CHANCES, LEASE_PLACE, STEPS, Place
from annotations.models import Stream
from annotations.quality.trust import gold_due, gold_rate
from ledger.statements import Statement

# From a random point of the ring of gold items on, at most so many are looked at: who has had nearly all of them is
# given an ordinary item instead. None is given once the project has nothing else to give: it would stand out.
GOLD_PLACE = """
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
"""
TAKE_GOLD = Statement(
    "gold_take",
    GOLD_PLACE + LEASE_PLACE,
    project="bigint",
    annotator="bigint",
    schema="bigint",
    step="integer",
    start="integer",
    now="timestamptz",
    until="timestamptz",
    **CHANCES,
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
        "stream": Stream.CHECK.value,
        "probability": None,
    }
    with connection.cursor() as cursor:
        TAKE_GOLD.execute(cursor, values)
        row = cursor.fetchone()
    return None if row is None else Place.of(row)
