"""How a validator's ratings compare with what is known. Counted in the background, with the scores: in a large project
that walks over all that is known."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from llm_workers.validating.models import Validator, ValidatorComparison

Counts = list[tuple[str, str, bool, str, int]]  # attribute, group, whether the label is right, verdict, ratings

# Ratings of labels whose item's label is known: an expert settled it, or it is gold. Found from what is known, which is
# little, and not from the ratings. Once for all items together (the group empty), once for each group.
COMPARED = """
WITH known AS (
    SELECT closed.item_id, settled.value FROM annotations_case closed
    JOIN annotations_settlement settled ON settled.case_id = closed.id
    WHERE closed.project_id = %(project)s AND closed.status = 'settled' AND settled.value IS NOT NULL
    UNION ALL
    SELECT item.id, item.gold FROM annotations_item item
    WHERE item.project_id = %(project)s AND item.gold IS NOT NULL AND NOT EXISTS (
        SELECT FROM annotations_case closed WHERE closed.item_id = item.id AND closed.status = 'settled')
)
SELECT part.attribute, part.name, (rated.value = known.value) AS is_right, rated.verdict, count(*)
FROM known
JOIN llm_workers_rating rated ON rated.item_id = known.item_id AND rated.validator_id = %(validator)s
JOIN annotations_item item ON item.id = known.item_id
CROSS JOIN LATERAL (
    SELECT '' AS attribute, '' AS name
    UNION ALL SELECT pair.key, pair.value FROM jsonb_each_text(item.groups) pair
) part
WHERE rated.status = 'done'
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
"""


def ratings_compared(validator: Validator) -> Counts:
    """A count of now."""
    with connection.cursor() as cursor:
        cursor.execute(COMPARED, {"validator": validator.pk, "project": validator.project_id})
        return [tuple(row) for row in cursor.fetchall()]


def comparison_refresh(validator: Validator) -> ValidatorComparison:
    """Count anew and keep it. May run twice: what was begun last is as good as any."""
    began = timezone.now()
    made, _new = ValidatorComparison.objects.update_or_create(
        validator=validator, defaults={"counts": ratings_compared(validator), "counted_at": began}
    )
    return made
