"""Reading several queries from one moment of the database, a few thousand rows at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.models import QuerySet
from pyarrow import csv

from annotations.exporting.columns import ARROW

BLOCK = 2 << 20  # bytes of CSV that become one batch; a row, which has limits of its own, has to fit into it
_PIPE = 1 << 16


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
        """The rows as Arrow record batches; ``cells`` names the columns in the query's order, with their kinds.

        PostgreSQL writes CSV (COPY) and Arrow reads it, so that no row becomes Python objects on its way. The pipe
        between the two holds 64 KiB: the query goes on as fast as batches are taken, and memory holds a block or two.
        """
        try:
            statement, values = queryset.query.sql_with_params()
        except EmptyResultSet:
            return
        for_reading, for_writing = os.pipe()
        with (
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="export-copy") as pool,
            open(for_reading, "rb", buffering=BLOCK) as source,
        ):
            writing = pool.submit(self._copy, statement, values, for_writing)
            try:
                yield from _read(source, cells)
                writing.result()
            finally:
                if not writing.done():
                    source.close()  # a query that sends rows now fails at once …
                    self._connection.connection.cancel()  # … and one that still searches is told to stop
                    with suppress(Error, OSError):
                        writing.result()

    def _copy(self, statement: str, values: Any, for_writing: int) -> None:
        with open(for_writing, "wb", buffering=_PIPE) as sink, self._connection.cursor() as cursor:
            cursor.copy_expert(cursor.mogrify(f"COPY ({statement}) TO STDOUT WITH (FORMAT csv)", values), sink)


def _read(source: Any, cells: Mapping[str, str]) -> Iterator[Any]:
    if not source.peek(1):
        return  # Arrow takes a file without a row for an error
    yield from csv.open_csv(
        pa.PythonFile(source, mode="r"),
        read_options=csv.ReadOptions(column_names=list(cells), block_size=BLOCK, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={name: ARROW[kind] for name, kind in cells.items()},
            # COPY writes NULL as nothing and the empty text as two quotes.
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )


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
