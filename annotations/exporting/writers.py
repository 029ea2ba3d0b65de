"""Tables as blocks of bytes: JSON Lines, CSV, Parquet. CSV and Parquet begin before the first row is read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotations.exporting.cells import csv_cell
from annotations.exporting.columns import arrow_schema
from annotations.exporting.tables import Table

BLOCK_ROWS = 500
ROW_GROUP = 32_000
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_EMPTY = pa.array(["{}", "[]", "null"])


def write_jsonl(table: Table) -> Iterator[bytes]:
    """One object per line; times in ISO 8601, UTC."""
    names = list(table.columns)
    for batch in _slices(table.batches):
        columns = [_values(array, kind) for array, kind in zip(batch.columns, table.columns.values(), strict=True)]
        rows = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
        yield "".join(_json(row) + "\n" for row in rows).encode()


def write_csv(table: Table) -> Iterator[bytes]:
    """UTF-8 with a header, lines ended by CR LF (RFC 4180); empty cells for what is not there."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([csv_cell(name) for name in table.columns])
    yield _drained(buffer)
    for batch in _slices(table.batches):
        columns = [_flat(array, kind) for array, kind in zip(batch.columns, table.columns.values(), strict=True)]
        writer.writerows(zip(*columns, strict=True))
        yield _drained(buffer)


def write_parquet(table: Table) -> Iterator[bytes]:
    """Typed columns, compressed by Snappy, in groups of 32,000 rows at most."""
    schema = arrow_schema(table.columns)
    sink = _Sink()
    with pq.ParquetWriter(sink, schema) as writer:
        yield sink.drained()
        for batch in table.batches:
            arrays = [
                _without_empty(array) if kind == "json" else array
                for array, kind in zip(batch.columns, table.columns.values(), strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema), row_group_size=ROW_GROUP)
            yield sink.drained()
    yield sink.drained()


def _slices(batches: Iterator[Any]) -> Iterator[Any]:
    for batch in batches:
        for start in range(0, len(batch), BLOCK_ROWS):
            yield batch.slice(start, BLOCK_ROWS)


def _values(array: Any, kind: str) -> list[Any]:
    """The column as Python values that JSON has."""
    if kind == "time":
        return _times(array)
    values: list[Any] = array.to_pylist()
    if kind == "json":
        return [None if text is None else json.loads(text) for text in values]
    return values


def _flat(array: Any, kind: str) -> list[Any]:
    """The column as cells of a CSV file; None is an empty one."""
    if kind == "time":
        return _times(array)
    if kind == "flag":
        return [None if value is None else "true" if value else "false" for value in array.to_pylist()]
    if kind == "json":
        array = _without_empty(array)
    return list(map(csv_cell, array.to_pylist()))


def _without_empty(array: Any) -> Any:
    """JSON texts; nothing where the object or list is empty."""
    return pc.if_else(pc.is_in(array, _EMPTY), pa.scalar(None, pa.string()), array)


def _times(array: Any) -> list[str | None]:
    times: list[str | None] = pc.strftime(array, "%Y-%m-%dT%H:%M:%S+00:00").to_pylist()
    return times


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
