"""Many rows into one table by PostgreSQL's COPY, in its text format."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

BUFFER = 1 << 23  # a whole batch at once: each further read would wait for the thread that parses the next batch
NULL = "\\N"


@dataclass(frozen=True)
class Table:
    """Where rows go."""

    model: type[models.Model]
    columns: tuple[str, ...]

    @property
    def statement(self) -> str:
        return f"COPY {self.model._meta.db_table} ({', '.join(self.columns)}) FROM STDIN"


def copy_rows(table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Write ``rows``, cells in the order of ``table.columns``: text, numbers or None; JSON as one line of text."""
    copy_lines(table, ("\t".join(map(_cell, row)) for row in rows))


def copy_lines(table: Table, lines: Iterable[str]) -> None:
    """Write rows that are lines already: cells in order, with tabs between them, each ``escaped`` where it is text."""
    text = "\n".join(lines)
    if text:
        with connection.cursor() as cursor:
            cursor.copy_expert(table.statement, io.StringIO(text + "\n"), BUFFER)


def escaped(text: str) -> str:
    """``text`` as a cell of a line."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\t" in text or "\n" in text or "\r" in text:
        text = text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


def _cell(cell: Any) -> str:
    if cell is None:
        return NULL
    return escaped(cell) if isinstance(cell, str) else str(cell)


def new_ids(model: type[models.Model], count: int) -> list[int]:
    """``count`` unused primary keys, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN max(id) - min(id) + 1 = count(*) THEN ARRAY[min(id)] ELSE array_agg(id ORDER BY id) END"
            " FROM (SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) AS id"
            " FROM generate_series(1, %s)) AS made",
            [model._meta.db_table, count],
        )
        ids: list[int] = cursor.fetchone()[0] or []
    # Only where somebody else took some in between, they are not one range.
    return ids if len(ids) == count else list(range(ids[0], ids[0] + count))
