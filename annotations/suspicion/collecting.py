"""A project's labels as the arrays that the detectors take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import DEFAULT_DB_ALIAS, connections

from annotations import columns
from annotations.deciding.arrays import Index, Ints, Values, known_labels, offered
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
LABEL_CELLS = {
    "item": "whole",
    "annotator": "whole",
    "value": "text",
    "milliseconds": "whole",
    "at": "number",
    "asked": "whole",
    "prompted": "flag",
}
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
class _Given:
    """What the database says, one entry per label; ``asked``: of which schema, by id."""

    label: Ints
    seconds: np.ndarray
    at: np.ndarray
    asked: Ints
    prompted: np.ndarray


def collect(*, schema: LabelSchema) -> Collected:
    """The current labels of people in the schema's project. Imported annotators count as the others, and are not
    judged: there is nobody to talk to, and nothing that an owner could decide about them here."""
    task = task_type(schema.task_type)
    tokens = Index()
    for token in offered(task, schema):
        tokens[token]
    of_item, of_annotator, given = _read(schema.project_id, Values(task, tokens))
    item_ids, item = np.unique(of_item, return_inverse=True)
    annotator_ids, annotator = np.unique(of_annotator, return_inverse=True)
    known = known_labels(schema.project_id, task, item_ids, tokens)
    order, orders = _orders(schema, given, annotator, annotator_ids.tolist(), list(tokens))
    imported = Annotator.objects.filter(project_id=schema.project_id, origin=AnnotatorOrigin.IMPORTED)
    said = Said(
        item, annotator, given.label, len(item_ids), len(annotator_ids), len(tokens),
        seconds=given.seconds, at=given.at, words=_words(schema.project_id, item_ids), known=known, order=order,
        orders=orders, judged=~np.isin(annotator_ids, list(imported.values_list("pk", flat=True))),
        prompted=given.prompted,
    )  # fmt: skip
    return Collected(said, item_ids.tolist(), annotator_ids.tolist(), list(tokens))


def _read(project_id: int, values: Values) -> tuple[Ints, Ints, _Given]:
    """The item and the annotator of each label, by id, in the order in which they were given; and the rest of it."""
    parts: list[list[np.ndarray]] = []
    statement = connections[DEFAULT_DB_ALIAS], LABELS, {"project": project_id}
    for batch in columns.batches(*statement, LABEL_CELLS):
        texts = batch.column("value").dictionary_encode()
        numbers = np.array([values[text] for text in texts.dictionary.to_pylist()], np.int64)
        names = ("item", "annotator", "milliseconds", "at", "asked", "prompted")
        parts.append([*(_numbers(batch.column(name)) for name in names), numbers[texts.indices.to_numpy()]])
    empty = [np.empty(0)] * 7
    item, annotator, ms, at, asked, prompted, label = (
        np.concatenate(column) for column in zip(empty, *parts, strict=True)
    )
    given = _Given(label.astype(np.int64), ms / 1000, at, asked.astype(np.int64), prompted.astype(bool))
    return item.astype(np.int64), annotator.astype(np.int64), given


def _numbers(column: Any) -> np.ndarray:
    """A column as floats, whose missing cells are NaN. Ids are far under 2 ** 53, so they keep all their digits."""
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), float)


def _words(project_id: int, item_ids: Ints) -> np.ndarray:
    """Words to read of each item with a measured label; NaN for the others and where nothing is read."""
    words = np.full(len(item_ids), np.nan)
    place = {item_id: number for number, item_id in enumerate(item_ids.tolist())}
    statement = connections[DEFAULT_DB_ALIAS], TIMED_ITEMS, {"project": project_id}
    for batch in columns.batches(*statement, {"item": "whole", "modality": "text", "payload": "text"}):
        for row in batch.to_pylist():
            count = modality(row["modality"]).words(json.loads(row["payload"]))
            if row["item"] in place and count is not None:
                words[place[row["item"]]] = count
    return words


def _orders(
    schema: LabelSchema, given: _Given, annotator: Ints, annotator_ids: list[int], tokens: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """In which order the options stood when each label was given, and those orders as positions of the tokens.

    An order belongs to a person and a version of the schema. Before the owner last switched shuffling on or off, and
    for answers that are not one option, it is unknown.
    """
    order = np.full(len(annotator), UNKNOWN)
    since = _shuffling_since(schema.project_id)
    shuffled = rules_of(schema.project).shuffle_options
    rows = np.flatnonzero(given.at >= (since.timestamp() if since else -np.inf))
    pairs, place = np.unique(np.stack([given.asked[rows], annotator[rows]]), axis=1, return_inverse=True)
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
