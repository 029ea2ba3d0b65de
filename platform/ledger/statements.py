"""SQL statements that PostgreSQL plans once for each connection.

Planning a statement of the labelling path takes several times as long as running it (0.3 ms against 0.05 ms). psycopg2
does not prepare statements, so this says PREPARE and EXECUTE. Needs a connection that stays with its session: a pooler
in transaction mode cannot be put in between (neither can it for server-side cursors, which exports use).

A plan fits the sizes that its tables had when it was made. Made while they are nearly empty, as on a fresh
installation, it would read an index or a table whole where a look-up is wanted, and stay so while they grow by
thousands: so plans are dropped, and made again when they are next needed, after so many statements of a connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

PLACE = re.compile(r"%\((\w+)\)s")
FIRST_PLANS, LONGEST_PLANS = 128, 4096  # statements that a connection's first plans, and all later ones, are kept for


class _Session:
    """What a connection has prepared: ``names``; its plans are kept until it has run ``until`` of them."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.run, self.keep = 0, FIRST_PLANS
        self.until = self.keep

    def is_outdated(self, more: int) -> bool:
        self.run += more
        if self.run < self.until:
            return False
        self.keep = min(2 * self.keep, LONGEST_PLANS)
        self.until = self.run + self.keep
        return True


_sessions: WeakKeyDictionary[Any, _Session] = WeakKeyDictionary()  # by psycopg2 connection


class Statement:
    """A statement with ``%(name)s`` for values; each value's PostgreSQL type is given by name.

    ``name`` is unique in the process. Texts with a literal ``%`` need no doubling. ``without``: a way of planning
    (PostgreSQL's ``enable_…``) that this and whatever follows in the transaction should do without.
    """

    def __init__(self, name: str, sql: str, *, without: str = "", **types: str) -> None:
        order = list(types)
        numbered = PLACE.sub(lambda match: f"${order.index(match[1]) + 1}", sql)
        declared = f" ({', '.join(types.values())})" if types else ""
        self.name = name
        self.definition = f"PREPARE {name}{declared} AS {numbered}"
        hint = f"SET LOCAL {without} = off; " if without else ""
        self.call = f"{hint}EXECUTE {name}" + (f" ({', '.join(f'%({value})s' for value in order)})" if order else "")

    def execute(self, cursor: Any, values: Mapping[str, Any]) -> Any:
        """Run it on an open Django cursor, which then holds the result."""
        prepare(cursor, [self])
        cursor.execute(self.call, values)
        return cursor


def execute_all(cursor: Any, statements: Iterable[Statement], values: Mapping[str, Any]) -> None:
    """Run several in one round trip; the cursor holds the result of the last."""
    statements = list(statements)
    prepare(cursor, statements)
    cursor.execute("; ".join(statement.call for statement in statements), values)


def prepare(cursor: Any, statements: Sequence[Statement]) -> None:
    """Make sure that the cursor's connection knows the statements. A rolled back transaction leaves them prepared."""
    session = _sessions.get(connection.connection)
    if session is None:
        session = _sessions[connection.connection] = _Session()
    for statement in statements:
        if statement.name not in session.names:
            cursor.execute(statement.definition)
            session.names.add(statement.name)
    if session.is_outdated(len(statements)):
        cursor.execute("DISCARD PLANS")
