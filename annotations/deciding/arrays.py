"""A project's current labels as the arrays that the methods of consensus take: columns all the way."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db import DEFAULT_DB_ALIAS, connections

from annotations import columns
from annotations.aggregation import NO_GOLD, Labels, model_weights
from annotations.models import Annotator, LabelSchema
from annotations.task_types import TaskType, task_type
from annotations.task_types.base import label_keys
from ledger.errors import DomainError

PERSON = -1
Ints = np.ndarray[Any, np.dtype[np.int64]]

LABELS = """
SELECT given.item_id, given.annotator_id, given.value::text
FROM annotations_annotation given JOIN annotations_annotator giver ON giver.id = given.annotator_id
WHERE given.project_id = %(project)s AND given.status = 'current' AND (giver.kind = 'human' OR %(models)s)
"""

# An expert's decision stands above gold: it was made for this project, with the labels at hand.
KNOWN = """
SELECT item.id, 0, COALESCE(CASE WHEN decided.method = 'settled' THEN decided.value END, item.gold)::text
FROM annotations_item item LEFT JOIN annotations_consensus decided ON decided.item_id = item.id
WHERE item.project_id = %(project)s
    AND (item.gold IS NOT NULL OR (decided.method = 'settled' AND decided.value IS NOT NULL))
"""


@dataclass(frozen=True)
class Collected:
    """``labels`` with the ids behind its indices, both ascending; ``tokens`` name its labels. ``anchors``: items of
    known label. ``people``: (n_annotators,) of bool, who is a person."""

    labels: Labels
    item_ids: Ints
    annotator_ids: list[int]
    tokens: list[str]
    anchors: int
    people: np.ndarray[Any, np.dtype[np.bool_]]


class Index(dict[Any, int]):
    """Numbers keys in the order in which they are asked for."""

    def __missing__(self, key: Any) -> int:
        self[key] = number = len(self)
        return number


def collect(*, schema: LabelSchema, count_models: bool) -> Collected:
    """The current labels of the schema's project: of people, and of models where they count."""
    task = task_type(schema.task_type)
    tokens = Index()
    for token in offered(task, schema):
        tokens[token]
    of_item, of_annotator, label = read_labels(LABELS, schema.project_id, task, tokens, models=count_models)
    item_ids, item = np.unique(of_item, return_inverse=True)
    annotator_ids, annotator = np.unique(of_annotator, return_inverse=True)
    gold = known_labels(schema.project_id, task, item_ids, tokens)
    labels = Labels(item, annotator, label, len(item_ids), len(annotator_ids), len(tokens), gold=gold)
    base = _base_models(annotator_ids.tolist())
    if (base != PERSON).any():
        weight = model_weights(item=labels.item, model=base[labels.annotator], n_items=labels.n_items)
        labels = replace(labels, weight=weight)
    anchors = int((gold != NO_GOLD).sum())
    return Collected(labels, item_ids, annotator_ids.tolist(), list(tokens), anchors, base == PERSON)


def read_labels(
    statement: str, project_id: int, task: TaskType, tokens: Index, *, models: bool = False
) -> tuple[Ints, Ints, Ints]:
    """The statement's rows as (item id, annotator id, index of the label), each of shape (n,); new labels are added to
    ``tokens``. The statement selects item id, annotator id and the value's text by ``project`` and ``models``."""
    values = Values(task, tokens)
    cells = {"item": "whole", "annotator": "whole", "value": "text"}
    parts: list[list[Ints]] = [[np.empty(0, np.int64)] * 3]
    given = {"project": project_id, "models": models}
    for batch in columns.batches(connections[DEFAULT_DB_ALIAS], statement, given, cells):
        texts = batch.column("value").dictionary_encode()
        numbers = np.array([values[text] for text in texts.dictionary.to_pylist()], np.int64)
        ids = [batch.column(name).to_numpy(zero_copy_only=False) for name in ("item", "annotator")]
        parts.append([*ids, numbers[texts.indices.to_numpy()]])
    item, annotator, label = (np.concatenate(column) for column in zip(*parts, strict=True))
    return item, annotator, label


def known_labels(project_id: int, task: TaskType, item_ids: Ints, tokens: Index) -> Ints:
    """The known label of each of the items, or ``NO_GOLD``: shape (n_items,)."""
    gold = np.full(len(item_ids), NO_GOLD, np.int64)
    if not len(item_ids):
        return gold
    known, _nobody, label = read_labels(KNOWN, project_id, task, tokens)
    at = np.minimum(np.searchsorted(item_ids, known), len(item_ids) - 1)
    labelled = item_ids[at] == known
    gold[at[labelled]] = label[labelled]
    return gold


class Values(dict[str, int]):
    """The index of a stored value, worked out once for each different one."""

    def __init__(self, task: TaskType, tokens: Index) -> None:
        super().__init__()
        self.task, self.tokens = task, tokens

    def __missing__(self, text: str) -> int:
        self[text] = number = self.tokens[self.task.token(json.loads(text))]
        return number


def _base_models(annotator_ids: list[int]) -> Ints:
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
