"""Storing what a fit found: only the rows that changed are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db import connection, transaction

from annotations.aggregation.fitted import Fitted
from annotations.deciding.arrays import Collected
from annotations.models import LabelSchema
from annotations.task_types import task_type

LEAST_SHOWN = 0.0005
BATCH = 5000

SKILLS = """
INSERT INTO annotations_annotatorskill (annotator_id, project_id, skill, labels, confusion)
SELECT row.id, %(project)s, row.skill, row.labels, row.confusion
FROM jsonb_to_recordset(%(rows)s) AS row(id bigint, skill double precision, labels integer, confusion jsonb)
JOIN annotations_annotator annotator ON annotator.id = row.id
ON CONFLICT (annotator_id) DO UPDATE
    SET skill = excluded.skill, labels = excluded.labels, confusion = excluded.confusion
"""
OLD_SKILLS = "DELETE FROM annotations_annotatorskill WHERE project_id = %(project)s AND annotator_id <> ALL(%(kept)s)"

POSTERIORS = """
INSERT INTO annotations_itemposterior AS old (item_id, project_id, value, certainty, probabilities)
SELECT row.id, %(project)s, row.value, row.certainty, row.probabilities
FROM jsonb_to_recordset(%(rows)s) AS row(id bigint, value jsonb, certainty double precision, probabilities jsonb)
JOIN annotations_item item ON item.id = row.id
ON CONFLICT (item_id) DO UPDATE
    SET value = excluded.value, certainty = excluded.certainty, probabilities = excluded.probabilities
    WHERE old.probabilities <> excluded.probabilities OR old.value <> excluded.value
"""
OLD_POSTERIORS = """
DELETE FROM annotations_itemposterior old
WHERE project_id = %(project)s AND NOT EXISTS (
    SELECT FROM annotations_annotation given WHERE given.item_id = old.item_id AND given.status = 'current')
"""


def skills_store(found: Collected, fitted: Fitted, *, project_id: int) -> None:
    """Skill and confusion matrix of every annotator of the fit; those who are not in it lose theirs."""
    given = found.labels.given
    rows = (
        {
            "id": annotator_id,
            "skill": float(np.clip(fitted.skill[number], 0, 1)),
            "labels": int(given[number]),
            "confusion": _rounded(fitted.confusion[number]),
        }
        for number, annotator_id in enumerate(found.annotator_ids)
    )
    _store(SKILLS, rows, project_id)
    with connection.cursor() as cursor:
        cursor.execute(OLD_SKILLS, {"project": project_id, "kept": found.annotator_ids})


def posteriors_store(found: Collected, fitted: Fitted, *, schema: LabelSchema) -> None:
    """The posterior of every item of the fit; items without a label lose theirs."""
    task = task_type(schema.task_type)
    values = [task.value_of_token(token) for token in found.tokens]
    best = fitted.decided

    def rows() -> Iterator[dict[str, Any]]:
        for number, item_id in enumerate(found.item_ids):
            chances = fitted.posterior[number].tolist()
            top = int(best[number])
            yield {
                "id": item_id,
                "value": values[top],
                "certainty": round(chances[top], 4),
                "probabilities": {
                    token: round(chance, 4)
                    for token, chance in zip(found.tokens, chances, strict=True)
                    if chance >= LEAST_SHOWN
                },
            }

    _store(POSTERIORS, rows(), schema.project_id)
    with connection.cursor() as cursor:
        cursor.execute(OLD_POSTERIORS, {"project": schema.project_id})


def _store(statement: str, rows: Iterator[dict[str, Any]], project_id: int) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            _write(statement, batch, project_id)
            batch = []
    if batch:
        _write(statement, batch, project_id)


def _write(statement: str, rows: list[dict[str, Any]], project_id: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"project": project_id, "rows": json.dumps(rows)})


def _rounded(matrix: Any) -> list[list[float]]:
    return [[round(float(chance), 6) for chance in row] for row in matrix]
