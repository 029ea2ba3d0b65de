"""Rows of a file into items, labels and reports, inside one transaction that the caller holds open.

Memory does not grow with the file: duplicates are looked up in the database, which sees this transaction's own rows.
"""

from __future__ import annotations

import gc
import itertools
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.grouping.selectors import GroupRules
from annotations.importing.copying import NULL, Lines, Sender, Table, copy_all, escaped, lines_of, new_ids
from annotations.importing.labels import LabelWriter
from annotations.importing.mapping import ColumnMapping
from annotations.importing.progress import Counts, Progress
from annotations.importing.readers import Reader, Row
from annotations.importing.report import problems_store
from annotations.importing.rows import MODALITY, ParsedRow, Problem, RowParser, bad, duplicate
from annotations.importing.seen import Seen
from annotations.importing.settle import NewItem, Settler, encode
from annotations.models import Dataset, ImportJob, Item, LabelSchema
from annotations.task_types import task_type

BATCH = 4000
IDS = 10 * BATCH  # that are taken at once; a file's end leaves some unused
MAX_STORED_PROBLEMS = 10_000
OBJECTS_OF_BATCHES = 200_000
# Rows of items are written out by the thread that parses: it has time, while this one waits for PostgreSQL.
ITEM = Table(
    Item,
    (
        "id", "project_id", "dataset_id", "external_id", "row_number", "modality", "payload", "content_hash", "groups",
        "gold", "extra", "created_at",
    ),
)  # fmt: skip


class Known(NamedTuple):
    """An item that is stored already, maybe by an earlier row of this file."""

    id: int
    dataset_id: int
    row_number: int | None
    external_id: str
    content_hash: str


