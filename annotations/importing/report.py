"""The rows that were not taken, as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from annotations.exporting.cells import csv_cell
from annotations.importing.selectors import row_errors_of
from annotations.models import ImportJob

BLOCK = 500


def report_csv(job: ImportJob) -> Iterator[bytes]:
    """CSV with row, kind, reason and excerpt, in the order of the file."""
    yield _lines([("row", "kind", "reason", "excerpt")])
    last = 0
    while errors := list(row_errors_of(job, after=last)[:BLOCK]):
        last = errors[-1].pk
        yield _lines([(error.row_number, error.kind, error.reason, error.excerpt) for error in errors])


def _lines(rows: list[tuple[object, ...]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([csv_cell(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode()
