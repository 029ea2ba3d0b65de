"""Places: how many more leases an item may be given. All the SQL that gives a place out or takes it back.

``QueueEntry.remaining`` = redundancy + extra − people's current labels − live leases, never below 0 (a constraint of
the database), and 0 for what an expert has settled. Giving out subtracts one from a row that nobody else holds; taking
back counts again under the row's lock, so that a place is exact even where the owner changed the redundancy meanwhile.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from annotations.models import Assignment, AssignmentStatus, QueueEntry, Strategy, Stream
from ledger.errors import DomainError
from ledger.statements import Statement

# What follows any choice of a `place`, one locked queue entry: lease it, subtract it, read what is shown of it. A check
# may choose an entry that has no place left; it then takes none.
LEASE_PLACE = """
    ), lease AS (
        INSERT INTO annotations_assignment AS lease
            (project_id, item_id, annotator_id, schema_id, status, leased_at, expires_at, skip_reason, stream,
                probability)
        SELECT %(project)s, place.item_id, %(annotator)s, %(schema)s, 'leased', %(now)s, %(until)s, '', %(stream)s,
            %(probability)s
        FROM place
        ON CONFLICT (item_id, annotator_id) DO UPDATE
            SET schema_id = excluded.schema_id, status = 'leased', leased_at = excluded.leased_at,
                expires_at = excluded.expires_at, finished_at = NULL, skip_reason = '', stream = excluded.stream,
                probability = excluded.probability
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
"""

# Types of what ``LEASE_PLACE`` says of how the item was chosen; see ``Stream``.
CHANCES = {"stream": "text", "probability": "double precision"}

# One statement finds a free place, leases it and subtracts it. `place` locks the first entry from a point of the
# shuffled ring on that nobody else is working on; `lease` writes at most one row a person and item; `taken` follows
# only from a lease that was written. The comparison with NULL keeps the person's own items a look-up for each entry:
# as NOT EXISTS the planner may read all of the person's 50,000 assignments instead.
FREE_PLACE = """
    WITH place AS MATERIALIZED (
        SELECT entry.item_id
        FROM annotations_queueentry entry
        WHERE entry.project_id = %(project)s AND entry.lane = %(lane)s AND entry.remaining > 0
          AND entry.shuffle >= %(first)s AND entry.shuffle <= %(last)s
          AND (SELECT own.id FROM annotations_assignment own
               WHERE own.item_id = entry.item_id AND own.annotator_id = %(annotator)s
                 AND own.status NOT IN ('expired', 'released')) IS NULL
        ORDER BY entry.shuffle, entry.item_id
        LIMIT 1
        FOR UPDATE OF entry SKIP LOCKED
"""
# Without sorting, the index in the order of the ring is the only way. Right after many rows came or went, statistics
# may promise one row either way, and sorting a whole project's entries for one claim would look as cheap.
TAKE = Statement(
    "place_take",
    FREE_PLACE + LEASE_PLACE,
    without="enable_sort",
    project="bigint",
    annotator="bigint",
    schema="bigint",
    lane="integer",
    step="integer",
    first="bigint",
    last="bigint",
    now="timestamptz",
    until="timestamptz",
    **CHANCES,
)

# The lanes that have something to give, in order: the index is entered once for each, however many entries there are.
LANES = Statement(
    "lanes_open",
    """
    WITH RECURSIVE open AS (
        (SELECT lane FROM annotations_queueentry WHERE project_id = %(project)s AND remaining > 0 ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT entry.lane FROM annotations_queueentry entry
                WHERE entry.project_id = %(project)s AND entry.remaining > 0 AND entry.lane > open.lane
                ORDER BY entry.lane LIMIT 1)
        FROM open WHERE open.lane IS NOT NULL
    )
    SELECT lane FROM open WHERE lane IS NOT NULL LIMIT %(most)s
    """,
    project="bigint",
    most="bigint",
)

RECOUNT = Statement(
    "places_recount",
    """
    UPDATE annotations_queueentry entry
    SET remaining = CASE WHEN counted.settled THEN 0
            ELSE GREATEST(0, entry.redundancy + entry.extra - counted.given - counted.live) END,
        lane = CASE counted.strategy WHEN 'breadth' THEN counted.given + counted.live
            WHEN 'depth' THEN -(counted.given + counted.live) ELSE entry.lane END
    FROM (
        SELECT queued.item_id, rules.strategy,
            (SELECT count(*) FROM annotations_annotation given
             JOIN annotations_annotator giver ON giver.id = given.annotator_id
             WHERE given.item_id = queued.item_id AND given.status = 'current' AND giver.kind = 'human') AS given,
            (SELECT count(*) FROM annotations_assignment live
             WHERE live.item_id = queued.item_id AND live.status = 'leased') AS live,
            EXISTS (SELECT 1 FROM annotations_consensus decided
                    WHERE decided.item_id = queued.item_id AND decided.method = 'settled') AS settled
        FROM annotations_queueentry queued
        LEFT JOIN annotations_servingrules rules ON rules.project_id = queued.project_id
        WHERE queued.item_id = ANY(%(items)s)
    ) counted
    WHERE entry.item_id = counted.item_id
    """,
    items="bigint[]",
)

LOCK = Statement(
    "annotator_lock",
    "SELECT 1 FROM annotations_annotator WHERE id = %(annotator)s FOR NO KEY UPDATE",
    annotator="bigint",
)

RING_BITS = 63  # QueueEntry.shuffle lies in [0, 2 ** 63)
RING = 2**RING_BITS
MOST_LANES = 200
CHANCE = random.SystemRandom()


def lock_annotator(annotator_id: int) -> None:
    """One thing at a time for one person, in however many tabs: taken before any queue entry, held to the end.

    The lock leaves the key alone, so rows that point to the annotator can be added meanwhile.
    """
    with connection.cursor() as cursor:
        LOCK.execute(cursor, {"annotator": annotator_id})


@dataclass(frozen=True)
class Place:
    """A lease that was just made, with what the person is shown."""

    assignment_id: int
    item_id: int
    modality: str
    payload: dict[str, Any]
    taken_back: Any  # the label that the person gave it before and took back

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Place:
        """From what ``LEASE_PLACE`` returns."""
        assignment_id, item_id, modality, payload, undone = row
        return cls(assignment_id, item_id, modality, json.loads(payload), json.loads(undone) if undone else None)


def take_place(
    *,
    annotator_id: int,
    project_id: int,
    schema_id: int,
    strategy: str,
    start: int,
    now: datetime,
    until: datetime,
    uniform_share: float = 0.0,
) -> Place | None:
    """Lease the next free item to the annotator; None where no item is free for them.

    ``start`` in [0, RING): where on the shuffled ring the search begins. A start drawn anew for each claim gives each
    person an order of their own, keeps people out of each other's way, and never walks over what is done already.

    ``uniform_share``: how often the items drawn uniformly beside those that a strategy chooses come first; in all other
    claims they come last.
    """
    values = {
        "project": project_id,
        "annotator": annotator_id,
        "schema": schema_id,
        "step": STEPS.get(strategy, 0),
        "now": now,
        "until": until,
        "probability": None,
    }
    with connection.cursor() as cursor:
        for lane in _lanes(cursor, project_id, strategy, uniform_share):
            stream = Stream.AUDIT if lane == UNIFORM_LANE else CHOOSERS.get(strategy, Stream.UNIFORM)
            for first, last in ((start, RING - 1), (0, start - 1)):
                asked = {**values, "lane": lane, "stream": stream.value, "first": first, "last": last}
                TAKE.execute(cursor, asked)
                if row := cursor.fetchone():
                    return Place.of(row)
    return None


# What a label given out adds to its item's lane: those begun go to the back, or come to the front.
STEPS: dict[str, int] = {Strategy.BREADTH: 1, Strategy.DEPTH: -1}

# Strategies that look at what an item is. Nobody counts what else they might have taken, so the chance is unknown.
# Beside them stand items that were sorted into a lane of their own by their place on the ring alone: a simple random
# sample of the project's items, that is served at the pace of the others.
CHOOSERS: dict[str, Stream] = {Strategy.PRIORITY: Stream.CHOSEN, Strategy.STRATIFIED: Stream.CHOSEN}


UNIFORM_LANE = 1_000_000  # after all that a strategy sorts into


def _lanes(cursor: Any, project_id: int, strategy: str, uniform_share: float) -> Iterable[int]:
    """The lanes to search, in order; in the one order that all share, or, to balance groups, in a random one. That of
    the items drawn uniformly comes first in ``uniform_share`` of the claims, else last."""
    if strategy == Strategy.SHUFFLE:
        return (0,)
    LANES.execute(cursor, {"project": project_id, "most": MOST_LANES})
    lanes = [lane for (lane,) in cursor.fetchall()]
    return lanes if strategy not in CHOOSERS else _lanes_in(lanes, strategy, uniform_share)


def _lanes_in(lanes: list[int], strategy: str, uniform_share: float) -> list[int]:
    chosen = [lane for lane in lanes if lane != UNIFORM_LANE]
    if strategy == Strategy.STRATIFIED:
        CHANCE.shuffle(chosen)
    if not uniform_share:
        return [*chosen, UNIFORM_LANE] if len(chosen) < len(lanes) else chosen
    return [UNIFORM_LANE, *chosen] if CHANCE.random() < uniform_share else [*chosen, UNIFORM_LANE]


def recount_places(item_ids: Iterable[int]) -> None:
    """Set ``remaining`` from the rows. The caller holds the lock of each of these queue entries."""
    with connection.cursor() as cursor:
        RECOUNT.execute(cursor, {"items": sorted(item_ids)})


def locked_assignment(assignment: Assignment) -> Assignment:
    """The assignment as it is now, locked after its queue entry: everybody locks in this order."""
    QueueEntry.objects.select_for_update().get(item_id=assignment.item_id)
    rows = Assignment.objects.select_for_update(of=("self",)).select_related("project", "item", "schema")
    return rows.get(pk=assignment.pk)


def hold_place(item_id: int, status: str) -> None:
    """Make sure that an assignment in this status has its place, taking it again where the lease ran out meanwhile.

    The caller holds the item's queue entry.

    Raises ``DomainError`` (409) where the place is gone, or where the assignment is over.
    """
    if status == AssignmentStatus.LEASED:
        return
    if status == AssignmentStatus.SUBMITTED:
        message = _("You have labelled this item already. To change your label, undo it.")
        raise DomainError("already_labelled", message, HTTPStatus.CONFLICT)
    if status == AssignmentStatus.SKIPPED:
        raise DomainError("already_skipped", _("You skipped this item, so it takes no label of yours."))
    free = QueueEntry.objects.filter(item_id=item_id, remaining__gt=0)
    if not free.update(remaining=F("remaining") - 1):
        message = _(
            "The time for this item ran out and others have labelled it since, so it needs no more labels. "
            "Go on with the next item."
        )
        raise DomainError("lease_expired", message, HTTPStatus.CONFLICT)
