"""Reading several queries from one moment of the database, a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

from annotations import columns


class Snapshot:
    """Runs ``values_list`` queries on a connection of its own. JSON columns come as text."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, queryset: QuerySet[Any, Any]) -> Iterator[tuple[Any, ...]]:
        """The rows through a server-side cursor: memory holds one batch."""
        try:
            statement, values = queryset.query.sql_with_params()
        except EmptyResultSet:
            return
        with self._connection.chunked_cursor() as cursor:
            cursor.execute(statement, values)
            while batch := cursor.fetchmany(2000):
                yield from batch

    def batches(self, queryset: QuerySet[Any, Any], cells: Mapping[str, str]) -> Iterator[Any]:
        """The rows as Arrow record batches; ``cells`` names the columns in the query's order, with their kinds."""
        try:
            statement, values = queryset.query.sql_with_params()
        except EmptyResultSet:
            return
        yield from columns.batches(self._connection, statement, values, cells)


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """A read-only, repeatable-read transaction on a fresh connection, rolled back and closed at the end."""
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    connection.inc_thread_sharing()  # a client that goes away may have it closed from another thread
    try:
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield Snapshot(connection)
    finally:
        connection.close()
