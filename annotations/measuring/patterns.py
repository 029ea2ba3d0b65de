"""Current labels as patterns: how many items of which groups got which labels how often.

The database groups equal items, so what is read grows with the number of different patterns and not with the items.
A label is compared as a whole: for a task with several labels per answer, two answers agree where the sets are equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from annotations.models import Project
from annotations.task_types import TaskType

# One row per item: its groups, the hour of its newest label, and what people said, as [[value, times], …] in a fixed
# order. Hours keep the patterns few; longer periods are put together from them.
PEOPLE = """
SELECT v.item_id, jsonb_agg(jsonb_build_array(v.value, v.times) ORDER BY v.value::text) AS labels,
       date_trunc('hour', max(v.newest), 'UTC') AS hour
FROM (
    SELECT n.item_id, n.value, count(*) AS times, max(n.created_at) AS newest
    FROM annotations_annotation n JOIN annotations_annotator a ON a.id = n.annotator_id
    WHERE n.project_id = %(project)s AND n.status = 'current' AND a.kind = 'human'
    GROUP BY n.item_id, n.value
) v GROUP BY v.item_id
"""
PEOPLE_PATTERNS = f"""
SELECT i.groups::text, p.labels::text, p.hour, count(*)
FROM ({PEOPLE}) p JOIN annotations_item i ON i.id = p.item_id
GROUP BY 1, 2, 3
"""  # noqa: S608
MODEL_PATTERNS = f"""
SELECT m.annotator_id, i.groups::text, p.labels::text, m.value::text, count(*)
FROM ({PEOPLE}) p
JOIN annotations_item i ON i.id = p.item_id
JOIN annotations_annotation m ON m.item_id = p.item_id AND m.status = 'current'
JOIN annotations_annotator a ON a.id = m.annotator_id AND a.kind = 'model'
GROUP BY 1, 2, 3, 4
"""  # noqa: S608
PAIRS = """
WITH busiest AS (
    SELECT n.annotator_id AS id FROM annotations_annotation n JOIN annotations_annotator a ON a.id = n.annotator_id
    WHERE n.project_id = %(project)s AND n.status = 'current' AND a.kind = 'human'
    GROUP BY n.annotator_id ORDER BY count(*) DESC, n.annotator_id LIMIT %(raters)s
)
SELECT x.annotator_id, y.annotator_id, x.value::text, y.value::text, count(*)
FROM annotations_annotation x
JOIN annotations_annotation y ON y.item_id = x.item_id AND y.annotator_id > x.annotator_id AND y.status = 'current'
WHERE x.project_id = %(project)s AND x.status = 'current'
  AND x.annotator_id IN (SELECT id FROM busiest) AND y.annotator_id IN (SELECT id FROM busiest)
GROUP BY 1, 2, 3, 4
"""
RATERS = """
SELECT count(DISTINCT n.annotator_id) FROM annotations_annotation n
JOIN annotations_annotator a ON a.id = n.annotator_id
WHERE n.project_id = %(project)s AND n.status = 'current' AND a.kind = 'human'
"""


@dataclass(frozen=True)
class Pattern:
    """``items`` items of these groups, each of which got these labels from people: token → how many people."""

    groups: dict[str, str]
    people: dict[str, int]
    items: int


@dataclass(frozen=True)
class PeoplePattern(Pattern):
    """The same of items whose newest label by a person came in the hour that begins at ``hour`` (UTC)."""

    hour: datetime


@dataclass(frozen=True)
class ModelPattern(Pattern):
    """The same of items that a model labelled too: all with ``token``."""

    annotator_id: int
    token: str


@dataclass(frozen=True)
class PairCell:
    """``items`` items got ``token`` from the one and ``other_token`` from the other annotator."""

    annotator_id: int
    other_id: int
    token: str
    other_token: str
    items: int


def people_patterns(project: Project, task: TaskType) -> list[PeoplePattern]:
    return [
        PeoplePattern(json.loads(groups), _people(labels, task), items, hour.astimezone(UTC))
        for groups, labels, hour, items in _rows(PEOPLE_PATTERNS, project)
    ]


def model_patterns(project: Project, task: TaskType) -> list[ModelPattern]:
    return [
        ModelPattern(json.loads(groups), _people(labels, task), items, annotator, task.token(json.loads(value)))
        for annotator, groups, labels, value, items in _rows(MODEL_PATTERNS, project)
    ]


def pair_cells(project: Project, task: TaskType, *, raters: int) -> list[PairCell]:
    """Shared items of every two of the ``raters`` people who labelled most."""
    return [
        PairCell(one, other, task.token(json.loads(value)), task.token(json.loads(other_value)), items)
        for one, other, value, other_value, items in _rows(PAIRS, project, raters=raters)
    ]


def count_raters(project: Project) -> int:
    return int(next(_rows(RATERS, project))[0])


def _people(labels: str, task: TaskType) -> dict[str, int]:
    return {task.token(value): times for value, times in json.loads(labels)}


def _rows(statement: str, project: Project, **more: int) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"project": project.pk, **more})
        yield from cursor.fetchall()
