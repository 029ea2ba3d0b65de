"""Storing scores: by column, and only the rows that changed are written."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from annotations.importing.copying import escaped

BATCH = 50_000
DIGITS = 3

SCORED = "CREATE TEMPORARY TABLE scored (annotation_id bigint, score double precision, why jsonb) ON COMMIT DROP"
COPY = "COPY scored FROM STDIN"
CHANGED = """
UPDATE llm_workers_labelscore old SET score = scored.score, why = scored.why FROM scored
WHERE old.annotation_id = scored.annotation_id AND (old.score <> scored.score OR old.why <> scored.why)
"""
# Those that are there are found by the key alone: a join would read a table that was empty when PostgreSQL last looked
# whole for every row, with all that the statement has put in so far.
NEW = """
INSERT INTO llm_workers_labelscore (annotation_id, project_id, score, why)
SELECT scored.annotation_id, %(project)s, scored.score, scored.why
FROM scored JOIN annotations_annotation given ON given.id = scored.annotation_id
ON CONFLICT (annotation_id) DO NOTHING
"""
COUNT = "SELECT count(*) FROM llm_workers_labelscore WHERE project_id = %(project)s"
OLD = """
DELETE FROM llm_workers_labelscore old
WHERE project_id = %(project)s AND NOT EXISTS (
    SELECT FROM annotations_annotation given WHERE given.id = old.annotation_id AND given.status = 'current')
"""


def scores_store(*, project_id: int, annotation_ids: Any, score: Any, against: Sequence[tuple[str, ...]]) -> None:
    """The score of every label, and what speaks against it; labels that are no longer current lose theirs."""
    names = {why: escaped(json.dumps(why)) for why in set(against)}
    for first in range(0, len(annotation_ids), BATCH):
        part = slice(first, first + BATCH)
        rows = zip(annotation_ids[part].tolist(), score[part].tolist(), against[part], strict=True)
        lines = (f"{pk}\t{round(chance, DIGITS)}\t{names[why]}\n" for pk, chance, why in rows)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(SCORED)
            cursor.copy_expert(COPY, io.StringIO("".join(lines)))
            cursor.execute("ANALYZE scored")
            cursor.execute(CHANGED)
            cursor.execute(NEW, {"project": project_id})
            cursor.execute("DROP TABLE scored")  # the transaction may be part of a longer one
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"project": project_id})
        if cursor.fetchone()[0] != len(annotation_ids):
            cursor.execute(OLD, {"project": project_id})
