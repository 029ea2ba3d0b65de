"""A project's current labels as the arrays that the methods of consensus take."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db import connection

from annotations.aggregation import NO_GOLD, Labels, model_weights
from annotations.models import Annotator, LabelSchema
from annotations.task_types import TaskType, task_type
from annotations.task_types.base import label_keys
from ledger.errors import DomainError

PERSON = -1
CHUNK = 50_000

LABELS = """
SELECT given.item_id, given.annotator_id, given.value::text
FROM annotations_annotation given JOIN annotations_annotator giver ON giver.id = given.annotator_id
WHERE given.project_id = %(project)s AND given.status = 'current' AND (giver.kind = 'human' OR %(models)s)
"""

# An expert's decision stands above gold: it was made for this project, with the labels at hand.
KNOWN = """
SELECT item.id, COALESCE(CASE WHEN decided.method = 'settled' THEN decided.value END, item.gold)::text
FROM annotations_item item LEFT JOIN annotations_consensus decided ON decided.item_id = item.id
WHERE item.project_id = %(project)s
    AND (item.gold IS NOT NULL OR (decided.method = 'settled' AND decided.value IS NOT NULL))
"""


@dataclass(frozen=True)
class Collected:
    """``labels`` with the ids behind its indices; ``tokens`` name its labels. ``anchors``: items of known label."""

    labels: Labels
    item_ids: list[int]
    annotator_ids: list[int]
    tokens: list[str]
    anchors: int


class Index(dict[Any, int]):
    """Numbers keys in the order in which they are asked for."""

    def __missing__(self, key: Any) -> int:
        self[key] = number = len(self)
        return number


def collect(*, schema: LabelSchema, count_models: bool) -> Collected:
    """The current labels of the schema's project: of people, and of models where they count."""
    task = task_type(schema.task_type)
    items, annotators, tokens = Index(), Index(), Index()
    for token in offered(task, schema):
        tokens[token]
    table = _read(schema.project_id, count_models, task, items, annotators, tokens)
    gold, anchors = known_labels(schema.project_id, task, items, tokens)
    labels = Labels(
        table[:, 0], table[:, 1], table[:, 2], len(items), len(annotators), len(tokens),
        gold=np.concatenate([gold, np.full(len(items) - len(gold), NO_GOLD)]),
    )  # fmt: skip
    base = _base_models(list(annotators))
    if (base != PERSON).any():
        weight = model_weights(item=labels.item, model=base[labels.annotator], n_items=labels.n_items)
        labels = replace(labels, weight=weight)
    return Collected(labels, list(items), list(annotators), list(tokens), anchors)


def _read(
    project_id: int, count_models: bool, task: TaskType, items: Index, annotators: Index, tokens: Index
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(item, annotator, label) of each current label, as indices: shape (n, 3)."""
    values = Values(task, tokens)
    parts = [np.empty((0, 3), np.int64)]
    with connection.chunked_cursor() as cursor:
        cursor.execute(LABELS, {"project": project_id, "models": count_models})
        while rows := cursor.fetchmany(CHUNK):
            parts.append(np.array([(items[i], annotators[a], values[value]) for i, a, value in rows], np.int64))
    return np.concatenate(parts)


class Values(dict[str, int]):
    """The index of a stored value, worked out once for each different one."""

    def __init__(self, task: TaskType, tokens: Index) -> None:
        super().__init__()
        self.task, self.tokens = task, tokens

    def __missing__(self, text: str) -> int:
        self[text] = number = self.tokens[self.task.token(json.loads(text))]
        return number


def known_labels(
    project_id: int, task: TaskType, items: Index, tokens: Index
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], int]:
    """The known label of each labelled item, or ``NO_GOLD``; and how many are known."""
    values = Values(task, tokens)
    gold = np.full(len(items), NO_GOLD, np.int64)
    with connection.chunked_cursor() as cursor:
        cursor.execute(KNOWN, {"project": project_id})
        while rows := cursor.fetchmany(CHUNK):
            for item_id, value in rows:
                if item_id in items:
                    gold[items[item_id]] = values[value]
    return gold, int((gold != NO_GOLD).sum())


def _base_models(annotator_ids: list[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The number of each annotator's base model, ``PERSON`` for people: shape (n_annotators,)."""
    rows = Annotator.objects.filter(pk__in=annotator_ids, kind="model").values_list("pk", "base_model", "name")
    numbers = Index()
    models = {pk: numbers[base or name or str(pk)] for pk, base, name in rows}
    return np.array([models.get(pk, PERSON) for pk in annotator_ids], np.int64)


def offered(task: TaskType, schema: LabelSchema) -> list[str]:
    """The answers of one label that the schema offers, so that one which nobody gave has its place too."""
    tokens = []
    for key in label_keys(schema.config):
        try:
            tokens.append(task.token(task.value_from_form(schema.config, [key])))
        except DomainError:
            continue  # the task asks for more labels than one
    return tokens
