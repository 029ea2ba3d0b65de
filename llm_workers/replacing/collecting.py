"""People's and models' labels of the same items, as the arrays that the test takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import DEFAULT_DB_ALIAS, connections

from annotations import columns
from annotations.deciding.arrays import Index, read_labels
from annotations.models import Project
from annotations.task_types import TaskType, task_type
from llm_workers.replacing.alternative import Floats, Ints, Judged
from llm_workers.trust.groups import members

MOST_ANSWERS = 500  # different ones: from there on the nearness of every two is not worked out

# A person who was shown a model's label before giving theirs is no independent judge of models.
PEOPLE = """
SELECT given.item_id, given.annotator_id, given.value::text
FROM annotations_annotation given
JOIN annotations_annotator giver ON giver.id = given.annotator_id AND giver.kind = 'human'
LEFT JOIN annotations_suggestion suggestion ON suggestion.assignment_id = given.assignment_id
WHERE given.project_id = %(project)s AND given.status = 'current' AND NOT COALESCE(suggestion.shown, false)
"""
MODELS = """
SELECT given.item_id, given.annotator_id, given.value::text
FROM annotations_annotation given
JOIN annotations_annotator giver ON giver.id = given.annotator_id AND giver.kind = 'model'
WHERE given.project_id = %(project)s AND given.status = 'current'
"""
GROUPS = """
SELECT item.id, item.groups::text FROM annotations_item item
WHERE item.project_id = %(project)s AND item.groups <> '{}' AND EXISTS (
    SELECT FROM annotations_annotation given
    JOIN annotations_annotator giver ON giver.id = given.annotator_id AND giver.kind = 'model'
    WHERE given.item_id = item.id AND given.status = 'current')
"""
Rows = tuple[Ints, Ints, Ints]


@dataclass(frozen=True)
class Compared:
    """People's labels (``item``, ``person``, ``label``: each (n,), numbers of ``item_ids`` and ``annotator_ids``), and
    ``models``: annotator id → (items,) of labels, −1 where there is none. ``combination`` (items,): the number of the
    item's groups in ``combinations``, −1 for none. ``answers``: the tokens that ``label`` numbers; ``too_many`` of them
    are not compared."""

    item: Ints
    person: Ints
    label: Ints
    item_ids: Ints
    annotator_ids: list[int]
    models: dict[int, Ints]
    combination: Ints
    combinations: list[dict[str, str]]
    answers: list[str]
    similarity: Floats
    too_many: bool

    def judged(self, annotator_id: int) -> Judged | None:
        """What the test takes for one model; None where it labelled nothing that people did."""
        model = self.models.get(annotator_id)
        if model is None or self.too_many:
            return None
        return Judged(self.item, self.person, self.label, model, self.similarity, len(self.annotator_ids))

    def groups(self, attribute: str) -> Iterator[tuple[str, np.ndarray[Any, np.dtype[np.bool_]]]]:
        """Each group of the attribute, in order, with the items in it (items,)."""
        return members(attribute, self.combination, self.combinations)


def compared_labels(project: Project) -> Compared:
    """The current labels of the project's people, and its models' of the same items."""
    schema = project.schemas.get(is_current=True)
    task = task_type(schema.task_type)
    answers = Index()
    of_model = read_labels(MODELS, project.pk, task, answers)
    of_people = read_labels(PEOPLE, project.pk, task, answers)
    item_ids = np.intersect1d(of_people[0], of_model[0])
    both = np.isin(of_people[0], item_ids)
    item, annotator, label = (column[both] for column in of_people)
    annotator_ids, person = np.unique(annotator, return_inverse=True)
    too_many = len(answers) > MOST_ANSWERS
    combination, combinations = _groups(project.pk, item_ids)
    return Compared(
        item=np.searchsorted(item_ids, item),
        person=person.ravel(),
        label=label,
        item_ids=item_ids,
        annotator_ids=annotator_ids.tolist(),
        models=dict(_by_model(of_model, item_ids)),
        combination=combination,
        combinations=combinations,
        answers=list(answers),
        similarity=np.empty((0, 0)) if too_many else _similarity(task, list(answers)),
        too_many=too_many,
    )


def _by_model(rows: Rows, item_ids: Ints) -> Iterator[tuple[int, Ints]]:
    shared = np.isin(rows[0], item_ids)
    item, annotator, label = (column[shared] for column in rows)
    for one in np.unique(annotator):
        mine = annotator == one
        model = np.full(len(item_ids), -1, np.int64)
        model[np.searchsorted(item_ids, item[mine])] = label[mine]
        yield int(one), model


def _groups(project_id: int, item_ids: Ints) -> tuple[Ints, list[dict[str, str]]]:
    combination = np.full(len(item_ids), -1, np.int64)
    numbers: dict[str, int] = {}
    cells = {"item": "whole", "groups": "text"}
    for batch in columns.batches(connections[DEFAULT_DB_ALIAS], GROUPS, {"project": project_id}, cells):
        texts = batch.column("groups").dictionary_encode()
        found = np.array([numbers.setdefault(text, len(numbers)) for text in texts.dictionary.to_pylist()], np.int64)
        ids = batch.column("item").to_numpy(zero_copy_only=False)
        at = np.minimum(np.searchsorted(item_ids, ids), max(len(item_ids) - 1, 0))
        known = item_ids[at] == ids if len(item_ids) else np.zeros(len(ids), np.bool_)
        combination[at[known]] = found[texts.indices.to_numpy()][known]
    return combination, [json.loads(text) for text in numbers]


def _similarity(task: TaskType, answers: list[str]) -> Floats:
    """1 − distance of every two answers."""
    values = [task.value_of_token(token) for token in answers]
    return np.array([[1 - task.distance(one, other) for other in values] for one in values]).reshape(
        len(values), len(values)
    )
