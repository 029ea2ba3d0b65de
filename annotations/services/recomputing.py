"""What is recomputed from a project's labels as they come: when it is due, and by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.db.models import Max, Model
from django.utils import timezone

from ledger.models import LedgerEvent

COMMITTING = timedelta(seconds=60)  # transactions may commit in another order than their events were numbered

# Projects with an event that the last computing may not have seen; leases say nothing about labels, nor does what is
# computed from them.
OUTDATED = """
SELECT project.id FROM annotations_project project LEFT JOIN {table} made ON made.project_id = project.id
WHERE project.status <> 'archived' AND (made.{at} IS NULL
        OR made.{at} < now() - make_interval(secs => GREATEST(%(least)s, %(factor)s * made.seconds)))
    AND EXISTS (SELECT FROM ledger_ledgerevent event
        WHERE event.project_id = project.id AND event.id > COALESCE(made.head, 0)
            AND event.kind NOT LIKE 'assignment.%%' AND event.kind NOT LIKE 'consensus.%%'
            AND event.kind NOT LIKE 'suspicion.%%' AND event.kind NOT LIKE 'validator.%%'
            AND event.kind NOT LIKE 'verifier.%%')
ORDER BY project.id
"""


def outdated(made: type[Model], *, at: str, least: float, factor: float) -> list[int]:
    """Ids of projects with news since what ``made`` (a row for each project, with ``head``, ``seconds`` and the time
    ``at``) holds was computed, if that is ``least`` seconds and ``factor`` times its duration ago."""
    statement = OUTDATED.format(table=made._meta.db_table, at=at)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"least": least, "factor": factor})
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def alone_with(lock_class: int, project_id: int) -> Iterator[bool]:
    """Whether nobody else computes this for the project; the lock is the session's, for it takes many transactions."""
    key = [lock_class, project_id & 0x7FFFFFFF]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        got = bool(cursor.fetchone()[0])
    try:
        yield got
    finally:
        if got:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def newest_event(project_id: int) -> int:
    """The newest event old enough that everything numbered before it is committed; 0 where there is none."""
    old = LedgerEvent.objects.filter(project_id=project_id, created_at__lt=timezone.now() - COMMITTING)
    return old.aggregate(Max("id"))["id__max"] or 0
