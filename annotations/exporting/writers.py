"""Tables as blocks of bytes: JSON Lines, CSV, Parquet. CSV and Parquet begin before the first row is read."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotations.exporting.cells import csv_cell
from annotations.exporting.tables import Columns, Row, Table

BLOCK_ROWS = 500
ROW_GROUP = 8_000
_ARROW: dict[str, Any] = {
    "whole": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "flag": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
}
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write_jsonl(table: Table) -> Iterator[bytes]:
    """One object per line; times in ISO 8601, UTC."""
    times = _columns_of(table.columns, "time")
    while rows := list(itertools.islice(table.rows, BLOCK_ROWS)):
        for row in rows:
            for name in times:
                row[name] = _time(row[name])
        yield "".join(_json({name: row[name] for name in table.columns}) + "\n" for row in rows).encode()


def write_csv(table: Table) -> Iterator[bytes]:
    """UTF-8 with a header, lines ended by CR LF (RFC 4180); empty cells for what is not there."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([csv_cell(name) for name in table.columns])
    yield _drained(buffer)
    while rows := list(itertools.islice(table.rows, BLOCK_ROWS)):
        writer.writerows([csv_cell(_flat(row[name], kind)) for name, kind in table.columns.items()] for row in rows)
        yield _drained(buffer)


def write_parquet(table: Table) -> Iterator[bytes]:
    """Typed columns, compressed by Snappy, in groups of 8,000 rows."""
    schema = pa.schema([(name, _ARROW[kind]) for name, kind in table.columns.items()])
    sink = _Sink()
    with pq.ParquetWriter(sink, schema) as writer:
        yield sink.drained()
        while rows := list(itertools.islice(table.rows, ROW_GROUP)):
            writer.write_batch(_batch(rows, table.columns, schema))
            yield sink.drained()
    yield sink.drained()


def _batch(rows: list[Row], columns: Columns, schema: Any) -> Any:
    arrays = [
        pa.array([_text(row[name]) if kind == "json" else row[name] for row in rows], type=_ARROW[kind])
        for name, kind in columns.items()
    ]
    return pa.record_batch(arrays, schema=schema)


def _flat(value: Any, kind: str) -> Any:
    if value is None:
        return ""
    if kind == "json":
        return _text(value)
    if kind == "time":
        return _time(value)
    if kind == "flag":
        return "true" if value else "false"
    return value


def _text(value: Any) -> str | None:
    """An object as JSON text; nothing where it is empty."""
    return _json(value) if value else None


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat()


def _columns_of(columns: Columns, kind: str) -> list[str]:
    return [name for name, of_kind in columns.items() if of_kind == kind]


def _drained(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


class _Sink(io.RawIOBase):
    """What was written since it was last drained."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._written += len(part)
        return len(part)

    def tell(self) -> int:
        return self._written

    def drained(self) -> bytes:
        data, self._parts = b"".join(self._parts), []
        return data


WRITERS: dict[str, tuple[Callable[[Table], Iterator[bytes]], str]] = {
    "jsonl": (write_jsonl, "application/x-ndjson"),
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "parquet": (write_parquet, "application/vnd.apache.parquet"),
}
