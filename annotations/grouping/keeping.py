"""Imports go by the rules that groups follow, so nobody changes these while one works, nor in the moment it begins."""

from __future__ import annotations

from typing import Any

from django.db import connection

LOCK_CLASS = 0x1DE3A9  # first half of the advisory lock's key; the project is the second


def rules_keep(project_id: int, holder: Any) -> None:
    """Keep a project's rules as they are until the transaction of ``holder`` (a connection) ends.

    Waits for a change that is being stored, so that what is read from now on holds it.
    """
    with holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", _key(project_id))


def rules_may_change(project_id: int) -> bool:
    """Whether nobody keeps the rules; then nobody can until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", _key(project_id))
        return bool(cursor.fetchone()[0])


def _key(project_id: int) -> list[int]:
    return [LOCK_CLASS, project_id & 0x7FFFFFFF]
