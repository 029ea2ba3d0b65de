"""A project's labels as the arrays that the detectors take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection

from annotations.deciding.arrays import CHUNK, Index, Values, known_labels, offered
from annotations.labelling.situation import schema_for
from annotations.modalities import modality
from annotations.models import Annotator, AnnotatorOrigin, LabelSchema
from annotations.serving.selectors import rules_of
from annotations.suspicion.detectors import UNKNOWN, Said
from annotations.task_types import TaskType, task_type
from ledger.models import LedgerEvent

# A label that takes the place of an earlier one of the same person took less time than a first one does: unknown.
LABELS = """
SELECT given.item_id, given.annotator_id, given.value::text,
    CASE WHEN given.supersedes_id IS NULL THEN given.active_ms END, extract(epoch FROM given.created_at)::float8,
    given.schema_id, COALESCE(suggestion.shown, false)
FROM annotations_annotation given JOIN annotations_annotator giver ON giver.id = given.annotator_id
LEFT JOIN annotations_suggestion suggestion ON suggestion.assignment_id = given.assignment_id
WHERE given.project_id = %(project)s AND given.status = 'current' AND giver.kind = 'human'
ORDER BY given.id
"""
TIMED_ITEMS = """
SELECT item.id, item.modality, item.payload::text FROM annotations_item item
WHERE item.project_id = %(project)s AND EXISTS (SELECT FROM annotations_annotation given
    WHERE given.item_id = item.id AND given.status = 'current' AND given.active_ms IS NOT NULL)
"""


@dataclass(frozen=True)
class Collected:
    """``said`` with the ids behind its indices; ``tokens`` name its labels."""

    said: Said
    item_ids: list[int]
    annotator_ids: list[int]
    tokens: list[str]


@dataclass(frozen=True)
class _Columns:
    """What the database says, one entry per label; ``asked``: of which schema, by id."""

    item: np.ndarray
    annotator: np.ndarray
    label: np.ndarray
    seconds: np.ndarray
    at: np.ndarray
    asked: np.ndarray
    prompted: np.ndarray


def collect(*, schema: LabelSchema) -> Collected:
    """The current labels of people in the schema's project. Imported annotators count as the others, and are not
    judged: there is nobody to talk to, and nothing that an owner could decide about them here."""
    task = task_type(schema.task_type)
    items, annotators, tokens = Index(), Index(), Index()
    for token in offered(task, schema):
        tokens[token]
    columns = _read(schema.project_id, items, annotators, Values(task, tokens))
    known, _anchors = known_labels(schema.project_id, task, items, tokens)
    order, orders = _orders(schema, columns, list(annotators), list(tokens))
    imported = set(
        Annotator.objects.filter(project_id=schema.project_id, origin=AnnotatorOrigin.IMPORTED).values_list(
            "pk", flat=True
        )
    )
    said = Said(
        columns.item, columns.annotator, columns.label, len(items), len(annotators), len(tokens),
        seconds=columns.seconds, at=columns.at, words=_words(schema.project_id, items), known=known, order=order,
        orders=orders, judged=np.array([pk not in imported for pk in annotators], bool), prompted=columns.prompted,
    )  # fmt: skip
    return Collected(said, list(items), list(annotators), list(tokens))


def _read(project_id: int, items: Index, annotators: Index, values: Values) -> _Columns:
    parts = [np.empty((0, 7))]
    with connection.chunked_cursor() as cursor:
        cursor.execute(LABELS, {"project": project_id})
        while rows := cursor.fetchmany(CHUNK):
            found = [
                (items[i], annotators[a], values[value], np.nan if ms is None else ms / 1000, at, asked, shown)
                for i, a, value, ms, at, asked, shown in rows
            ]
            parts.append(np.array(found, float))
    table = np.concatenate(parts)
    item, annotator, label, asked = (table[:, column].astype(np.int64) for column in (0, 1, 2, 5))
    return _Columns(item, annotator, label, table[:, 3], table[:, 4], asked, table[:, 6].astype(bool))


def _words(project_id: int, items: Index) -> np.ndarray:
    """Words to read of each item with a measured label; NaN for the others and where nothing is read."""
    words = np.full(len(items), np.nan)
    with connection.chunked_cursor() as cursor:
        cursor.execute(TIMED_ITEMS, {"project": project_id})
        while rows := cursor.fetchmany(CHUNK):
            for item_id, name, payload in rows:
                count = modality(name).words(json.loads(payload))
                if item_id in items and count is not None:
                    words[items[item_id]] = count
    return words


def _orders(
    schema: LabelSchema, columns: _Columns, annotator_ids: list[int], tokens: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """In which order the options stood when each label was given, and those orders as positions of the tokens.

    An order belongs to a person and a version of the schema. Before the owner last switched shuffling on or off, and
    for answers that are not one option, it is unknown.
    """
    order = np.full(len(columns.item), UNKNOWN)
    since = _shuffling_since(schema.project_id)
    shuffled = rules_of(schema.project).shuffle_options
    rows = np.flatnonzero(columns.at >= (since.timestamp() if since else -np.inf))
    pairs, place = np.unique(np.stack([columns.asked[rows], columns.annotator[rows]]), axis=1, return_inverse=True)
    order[rows] = place.ravel()
    schemas = {one.pk: one for one in LabelSchema.objects.filter(project_id=schema.project_id)}
    task = task_type(schema.task_type)
    orders = np.full((pairs.shape[1], len(tokens)), UNKNOWN)
    for number, (asked, person) in enumerate(pairs.T.tolist()):
        shown = schema_for(schemas[asked], annotator_ids[person], shuffled=shuffled)
        orders[number] = _positions(task, shown, tokens)
    return order, orders


def _positions(task: TaskType, shown: LabelSchema, tokens: list[str]) -> list[int]:
    place: dict[Any, int] = {token: number for number, token in enumerate(offered(task, shown))}
    return [place.get(token, UNKNOWN) for token in tokens]


def _shuffling_since(project_id: int) -> datetime | None:
    """When shuffling was last switched on or off; None if never."""
    changes = LedgerEvent.objects.filter(project_id=project_id, kind="serving.rules_changed")
    return changes.filter(data__has_key="shuffle_options").order_by("-id").values_list("created_at", flat=True).first()
