"""Many rows into one table by PostgreSQL's COPY, in its text format."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

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


@dataclass(frozen=True)
class Lines:
    """Rows on their way into a table: lines of cells in order, with tabs between them."""

    table: Table
    text: str


def as_lines(table: Table, rows: Iterable[Sequence[Any]]) -> Lines:
    """``rows`` as lines, cells in the order of ``table.columns``: text, numbers or None; JSON as one line of text."""
    return lines_of(table, ("\t".join(map(_cell, row)) for row in rows))


def lines_of(table: Table, lines: Iterable[str]) -> Lines:
    """Rows that are lines already, each cell ``escaped`` where it is text."""
    return Lines(table, "\n".join(lines))


def copy_rows(table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Write ``rows``, cells as ``as_lines`` takes them."""
    copy_all([as_lines(table, rows)])


def copy_all(parts: Iterable[Lines], using: Any = connection) -> None:
    """Write all rows, table by table."""
    for part in parts:
        if part.text:
            with using.cursor() as cursor:
                cursor.copy_expert(part.table.statement, io.StringIO(part.text + "\n"), BUFFER)


class Sender:
    """Writes rows from a thread of its own, in the caller's transaction, while the caller prepares the next ones.

    Between ``send`` and ``wait`` nobody else may use the connection. What went wrong is raised by the next call.
    """

    def __init__(self) -> None:
        self._connection = connections[DEFAULT_DB_ALIAS]
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-sender")
        self._sending: Future[None] | None = None

    def __enter__(self) -> Sender:
        self._connection.inc_thread_sharing()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._thread.shutdown()  # waits: the connection is the caller's again
        self._connection.dec_thread_sharing()

    def send(self, parts: Sequence[Lines]) -> None:
        """Begin to write ``parts``, once what was sent before is written."""
        self.wait()
        self._sending = self._thread.submit(copy_all, parts, self._connection)

    def wait(self) -> None:
        """Everything that was sent is written, and the connection free."""
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.result()


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
