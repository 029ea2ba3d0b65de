"""Many rows into one table by PostgreSQL's COPY."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

BUFFER = 1 << 23  # a whole batch at once: each further read would wait for the thread that parses the next batch


@dataclass(frozen=True)
class Table:
    """Where rows go. Empty texts in ``texts`` stay empty texts; everywhere else an empty cell is NULL."""

    model: type[models.Model]
    columns: tuple[str, ...]
    texts: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        options = "FORMAT csv" + (f", FORCE_NOT_NULL ({', '.join(self.texts)})" if self.texts else "")
        return f"COPY {self.model._meta.db_table} ({', '.join(self.columns)}) FROM STDIN WITH ({options})"


def copy_rows(table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Write ``rows``, cells in the order of ``table.columns``: text, numbers or None; JSON as one line of text."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    if not buffer.tell():
        return
    buffer.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(table.statement, buffer, BUFFER)


def new_ids(model: type[models.Model], count: int) -> list[int]:
    """``count`` unused primary keys, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]
