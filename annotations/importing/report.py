"""The rows that were not taken: kept with the import, and given out as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from annotations.exporting.cells import csv_cell
from annotations.importing.progress import Counts
from annotations.importing.rows import Problem
from annotations.importing.selectors import row_errors_of
from annotations.models import ImportJob, ImportRowError, RowProblemKind

BLOCK = 500


def problems_store(*, job: ImportJob, problems: Sequence[Problem], counts: Counts, room: int) -> int:
    """Count all ``problems`` and keep the first ``room`` of them; how many were kept."""
    bad = sum(problem.kind == RowProblemKind.BAD for problem in problems)
    counts.rows_bad += bad
    counts.rows_duplicate += len(problems) - bad
    kept = sorted(problems, key=lambda problem: problem.number)[: max(0, room)]
    ImportRowError.objects.bulk_create(
        ImportRowError(
            job=job,
            row_number=problem.number,
            kind=problem.kind,
            reason=problem.reason[:500],
            excerpt=problem.excerpt,
        )
        for problem in kept
    )
    return len(kept)


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
