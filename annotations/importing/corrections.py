"""What rows of an update add to locked items: labels, gold and groups; each row whole or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.grouping.values import original_column
from annotations.importing.annotators import ImportedAnnotators
from annotations.importing.copying import Table, copy_rows, new_ids
from annotations.importing.matching import Matched
from annotations.importing.rows import ParsedRow, Problem, bad, duplicate
from annotations.importing.settle import encode
from annotations.models import Annotation, AnnotationSource, AnnotationStatus, ImportJob
from annotations.services.changes import ItemChanges, LockedItem
from annotations.state import Vote, hour_of
from ledger.services import Event, actor_of
from ledger.statements import Statement

LABEL = Table(
    Annotation,
    (
        "id", "project_id", "item_id", "annotator_id", "schema_id", "source", "status", "value", "reason",
        "supersedes_id", "idempotency_key", "created_at",
    ),
)  # fmt: skip

CORRECT = Statement(
    "items_correct",
    """
    UPDATE annotations_item item SET groups = row.groups, gold = NULLIF(row.gold, 'null'::jsonb),
        extra = (item.extra - row.dropped) || row.originals
    FROM jsonb_to_recordset(%(items)s)
        AS row(id bigint, groups jsonb, gold jsonb, originals jsonb, dropped text[])
    WHERE item.id = row.id
    """,
    items="jsonb",
)


@dataclass
class Given:
    """A label that an annotator has given an item: ``pk`` of the stored one that a new one takes the place of."""

    token: str
    pk: int | None
    is_ours: bool  # by this very file
    is_excluded: bool = False


@dataclass
class NewLabel:
    item_id: int
    name: str
    value: Any
    supersedes: int | None


class Corrections:
    """One batch, inside ``item_changes`` of its items: ``take`` decides row by row, ``store`` writes.

    The key of each label names the import and the item, so the database itself holds one label a file, annotator and
    item (``annotation_retry_once``).
    """

    def __init__(self, *, changes: ItemChanges, job: ImportJob, annotators: ImportedAnnotators) -> None:
        self.changes, self.job = changes, job
        self._annotators = annotators
        self._given: dict[tuple[int, str], Given] = {}
        self._labels: list[NewLabel] = []
        self._before: dict[int, tuple[dict[str, str], Any]] = {}  # item id → groups and gold as they were
        self._originals: dict[int, dict[str, str | None]] = {}  # item id → imported value of each group given here
        self.labelled: set[int] = set()
        self.items_corrected = 0

    @property
    def labels_added(self) -> int:
        return len(self._labels)

    def take(self, rows: Matched) -> list[Problem]:
        """Decide on every row, in order; those that are not taken."""
        self._read_given(rows)
        problems = (self._row(row, item_id) for row, item_id in rows)
        return [problem for problem in problems if problem is not None]

    def store(self) -> None:
        """Write everything that was decided, and hand it to the item's consequences."""
        self._store_labels()
        self._store_items()

    def _read_given(self, rows: Matched) -> None:
        """The labels that the annotators of these rows have given their items."""
        names = {name for row, _item_id in rows for name, _value in row.labels}
        ids = self._annotators.known(names) if names else {}
        if not ids:
            return
        by_id = {pk: name for name, pk in ids.items()}
        stored = Annotation.objects.filter(
            item_id__in=list(self.changes.items),
            annotator_id__in=list(by_id),
            status__in=[AnnotationStatus.CURRENT, AnnotationStatus.EXCLUDED],
        ).order_by("pk")
        for pk, item_id, giver, value, status, key in stored.values_list(
            "pk", "item_id", "annotator_id", "value", "status", "idempotency_key"
        ):
            token = self.changes.task.token(value)
            excluded = status == AnnotationStatus.EXCLUDED
            self._given[item_id, by_id[giver]] = Given(token, pk, key == self._key(item_id), excluded)

    def _key(self, item_id: int) -> str:
        return f"import:{self.job.pk}:{item_id}"

    def _row(self, row: ParsedRow, item_id: int) -> Problem | None:
        locked = self.changes.items.get(item_id)
        if locked is None:
            return bad(row.row, _("Item %(item)s is not there any more.") % {"item": item_id})
        new_gold = row.gold is not None and not self._same(row.gold, locked.row.gold)
        if new_gold and locked.row.gold is not None and not self.job.change_gold:
            text = _("Item %(item)s has another gold label. Ask for gold labels to be replaced, if that is meant.")
            return bad(row.row, text % {"item": item_id})
        labels: list[NewLabel] = []
        for name, value in row.labels:
            label, reason = self._label(item_id, name, value)
            if reason:
                return bad(row.row, reason)
            labels += [label] if label else []
        groups = locked.row.groups | row.groups
        corrected = new_gold or groups != locked.row.groups
        if not labels and not corrected:
            return duplicate(row.row, _("Item %(item)s says all of this already.") % {"item": item_id})
        if corrected:
            self._correct(item_id, locked, groups, row.gold if new_gold else locked.row.gold)
            for name in row.groups:
                column = original_column(name)
                self._originals.setdefault(item_id, {})[column] = row.originals.get(column)
        for label in labels:
            self._labels.append(label)
            self._given[item_id, label.name] = Given(self.changes.task.token(label.value), None, is_ours=True)
        return None

    def _same(self, one: Any, other: Any) -> bool:
        return other is not None and self.changes.task.token(one) == self.changes.task.token(other)

    def _label(self, item_id: int, name: str, value: Any) -> tuple[NewLabel | None, str]:
        """The label to store, none where it is there already; or why it is refused."""
        if self._annotators.is_taken(name):
            return None, self._annotators.taken_text(name)
        given = self._given.get((item_id, name))
        if given is None:
            return NewLabel(item_id, name, value, None), ""
        if given.is_excluded:
            text = _("The label of annotator “%(name)s” for item %(item)s was taken out of the count.")
            return None, text % {"name": name[:80], "item": item_id}
        if given.token == self.changes.task.token(value):
            return None, ""
        if given.is_ours:
            text = _("Annotator “%(name)s” gave this item another label before; the first one counts.")
            return None, text % {"name": name[:80]}
        return NewLabel(item_id, name, value, given.pk), ""

    def _correct(self, item_id: int, locked: LockedItem, groups: dict[str, str], gold: Any) -> None:
        self._before.setdefault(item_id, (locked.row.groups, locked.row.gold))
        self.changes.correct(item_id=item_id, groups=groups, gold=gold)
        self.items_corrected += 1

    def _store_labels(self) -> None:
        if not self._labels:
            return
        replaced = [label.supersedes for label in self._labels if label.supersedes is not None]
        if replaced:
            Annotation.objects.filter(pk__in=replaced).update(status=AnnotationStatus.SUPERSEDED)
        annotators = self._annotators.ids(label.name for label in self._labels)
        project_id, schema_id, moment = self.changes.project.pk, self.changes.schema.pk, timezone.now()
        hour = hour_of(moment)
        source, status = AnnotationSource.IMPORTED.value, AnnotationStatus.CURRENT.value
        rows = []
        for pk, label in zip(new_ids(Annotation, len(self._labels)), self._labels, strict=True):
            annotator_id, item_id = annotators[label.name], label.item_id
            cells = (pk, project_id, item_id, annotator_id, schema_id, source, status, encode(label.value), "")
            rows.append((*cells, label.supersedes, self._key(item_id), moment.isoformat()))
            token = self.changes.task.token(label.value)
            self.changes.items[item_id].votes[annotator_id] = Vote(pk, annotator_id, False, token, hour)
            if label.supersedes is not None:
                self.changes.events.append(self._changed(pk, label))
        copy_rows(LABEL, rows)
        self.labelled = {label.item_id for label in self._labels}

    def _changed(self, pk: int, label: NewLabel) -> Event:
        data = {
            "item": label.item_id,
            "value": label.value,
            "schema": self.changes.schema.version,
            "replaces": label.supersedes,
            "import": self.job.pk,
        }
        return self._event("annotation.changed", f"annotation:{pk}", data)

    def _store_items(self) -> None:
        if not self._before:
            return
        rows = [self.changes.items[item_id].row for item_id in self._before]
        with connection.cursor() as cursor:
            items = [{"id": row.id, "groups": row.groups, "gold": row.gold} | self._imported(row.id) for row in rows]
            CORRECT.execute(cursor, {"items": json.dumps(items)})
        for row in rows:
            groups, gold = self._before[row.id]
            data: dict[str, Any] = {"import": self.job.pk}
            if groups != row.groups:
                names = [name for name in row.groups if groups.get(name) != row.groups[name]]
                data["groups"] = {name: [groups.get(name), row.groups[name]] for name in names}
            if gold != row.gold:
                data["gold"] = [gold, row.gold]
            self.changes.events.append(self._event("item.corrected", f"item:{row.id}", data))

    def _imported(self, item_id: int) -> dict[str, Any]:
        """The imported values to keep with the item, and those of groups that are now as they were imported."""
        known = self._originals.get(item_id, {})
        kept = {column: value for column, value in known.items() if value is not None}
        return {"originals": kept, "dropped": [column for column in known if column not in kept]}

    def _event(self, kind: str, subject: str, data: dict[str, Any]) -> Event:
        project_id = self.changes.project.pk
        return Event(kind=kind, actor=actor_of(self.job.created_by), subject=subject, project_id=project_id, data=data)
