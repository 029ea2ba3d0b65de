"""How far an import is, written and read beside its one long transaction, over a connection of its own.

Everything that an import adds appears at once, when its transaction commits. What people watch meanwhile, and their
wish to cancel, therefore travel over a second connection that commits at every step.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from annotations.importing.errors import Cancelled
from annotations.models import ImportJob, ImportStatus

BEAT = 0.5  # seconds between two writes of the progress
_TABLE = ImportJob._meta.db_table


@dataclass
class Counts:
    bytes_read: int = 0
    rows_read: int = 0
    rows_added: int = 0
    rows_bad: int = 0
    rows_duplicate: int = 0
    items_added: int = 0
    labels_added: int = 0
    items_corrected: int = 0


class Progress:
    """The second connection's view of one import job."""

    def __init__(self, job_id: int, connection: Any) -> None:
        self.job_id = job_id
        self._connection = connection
        self._last = time.monotonic()

    def begin(self) -> bool:
        """Mark the job as running and count the attempt; False where it is not there to be run any more."""
        return self._update(
            "status = %s, attempts = attempts + 1, heartbeat_at = now(), bytes_read = 0, rows_read = 0, rows_added = 0,"
            " rows_bad = 0, rows_duplicate = 0, items_added = 0, labels_added = 0",
            [ImportStatus.RUNNING],
        )

    def resume(self) -> bool:
        """The same for work that goes on where the last attempt committed: the counts stay."""
        return self._update("status = %s, attempts = attempts + 1, heartbeat_at = now()", [ImportStatus.RUNNING])

    def beat(self, counts: Counts, *, now: bool = False) -> None:
        """Write the progress, twice a second at most; raises ``Cancelled`` where somebody asked for it."""
        if not now and time.monotonic() - self._last < BEAT:
            return
        values = asdict(counts)
        columns = ", ".join(f"{name} = %s" for name in values)
        going_on = self._update(f"{columns}, heartbeat_at = now()", list(values.values()))
        self._last = time.monotonic()
        if not going_on:
            raise Cancelled

    def _update(self, assignments: str, values: list[Any]) -> bool:
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {_TABLE} SET {assignments} WHERE id = %s AND status IN (%s, %s) AND NOT cancel_requested",  # noqa: S608
                [*values, self.job_id, ImportStatus.QUEUED, ImportStatus.RUNNING],
            )
            return bool(cursor.rowcount)


@contextmanager
def progress_of(job_id: int) -> Iterator[Progress]:
    """A ``Progress`` over a fresh connection to the same database, closed at the end."""
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        yield Progress(job_id, connection)
    finally:
        connection.close()
