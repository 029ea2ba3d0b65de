"""SQL statements that PostgreSQL plans once for each connection.

Planning a statement of the labelling path takes several times as long as running it (0.3 ms against 0.05 ms). psycopg2
does not prepare statements, so this says PREPARE and EXECUTE. Needs a connection that stays with its session: a pooler
in transaction mode cannot be put in between (neither can it for server-side cursors, which exports use).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

PLACE = re.compile(r"%\((\w+)\)s")
_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()  # psycopg2 connection → names prepared on it


class Statement:
    """A statement with ``%(name)s`` for values; each value's PostgreSQL type is given by name.

    ``name`` is unique in the process. Texts with a literal ``%`` need no doubling.
    """

    def __init__(self, name: str, sql: str, **types: str) -> None:
        order = list(types)
        numbered = PLACE.sub(lambda match: f"${order.index(match[1]) + 1}", sql)
        declared = f" ({', '.join(types.values())})" if types else ""
        self.name = name
        self.definition = f"PREPARE {name}{declared} AS {numbered}"
        self.call = f"EXECUTE {name}" + (f" ({', '.join(f'%({value})s' for value in order)})" if order else "")

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


def prepare(cursor: Any, statements: Iterable[Statement]) -> None:
    """Make sure that the cursor's connection knows the statements. A rolled back transaction leaves them prepared."""
    known = _known.setdefault(connection.connection, set())
    for statement in statements:
        if statement.name not in known:
            cursor.execute(statement.definition)
            known.add(statement.name)
