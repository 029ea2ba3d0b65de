"""Reading imports: their list, their reports, and the first rows of a file that waits for its mapping."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from annotations.importing.mapping import ColumnMapping, guess_mapping
from annotations.importing.readers import open_reader
from annotations.importing.storing import open_upload
from annotations.models import ImportJob, ImportRowError, ImportStatus, Project

PREVIEW_ROWS = 8
GUESS_ROWS = 100


@dataclass(frozen=True)
class Preview:
    """``rows``: sound rows as column → cell. ``guess`` as of ``guess_mapping``."""

    columns: list[str]
    rows: list[dict[str, Any]]
    guess: ColumnMapping | None


def imports_of(project: Project) -> QuerySet[ImportJob]:
    """A project's uploads, newest first."""
    return ImportJob.objects.filter(project=project).select_related("dataset")


def row_errors_of(job: ImportJob, *, kind: str = "", after: int = 0) -> QuerySet[ImportRowError]:
    """Reported rows in the order of the file; ``after``: primary key of the last one seen."""
    errors = job.row_errors.filter(pk__gt=after).order_by("pk")
    return errors.filter(kind=kind) if kind else errors


def preview(job: ImportJob) -> Preview:
    """The head of a stored file; raises ``BrokenFile``, or ``DomainError`` (410) where the file is gone."""
    with open_upload(job.stored_as) as stream:
        reader = open_reader(job.format, stream)
        sound = (row.values for row in itertools.islice(reader.rows(), GUESS_ROWS) if not row.problem)
        rows = list(sound)
    guess = guess_mapping(columns=reader.columns, rows=rows, project=job.project)
    return Preview(columns=reader.columns, rows=rows[:PREVIEW_ROWS], guess=guess)


def next_waiting(project_id: int) -> ImportJob | None:
    """The import of this project that has waited longest."""
    return ImportJob.objects.filter(project_id=project_id, status=ImportStatus.QUEUED).order_by("pk").first()
