"""Rows of a file into items, labels and reports, inside one transaction that the caller holds open.

Memory does not grow with the file: duplicates are looked up in the database, which sees this transaction's own rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.importing.copying import Table, copy_rows, new_ids
from annotations.importing.labels import LabelWriter
from annotations.importing.mapping import ColumnMapping
from annotations.importing.progress import Counts, Progress
from annotations.importing.readers import Reader, Row
from annotations.importing.rows import MODALITY, ParsedRow, Problem, RowParser, bad, duplicate
from annotations.importing.settle import NewItem, Settler, encode
from annotations.models import Dataset, ImportJob, ImportRowError, Item, LabelSchema, RowProblemKind
from annotations.task_types import task_type

BATCH = 4000
MAX_STORED_PROBLEMS = 10_000
ITEM = Table(
    Item,
    (
        "id", "project_id", "dataset_id", "external_id", "row_number", "modality", "payload", "content_hash", "groups",
        "gold", "extra", "created_at",
    ),
    texts=("external_id",),
)  # fmt: skip


class Known(NamedTuple):
    """An item that is stored already, maybe by an earlier row of this file."""

    id: int
    dataset_id: int
    row_number: int | None
    external_id: str
    content_hash: str


class Batch(NamedTuple):
    rows: list[ParsedRow | Problem]
    bytes_read: int


@dataclass(frozen=True)
class Source:
    """What is loaded, and under which rules."""

    job: ImportJob
    dataset: Dataset
    schema: LabelSchema
    mapping: ColumnMapping
    reader: Reader


class Loader:
    def __init__(self, source: Source, progress: Progress) -> None:
        self.source, self.progress = source, progress
        self.counts = Counts()
        self.project = source.job.project
        self._now = timezone.now()
        task = task_type(source.schema.task_type)
        self._parser = RowParser(
            mapping=source.mapping, columns=source.reader.columns, task=task, config=source.schema.config
        )
        self._settler = Settler(project=self.project, schema=source.schema, task=task, now=self._now)
        self._labels = LabelWriter(project=self.project, schema=source.schema, task=task, now=self._now)
        self._problems_stored = 0

    def load(self) -> Counts:
        """Read everything; raises ``BrokenFile`` or ``Cancelled``, and then the caller rolls back."""
        rows = self.source.reader.rows()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-reader") as pool:
            ahead = pool.submit(self._read, rows)
            while (batch := ahead.result()).rows:
                ahead = pool.submit(self._read, rows)  # parsed while PostgreSQL takes in this batch
                self._take(batch.rows)
                self.counts.rows_read += len(batch.rows)
                self.counts.bytes_read = batch.bytes_read
                self.progress.beat(self.counts)
        if self.source.mapping.is_long:
            self._settle_all()
        return self.counts

    def _read(self, rows: Iterator[Row]) -> Batch:
        """The next rows, parsed. Runs in a thread of its own and touches no database."""
        parsed = [self._parser.parse(row) for row in itertools.islice(rows, BATCH)]
        return Batch(parsed, self.source.reader.bytes_read())

    def _take(self, batch: Sequence[ParsedRow | Problem]) -> None:
        fresh, again, problems = self._sort_out([row for row in batch if isinstance(row, ParsedRow)])
        problems += [row for row in batch if isinstance(row, Problem)]
        for row, item_id in zip(fresh, new_ids(Item, len(fresh)), strict=True):
            row.id = item_id
        self._store_items(fresh)
        for row, target in again:
            row.id = target if isinstance(target, int) else target.id
        stored = [target for _row, target in again if isinstance(target, int)]
        votes, unusable = self._labels.write([*fresh, *(row for row, _target in again)], stored_items=stored)
        self.counts.items_added += len(fresh)
        self.counts.rows_added += len(fresh) + len(again) - len(unusable)
        self.counts.labels_added += sum(map(len, votes.values()))
        if not self.source.mapping.is_long:
            self._settler.settle(
                [NewItem(row.id, row.groups, row.groups_json, row.gold, votes.get(row.id, [])) for row in fresh]
            )
        self._report([*problems, *unusable])

    def _sort_out(
        self, rows: Sequence[ParsedRow]
    ) -> tuple[list[ParsedRow], list[tuple[ParsedRow, ParsedRow | int]], list[Problem]]:
        """New items; further labels, each with its item (a row of this batch, or an id); rows that are refused."""
        by_content, by_external_id = self._look_up(rows)
        fresh: list[ParsedRow] = []
        again: list[tuple[ParsedRow, ParsedRow | int]] = []
        refused: list[Problem] = []
        for row in rows:
            same = by_content.get(row.content_hash)
            if same is not None:
                target = self._label_target(row, same)
                if target is None:
                    refused.append(duplicate(row.row, self._same_text(same)))
                else:
                    again.append((row, target))
            elif row.external_id and row.external_id in by_external_id:
                refused.append(bad(row.row, self._id_taken(row, by_external_id[row.external_id])))
            else:
                fresh.append(row)
                by_content[row.content_hash] = row
                if row.external_id:
                    by_external_id[row.external_id] = row
        return fresh, again, refused

    def _label_target(self, row: ParsedRow, same: ParsedRow | Known) -> ParsedRow | int | None:
        """The item of this file that the row has one more label for; None where it is a mere duplicate."""
        if not self.source.mapping.is_long or not row.labels or row.external_id not in ("", same.external_id):
            return None
        if isinstance(same, ParsedRow):
            return same
        return same.id if same.dataset_id == self.source.dataset.pk else None

    def _look_up(self, rows: Sequence[ParsedRow]) -> tuple[dict[str, ParsedRow | Known], dict[str, ParsedRow | Known]]:
        """Items of the project that have the content, or the external id, of one of ``rows``."""
        columns = "id, dataset_id, row_number, external_id, content_hash"
        statement = f"SELECT {columns} FROM {Item._meta.db_table} WHERE project_id = %s AND "  # noqa: S608
        ids = [row.external_id for row in rows if row.external_id]
        with connection.cursor() as cursor:
            cursor.execute(f"{statement} content_hash = ANY(%s)", [self.project.pk, [row.content_hash for row in rows]])
            same_content = [Known(*found) for found in cursor.fetchall()]
            same_id: list[Known] = []
            if ids:
                cursor.execute(f"{statement} external_id = ANY(%s) AND external_id <> ''", [self.project.pk, ids])
                same_id = [Known(*found) for found in cursor.fetchall()]
        return {known.content_hash: known for known in same_content}, {known.external_id: known for known in same_id}

    def _same_text(self, same: ParsedRow | Known) -> str:
        return _("The same text as %(which)s.") % {"which": self._which(same)}

    def _id_taken(self, row: ParsedRow, same: ParsedRow | Known) -> str:
        text = _("The id “%(id)s” belongs to %(which)s, which has another text.")
        return text % {"id": row.external_id[:80], "which": self._which(same)}

    def _which(self, same: ParsedRow | Known) -> str:
        if isinstance(same, ParsedRow):
            return _("row %(number)s of this file") % {"number": same.row.number}
        if same.dataset_id == self.source.dataset.pk:
            return _("row %(number)s of this file") % {"number": same.row_number}
        return _("item %(id)s, which the project has already") % {"id": same.id}

    def _store_items(self, fresh: Sequence[ParsedRow]) -> None:
        project_id, dataset_id, time = self.project.pk, self.source.dataset.pk, self._now.isoformat()
        copy_rows(
            ITEM,
            (
                (
                    row.id,
                    project_id,
                    dataset_id,
                    row.external_id,
                    row.row.number,
                    MODALITY,
                    row.payload_json,
                    row.content_hash,
                    row.groups_json,
                    None if row.gold is None else encode(row.gold),
                    row.extra_json,
                    time,
                )
                for row in fresh
            ),
        )

    def _report(self, problems: Sequence[Problem]) -> None:
        """Count all of them, keep the first ten thousand."""
        for problem in problems:
            if problem.kind == RowProblemKind.BAD:
                self.counts.rows_bad += 1
            else:
                self.counts.rows_duplicate += 1
        room = MAX_STORED_PROBLEMS - self._problems_stored
        kept = sorted(problems, key=lambda problem: problem.number)[:room]
        self._problems_stored += len(kept)
        ImportRowError.objects.bulk_create(
            ImportRowError(
                job=self.source.job,
                row_number=problem.number,
                kind=problem.kind,
                reason=problem.reason[:500],
                excerpt=problem.excerpt,
            )
            for problem in kept
        )

    def _settle_all(self) -> None:
        """Long files only: an item's labels may stand anywhere, so its consensus is known at the end."""
        last = 0
        while True:
            page = Item.objects.filter(dataset=self.source.dataset, pk__gt=last).order_by("pk")[:BATCH]
            items = list(page.values_list("pk", "groups", "gold"))
            if not items:
                return
            last = items[-1][0]
            votes = self._labels.votes_of([pk for pk, _groups, _gold in items])
            self._settler.settle(
                [NewItem(pk, groups, encode(groups), gold, votes.get(pk, [])) for pk, groups, gold in items]
            )
            self.progress.beat(self.counts)
