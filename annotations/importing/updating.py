"""A file that adds to items that are there: labels, gold, groups. No new items.

Each batch is one transaction, which also notes how far the file is: killed anywhere, the next attempt goes on with the
next batch, and no row counts twice. Whoever labels the same items waits for one batch at most.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields

from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotations.grouping.selectors import GroupRules
from annotations.importing.annotators import ImportedAnnotators
from annotations.importing.corrections import Corrections
from annotations.importing.errors import Cancelled, SettingsChanged
from annotations.importing.mapping import ColumnMapping
from annotations.importing.matching import UpdateParser, match_rows
from annotations.importing.progress import Counts, Progress
from annotations.importing.readers import Reader, open_reader
from annotations.importing.report import problems_store
from annotations.importing.rows import ParsedRow, Problem
from annotations.importing.storing import open_upload
from annotations.labelling.places import recount_places
from annotations.models import FINISHED, ImportJob, ImportStatus, Project
from annotations.services.changes import item_changes
from annotations.task_types import task_type
from ledger.errors import DomainError

BATCH = 500
MAX_STORED_PROBLEMS = 10_000
LOOKED_AT = 20_000  # rows between two signs of life while the file is only looked through


class Updater:
    """One run of an update, from where the last one committed. The caller holds the project's lock."""

    def __init__(self, job: ImportJob, progress: Progress) -> None:
        self.job, self.progress = job, progress
        self.counts = Counts(**{field.name: getattr(job, field.name) for field in fields(Counts)})
        self.schema = job.project.schemas.get(is_current=True)
        self.mapping = ColumnMapping(**job.mapping)
        self._annotators = ImportedAnnotators(job.project)
        self._problems_stored = job.row_errors.count()

    def update(self) -> Counts:
        """Everything that is left; raises ``BrokenFile`` before anything was changed, ``Cancelled``, or
        ``SettingsChanged`` where the run must begin again from what is committed.
        """
        if not self.counts.rows_read:
            self._look_through()
        with self._opened() as reader:
            parser = UpdateParser(
                mapping=self.mapping,
                columns=reader.columns,
                task=task_type(self.schema.task_type),
                config=self.schema.config,
                rules=GroupRules(self.job.project),
            )
            rows = itertools.islice(reader.rows(), self.counts.rows_read, None)
            while batch := [parser.parse(row) for row in itertools.islice(rows, BATCH)]:
                self._take(batch, reader.bytes_read())
        return self.counts

    def _look_through(self) -> None:
        """Read the file to its end: one that breaks off is refused as a whole, before any of it is taken."""
        with self._opened() as reader:
            for number, _row in enumerate(reader.rows(), 1):
                if number % LOOKED_AT == 0:
                    self.progress.beat(self.counts)

    @contextmanager
    def _opened(self) -> Iterator[Reader]:
        with open_upload(self.job.stored_as) as stream:
            yield open_reader(self.job.format, stream)

    def _take(self, batch: Sequence[ParsedRow | Problem], bytes_read: int) -> None:
        with transaction.atomic():
            self._hold_job()
            project = Project.objects.get(pk=self.job.project_id)
            if project.status in FINISHED:
                text = _("The project was closed meanwhile. What was taken before stays.")
                raise DomainError("project_closed", text)
            problems = [row for row in batch if isinstance(row, Problem)]
            problems += self._apply(project, [row for row in batch if isinstance(row, ParsedRow)])
            self.counts.rows_read += len(batch)
            self.counts.rows_added += len(batch) - len(problems)
            self.counts.bytes_read = bytes_read
            room = MAX_STORED_PROBLEMS - self._problems_stored
            self._problems_stored += problems_store(job=self.job, problems=problems, counts=self.counts, room=room)
            Progress(self.job.pk, connection).beat(self.counts, now=True)

    def _hold_job(self) -> None:
        """Lock the job, and make sure that nobody else has gone on with it."""
        job = ImportJob.objects.select_for_update(no_key=True).only("status", "cancel_requested", "rows_read")
        now = job.get(pk=self.job.pk)
        if now.status != ImportStatus.RUNNING or now.cancel_requested:
            raise Cancelled
        if now.rows_read != self.counts.rows_read:
            raise SettingsChanged

    def _apply(self, project: Project, rows: Sequence[ParsedRow]) -> list[Problem]:
        matched, problems = match_rows(project, rows)
        with item_changes(project=project, item_ids={item_id for _row, item_id in matched}, savepoint=False) as changes:
            if changes.schema.pk != self.schema.pk:
                raise SettingsChanged
            corrections = Corrections(changes=changes, job=self.job, annotators=self._annotators)
            problems += corrections.take(matched)
            corrections.store()
        recount_places(corrections.labelled)
        self.counts.labels_added += corrections.labels_added
        self.counts.items_corrected += corrections.items_corrected
        return problems
