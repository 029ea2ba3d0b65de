"""Places: how many more leases an item may be given. All the SQL that gives a place out or takes it back.

``QueueEntry.remaining`` = redundancy − people's current labels − live leases, never below 0 (a constraint of the
database). Giving out subtracts one from a row that nobody else holds; taking back counts again under the row's lock,
so that a place is exact even where the owner changed the redundancy in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from annotations.models import Annotator, Assignment, AssignmentStatus, LabelSchema, QueueEntry
from ledger.errors import DomainError

# One statement finds a free place, leases it and subtracts it. `place` locks the first entry that nobody else is
# working on; `lease` writes at most one row a person and item; `taken` follows only from a lease that was written.
TAKE = """
WITH place AS MATERIALIZED (
    SELECT entry.item_id
    FROM annotations_queueentry entry
    WHERE entry.project_id = %(project)s
      AND entry.remaining > 0
      AND NOT EXISTS (
          SELECT 1 FROM annotations_assignment own
          WHERE own.item_id = entry.item_id AND own.annotator_id = %(annotator)s
            AND own.status NOT IN ('expired', 'released')
      )
      AND NOT EXISTS (
          SELECT 1 FROM annotations_consensus decided
          WHERE decided.item_id = entry.item_id AND decided.method = 'settled'
      )
    ORDER BY entry.shuffle, entry.item_id
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
    UPDATE annotations_queueentry entry SET remaining = entry.remaining - 1
    FROM lease WHERE entry.item_id = lease.item_id
)
SELECT id FROM lease
"""

RECOUNT = """
UPDATE annotations_queueentry entry
SET remaining = GREATEST(0, project.redundancy
    - (SELECT count(*) FROM annotations_annotation given
       JOIN annotations_annotator giver ON giver.id = given.annotator_id
       WHERE given.item_id = entry.item_id AND given.status = 'current' AND giver.kind = 'human')
    - (SELECT count(*) FROM annotations_assignment live
       WHERE live.item_id = entry.item_id AND live.status = 'leased'))
FROM annotations_project project
WHERE project.id = entry.project_id AND entry.item_id = ANY(%(items)s)
"""


def lock_annotator(annotator: Annotator) -> None:
    """One thing at a time for one person, in however many tabs: taken before any queue entry, held to the end.

    The lock leaves the key alone, so rows that point to the annotator can be added meanwhile.
    """
    Annotator.objects.select_for_update(no_key=True).get(pk=annotator.pk)


def take_place(*, annotator: Annotator, schema: LabelSchema, now: datetime, until: datetime) -> int | None:
    """Lease the next free item to ``annotator``; the assignment's id, or None where no item is free for them."""
    values: dict[str, int | datetime] = {
        "project": schema.project_id,
        "annotator": annotator.pk,
        "schema": schema.pk,
        "now": now,
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, values)
        row = cursor.fetchone()
    return int(row[0]) if row else None


def recount_places(item_ids: Iterable[int]) -> None:
    """Set ``remaining`` from the rows. The caller holds the lock of each of these queue entries."""
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT, {"items": sorted(item_ids)})


def locked_assignment(assignment: Assignment) -> Assignment:
    """The assignment as it is now, locked after its queue entry: everybody locks in this order."""
    QueueEntry.objects.select_for_update().get(item_id=assignment.item_id)
    rows = Assignment.objects.select_for_update(of=("self",)).select_related("project", "item", "schema")
    return rows.get(pk=assignment.pk)


def hold_place(assignment: Assignment) -> None:
    """Make sure that the locked assignment has its place, taking it again where the lease ran out meanwhile.

    Raises ``DomainError`` (409) where the place is gone, or where the assignment is over.
    """
    status = assignment.status
    if status == AssignmentStatus.LEASED:
        return
    if status == AssignmentStatus.SUBMITTED:
        message = _("You have labelled this item already. To change your label, undo it.")
        raise DomainError("already_labelled", message, HTTPStatus.CONFLICT)
    if status == AssignmentStatus.SKIPPED:
        raise DomainError("already_skipped", _("You skipped this item, so it takes no label of yours."))
    free = QueueEntry.objects.filter(item_id=assignment.item_id, remaining__gt=0)
    if not free.update(remaining=F("remaining") - 1):
        message = _(
            "The time for this item ran out and others have labelled it since, so it needs no more labels. "
            "Go on with the next item."
        )
        raise DomainError("lease_expired", message, HTTPStatus.CONFLICT)
