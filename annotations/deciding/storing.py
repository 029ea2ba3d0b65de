"""Storing what a fit found: only the rows that changed are written."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db import connection, transaction

from annotations.aggregation.adaptive import Told
from annotations.aggregation.fitted import Fitted
from annotations.deciding.arrays import Collected
from annotations.importing.copying import escaped
from annotations.models import LabelSchema
from annotations.task_types import task_type

STEPS = 10_000  # probabilities are kept to four digits
LEAST_SHOWN = 5  # of these steps
SKILLS_BATCH = 1000
POSTERIORS_BATCH = 50_000

SKILLS = """
INSERT INTO annotations_annotatorskill (annotator_id, project_id, skill, labels, confusion, told)
SELECT row.id, %(project)s, row.skill, row.labels, row.confusion, row.told
FROM jsonb_to_recordset(%(rows)s)
    AS row(id bigint, skill double precision, labels integer, confusion jsonb, told jsonb)
JOIN annotations_annotator annotator ON annotator.id = row.id
ON CONFLICT (annotator_id) DO UPDATE
    SET skill = excluded.skill, labels = excluded.labels, confusion = excluded.confusion, told = excluded.told
"""
OLD_SKILLS = "DELETE FROM annotations_annotatorskill WHERE project_id = %(project)s AND annotator_id <> ALL(%(kept)s)"

# A row that stays as it is is not even locked: most do, from fit to fit.
FITTED = """
CREATE TEMPORARY TABLE fitted (item_id bigint, value jsonb, certainty double precision, probabilities jsonb)
ON COMMIT DROP
"""
COPY = "COPY fitted FROM STDIN"
CHANGED = """
UPDATE annotations_itemposterior old
SET value = fitted.value, certainty = fitted.certainty, probabilities = fitted.probabilities
FROM fitted
WHERE old.item_id = fitted.item_id AND (old.probabilities <> fitted.probabilities OR old.value <> fitted.value)
"""
# Those that are there are found by the key alone: a join would read a table that was empty when PostgreSQL last looked
# whole for every row, with all that the statement has put in so far.
NEW = """
INSERT INTO annotations_itemposterior (item_id, project_id, value, certainty, probabilities)
SELECT fitted.item_id, %(project)s, fitted.value, fitted.certainty, fitted.probabilities
FROM fitted JOIN annotations_item item ON item.id = fitted.item_id
ON CONFLICT (item_id) DO NOTHING
"""
COUNT = "SELECT count(*) FROM annotations_itemposterior WHERE project_id = %(project)s"
OLD_POSTERIORS = """
DELETE FROM annotations_itemposterior old
WHERE project_id = %(project)s AND NOT EXISTS (
    SELECT FROM annotations_annotation given WHERE given.item_id = old.item_id AND given.status = 'current')
"""


def skills_store(found: Collected, fitted: Fitted, told: Told | None, *, project_id: int) -> None:
    """Skill and confusion matrix of every annotator of the fit; those who are not in it lose theirs.

    ``told``: None where there are so many labels that no matrix is kept.
    """
    given = found.labels.given
    skill = np.clip(fitted.skill, 0, 1)
    for first in range(0, len(found.annotator_ids), SKILLS_BATCH):
        part = slice(first, first + SKILLS_BATCH)
        columns = {
            "id": found.annotator_ids[part],
            "skill": skill[part].tolist(),
            "labels": given[part].tolist(),
        }
        count = len(columns["id"])
        columns["confusion"] = [[]] * count if told is None else _rounded(fitted.confusion[part], 6)
        columns["told"] = [[]] * count if told is None else _rounded(told.logs[part], 4)
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(SKILLS, {"project": project_id, "rows": json.dumps(rows)})
    with connection.cursor() as cursor:
        cursor.execute(OLD_SKILLS, {"project": project_id, "kept": found.annotator_ids})


def posteriors_store(found: Collected, fitted: Fitted, *, schema: LabelSchema) -> None:
    """The posterior of every item of the fit; items without a label lose theirs."""
    task = task_type(schema.task_type)
    values = [escaped(json.dumps(task.value_of_token(token))) for token in found.tokens]
    names = [escaped(json.dumps(token)) for token in found.tokens]
    for first in range(0, len(found.item_ids), POSTERIORS_BATCH):
        part = slice(first, first + POSTERIORS_BATCH)
        lines = _lines(found.item_ids[part].tolist(), fitted.posterior[part], values, names)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FITTED)
            cursor.copy_expert(COPY, io.StringIO("".join(lines)))
            cursor.execute("ANALYZE fitted")
            cursor.execute(CHANGED)
            cursor.execute(NEW, {"project": schema.project_id})
            cursor.execute("DROP TABLE fitted")  # the transaction may be part of a longer one
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"project": schema.project_id})
        if cursor.fetchone()[0] != len(found.item_ids):
            cursor.execute(OLD_POSTERIORS, {"project": schema.project_id})


def _lines(item_ids: list[int], posterior: Any, values: list[str], names: list[str]) -> Iterator[str]:
    """Rows for COPY. Items of the same posterior share the work of writing it out."""
    steps = np.rint(posterior * STEPS).astype(np.int16)
    best = posterior.argmax(axis=1).astype(np.int16)
    distinct, which = np.unique(np.column_stack([best, steps]), axis=0, return_inverse=True)
    texts = []
    for top, *chances in distinct.tolist():
        shown = ", ".join(
            f"{name}: {chance / STEPS}" for name, chance in zip(names, chances, strict=True) if chance >= LEAST_SHOWN
        )
        texts.append(f"\t{values[top]}\t{chances[top] / STEPS}\t{{{shown}}}\n")
    return (f"{item_id}{texts[number]}" for item_id, number in zip(item_ids, which.ravel().tolist(), strict=True))


def _rounded(matrices: Any, digits: int) -> list[Any]:
    rounded: list[Any] = np.round(matrices.astype(np.float64), digits).tolist()
    return rounded
