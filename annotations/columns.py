"""Whole columns out of PostgreSQL, an Arrow record batch at a time: no row becomes Python objects on its way."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pyarrow as pa
from django.db import Error
from pyarrow import csv

# Kinds of columns: whole, number, text, flag, time; json is the text of an object or a list.
ARROW: dict[str, Any] = {
    "whole": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "flag": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
}
BLOCK = 2 << 20  # bytes of CSV that become one batch; a row, which has limits of its own, has to fit into it
_PIPE = 1 << 16


def batches(connection: Any, statement: str, values: Any, cells: Mapping[str, str]) -> Iterator[Any]:
    """The statement's rows; ``cells`` names its columns in order, with their kinds.

    PostgreSQL writes CSV (COPY) and Arrow reads it. The pipe between the two holds 64 KiB: the query goes on as fast as
    batches are taken, and memory holds a block or two. Until the last batch the connection is busy with this.
    """
    for_reading, for_writing = os.pipe()
    connection.inc_thread_sharing()
    try:
        with (
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="copy-out") as pool,
            open(for_reading, "rb", buffering=BLOCK) as source,
        ):
            writing = pool.submit(_copy, connection, statement, values, for_writing)
            try:
                yield from _read(source, cells)
                writing.result()
            finally:
                if not writing.done():
                    source.close()  # a query that sends rows now fails at once …
                    connection.connection.cancel()  # … and one that still searches is told to stop
                    with suppress(Error, OSError):
                        writing.result()
    finally:
        connection.dec_thread_sharing()


def _copy(connection: Any, statement: str, values: Any, for_writing: int) -> None:
    with open(for_writing, "wb", buffering=_PIPE) as sink, connection.cursor() as cursor:
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
