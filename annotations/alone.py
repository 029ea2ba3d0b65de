"""Work on a project that only one process at a time should do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def alone(lock_class: int, project_id: int) -> Iterator[bool]:
    """Whether nobody else does this kind of work on the project.

    ``lock_class``: a number of 32 bits for the kind of work. The lock is the session's, for the work is many
    transactions; it goes with a process that dies.
    """
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
