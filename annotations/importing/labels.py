"""Imported labels into annotation rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from annotations.importing.annotators import ImportedAnnotators
from annotations.importing.copying import Table, copy_rows, new_ids
from annotations.importing.rows import ParsedRow, Problem, bad, duplicate
from annotations.importing.settle import encode
from annotations.models import Annotation, AnnotationSource, AnnotationStatus, LabelSchema, Project
from annotations.state import Vote, hour_of
from annotations.task_types import TaskType

ANNOTATION = Table(
    Annotation,
    (
        "id", "project_id", "item_id", "annotator_id", "schema_id", "source", "status", "value", "reason",
        "idempotency_key", "created_at",
    ),
)  # fmt: skip

Votes = dict[int, list[Vote]]  # item id → votes


class LabelWriter:
    def __init__(self, *, project: Project, schema: LabelSchema, task: TaskType, now: datetime) -> None:
        self.project, self.schema, self.task = project, schema, task
        self._time, self._hour = now.isoformat(), hour_of(now)
        self._annotators = ImportedAnnotators(project)

    def write(self, rows: Sequence[ParsedRow], *, stored_items: Sequence[int]) -> tuple[Votes, list[Problem]]:
        """Store the labels of ``rows``, which have their item's id; a second label by the same annotator is a problem.

        ``stored_items``: those of their items that may have labels from earlier rows of the file.
        """
        if not any(row.labels for row in rows):
            return {}, []
        annotators = self._annotators.ids(name for row in rows for name, _value in row.labels)
        given = self._stored(stored_items)
        accepted: list[tuple[int, int, Any]] = []
        problems: list[Problem] = []
        for row in rows:
            for name, value in row.labels:
                pair = (row.id, annotators[name])
                if pair in given:
                    problems.append(self._given_twice(row, name, given[pair] == self.task.token(value)))
                else:
                    given[pair] = self.task.token(value)
                    accepted.append((*pair, value))
        return self._store(accepted), problems

    def votes_of(self, item_ids: Sequence[int]) -> Votes:
        """All votes of items that this import made, from their rows."""
        votes: Votes = defaultdict(list)
        rows = Annotation.objects.filter(item_id__in=item_ids, status=AnnotationStatus.CURRENT).order_by("pk")
        columns = rows.values_list("pk", "item_id", "annotator_id", "value", "created_at")
        for pk, item_id, annotator_id, value, created_at in columns:
            votes[item_id].append(Vote(pk, annotator_id, False, self.task.token(value), hour_of(created_at)))
        return votes

    def _stored(self, item_ids: Sequence[int]) -> dict[tuple[int, int], str]:
        """(item, annotator) → token of the labels that are there."""
        if not item_ids:
            return {}
        rows = Annotation.objects.filter(item_id__in=set(item_ids), status=AnnotationStatus.CURRENT)
        found = rows.values_list("item_id", "annotator_id", "value")
        return {(item_id, annotator_id): self.task.token(value) for item_id, annotator_id, value in found}

    def _given_twice(self, row: ParsedRow, name: str, alike: bool) -> Problem:
        if alike:
            return duplicate(
                row.row, _("Annotator “%(name)s” gave this item the same label before.") % {"name": name[:80]}
            )
        text = _("Annotator “%(name)s” gave this item another label before; the first one counts.")
        return bad(row.row, text % {"name": name[:80]})

    def _store(self, labels: Sequence[tuple[int, int, Any]]) -> Votes:
        votes: Votes = defaultdict(list)
        lines = []
        source, status = AnnotationSource.IMPORTED.value, AnnotationStatus.CURRENT.value
        for pk, (item_id, annotator_id, value) in zip(new_ids(Annotation, len(labels)), labels, strict=True):
            votes[item_id].append(Vote(pk, annotator_id, False, self.task.token(value), self._hour))
            cells = (pk, self.project.pk, item_id, annotator_id, self.schema.pk, source, status, encode(value))
            lines.append((*cells, "", "", self._time))
        copy_rows(ANNOTATION, lines)
        return votes
