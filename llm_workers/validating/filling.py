"""Which labels a validator has to rate: each different label that people gave an item, once."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from annotations.models import Annotation
from llm_workers.validating.models import Validator

WINDOW = 20_000  # labels looked at in one transaction
MARGIN = 100_000  # transactions may commit in another order than their labels were numbered: by this many at most …
COMMITTING = timedelta(seconds=120)  # … and within this time

FILL = """
INSERT INTO llm_workers_rating (validator_id, item_id, value, value_md5, status, attempts, verdict, reason, problem,
    prompt_tokens, completion_tokens, seconds)
SELECT DISTINCT ON (given.item_id, md5(given.value::text))
    %(validator)s, given.item_id, given.value, md5(given.value::text), 'pending', 0, '', '', '', 0, 0, 0
FROM annotations_annotation given JOIN annotations_annotator giver ON giver.id = given.annotator_id
WHERE given.project_id = %(project)s AND given.id > %(after)s AND given.id <= %(upto)s
    AND given.status = 'current' AND giver.kind = 'human'
ON CONFLICT (validator_id, item_id, value_md5) DO NOTHING
"""
GIVEN = """
SELECT DISTINCT given.item_id, md5(given.value::text)
FROM annotations_annotation given JOIN annotations_annotator giver ON giver.id = given.annotator_id
WHERE given.item_id = ANY(%(items)s) AND given.status = 'current' AND giver.kind = 'human'
"""
END = """
SELECT max(id) FROM (
    SELECT id FROM annotations_annotation WHERE project_id = %(project)s AND id > %(after)s ORDER BY id LIMIT %(most)s
) part
"""


def ratings_fill(validator: Validator) -> int:
    """Add what has to be rated since the last time; how many. A label that is there already is not asked about again.

    Looks at new labels only, and once more at those shortly before, which may have been committed late. May be called
    twice and die anywhere: the place is written down last.
    """
    newest = Annotation.objects.filter(project_id=validator.project_id).aggregate(Max("id"))["id__max"] or 0
    now = timezone.now()
    if newest <= validator.seen and (validator.seen_at is None or now - validator.seen_at > COMMITTING):
        return 0
    added, at = 0, max(validator.seen - MARGIN, 0)
    values = {"project": validator.project_id, "validator": validator.pk, "most": WINDOW}
    while at < newest:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(END, values | {"after": at})
            upto = cursor.fetchone()[0]
            if upto is None:
                break
            cursor.execute(FILL, values | {"after": at, "upto": upto})
            added += cursor.rowcount
        at = upto
    if newest > validator.seen:
        Validator.objects.filter(pk=validator.pk, seen__lt=newest).update(seen=newest, seen_at=now)
    return added


def still_given(item_ids: list[int]) -> set[tuple[int, str]]:
    """(item id, MD5 of the value) of what people say of these items now."""
    with connection.cursor() as cursor:
        cursor.execute(GIVEN, {"items": item_ids})
        return set(cursor.fetchall())