class Batch(NamedTuple):
    """The next rows, and which of their content hashes and external ids may be stored already."""

    rows: list[ParsedRow | Problem]
    bytes_read: int
    digests: list[str]
    external_ids: list[str]


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
            mapping=source.mapping,
            columns=source.reader.columns,
            task=task,
            config=source.schema.config,
            rules=GroupRules(self.project),
        )
        self._settler = Settler(
            project=self.project, dataset_id=source.dataset.pk, schema=source.schema, task=task, now=self._now
        )
        self._labels = LabelWriter(project=self.project, schema=source.schema, task=task, now=self._now)
        self._problems_stored = 0
        self._ids: list[int] = []
        # One import runs in a project at a time, and items come by imports alone: what an empty project has is known.
        self._seen = None if self.project.items.exists() else Seen()

    def load(self) -> Counts:
        """Read everything; raises ``BrokenFile`` or ``Cancelled``, and then the caller rolls back."""
        rows = self.source.reader.rows()
        reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-reader")
        with _at_full_speed(), reader, Sender() as sender:
            ahead = reader.submit(self._read, rows)
            while (batch := ahead.result()).rows:
                ahead = reader.submit(self._read, rows)  # parsed while this batch is sorted, and the last one written
                self._take(batch, sender)
                self.counts.rows_read += len(batch.rows)
                self.counts.bytes_read = batch.bytes_read
                self.progress.beat(self.counts)
            sender.wait()
        if self.source.mapping.is_long:
            self._settle_all()
        return self.counts

    def _read(self, rows: Iterator[Row]) -> Batch:
        """The next rows, parsed. Runs in a thread of its own and touches no database."""
        parsed = [self._parser.parse(row) for row in itertools.islice(rows, BATCH)]
        sound = [row for row in parsed if isinstance(row, ParsedRow)]
        for row in sound:
            row.line = _line(row)
        return Batch(parsed, self.source.reader.bytes_read(), *self._maybe_known(sound))

    def _take(self, batch: Batch, sender: Sender) -> None:
        if batch.digests or batch.external_ids or len(self._ids) < len(batch.rows):
            sender.wait()  # they are looked up
        if len(self._ids) < len(batch.rows):
            self._ids = new_ids(Item, IDS)
        fresh, again, problems = self._sort_out(batch)
        problems += [row for row in batch.rows if isinstance(row, Problem)]
        given, self._ids = self._ids[: len(fresh)], self._ids[len(fresh) :]
        for row, item_id in zip(fresh, given, strict=True):
            row.id = item_id
        if again or problems or any(row.labels for row in fresh):
            sender.wait()
            self._take_with_labels(fresh, again, problems)
            return
        # Nothing is read for what is merely new: it is written while the next batch is sorted.
        self.counts.items_added += len(fresh)
        self.counts.rows_added += len(fresh)
        items = [NewItem(row.id, row.groups, row.groups_json, row.gold) for row in fresh]
        follows = [] if self.source.mapping.is_long else self._settler.lines(items)
        sender.send([self._items(fresh), *follows])

    def _take_with_labels(
        self, fresh: list[ParsedRow], again: list[tuple[ParsedRow, ParsedRow | int]], problems: list[Problem]
    ) -> None:
        """Write new items, further labels of items, and what was refused."""
        copy_all([self._items(fresh)])
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

    def _sort_out(self, batch: Batch) -> tuple[list[ParsedRow], list[tuple[ParsedRow, ParsedRow | int]], list[Problem]]:
        """New items; further labels, each with its item (a row of this batch, or an id); rows that are refused."""
        by_content, by_external_id = self._look_up(batch.digests, batch.external_ids)
        fresh: list[ParsedRow] = []
        again: list[tuple[ParsedRow, ParsedRow | int]] = []
        refused: list[Problem] = []
        for row in batch.rows:
            if isinstance(row, Problem):
                continue
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

    def _look_up(
        self, digests: Sequence[str], ids: Sequence[str]
    ) -> tuple[dict[str, ParsedRow | Known], dict[str, ParsedRow | Known]]:
        """Items of the project that have one of these contents, or one of these external ids."""
        columns = "id, dataset_id, row_number, external_id, content_hash"
        statement = f"SELECT {columns} FROM {Item._meta.db_table} WHERE project_id = %s AND "  # noqa: S608
        same_content: list[Known] = []
        same_id: list[Known] = []
        with connection.cursor() as cursor:
            if digests:
                cursor.execute(f"{statement} content_hash = ANY(%s)", [self.project.pk, list(digests)])
                same_content = [Known(*found) for found in cursor.fetchall()]
            if ids:
                cursor.execute(f"{statement} external_id = ANY(%s) AND external_id <> ''", [self.project.pk, list(ids)])
                same_id = [Known(*found) for found in cursor.fetchall()]
        return {known.content_hash: known for known in same_content}, {known.external_id: known for known in same_id}

    def _maybe_known(self, rows: Sequence[ParsedRow]) -> tuple[list[str], list[str]]:
        """Content hashes and external ids that the project may have already."""
        digests = [row.content_hash for row in rows]
        ids = [row.external_id for row in rows if row.external_id]
        if self._seen is None:
            return digests, ids
        maybe = self._seen.add([hash(text) for text in digests]), self._seen.add([hash(text) for text in ids])
        return list(itertools.compress(digests, maybe[0])), list(itertools.compress(ids, maybe[1]))

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

    def _items(self, fresh: Sequence[ParsedRow]) -> Lines:
        before, after = f"{self.project.pk}\t{self.source.dataset.pk}", self._now.isoformat()
        return lines_of(ITEM, [f"{row.id}\t{before}\t{row.line}\t{after}" for row in fresh])

    def _report(self, problems: Sequence[Problem]) -> None:
        """Count all of them, keep the first ten thousand."""
        room = MAX_STORED_PROBLEMS - self._problems_stored
        self._problems_stored += problems_store(job=self.source.job, problems=problems, counts=self.counts, room=room)

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


@contextmanager
def _at_full_speed() -> Iterator[None]:
    """The thread that waits for PostgreSQL gets its turn within half a millisecond of the answer, not five; and the
    collector, which has no cycles to find in rows, looks for them once in some batches."""
    turns, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(0.0005)
    gc.set_threshold(OBJECTS_OF_BATCHES, *thresholds[1:])
    try:
        yield
    finally:
        sys.setswitchinterval(turns)
        gc.set_threshold(*thresholds)


def _line(row: ParsedRow) -> str:
    """The cells of ``ITEM`` from the external id to ``extra``. JSON has no raw tab or line end to escape."""
    gold = NULL if row.gold is None else escaped(encode(row.gold))
    return "\t".join(
        (
            escaped(row.external_id),
            str(row.row.number),
            MODALITY,
            escaped(row.payload_json),
            row.content_hash,
            escaped(row.groups_json),
            gold,
            escaped(row.extra_json),
        )
    )
