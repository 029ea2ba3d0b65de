"""Counting labels, correct labels, tokens and model time by annotator and group: a pass over a project's labels, made
in the background so that no page has to."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from annotations.models import Project, Run
from annotations.services.recomputing import alone_with, newest_event, outdated
from llm_workers.models import CostCount, CostTally

LOCK_CLASS = 0x1C0575  # first half of the advisory lock's key; the project is the second
LEAST_PAUSE = 60.0  # seconds between two counts of a project
PAUSE_FACTOR = 20  # of what the last count took: counting takes a twentieth of a core at most

# An item belongs to the whole (empty attribute and group) and to one group of each protected attribute that it names.
CELLS = """
CROSS JOIN LATERAL (
    SELECT '' AS attribute, '' AS "group"
    UNION ALL
    SELECT pair.key, left(pair.value, 128) FROM jsonb_each_text(item.groups) AS pair
    WHERE pair.key = ANY(%(attributes)s)
) AS cell
"""
# Also of items that were asked about and went back: a run's totals have what that took, so its groups have it, too.
TOKENS = f"""
SELECT run.annotator_id, cell.attribute, cell."group", sum(asked.prompt_tokens), sum(asked.completion_tokens),
    sum(asked.cached_tokens), sum(asked.seconds)
FROM annotations_run AS run
JOIN llm_workers_runitem AS asked ON asked.run_id = run.id
    AND (asked.prompt_tokens + asked.completion_tokens > 0 OR asked.seconds > 0)
JOIN annotations_item AS item ON item.id = asked.item_id
{CELLS}
WHERE run.project_id = %(project)s
GROUP BY 1, 2, 3
"""  # noqa: S608
LABELS = f"""
SELECT whose, attribute, "group", count(*), count(truth), count(*) FILTER (WHERE value = truth),
    count(agreed), count(*) FILTER (WHERE value = agreed)
FROM (
    SELECT CASE WHEN giver.kind = 'model' THEN giver.id END AS whose, cell.attribute, cell."group", label.value,
        known.truth,
        CASE WHEN giver.kind = 'model' AND known.truth IS NULL AND consensus.method IN ('unanimous', 'majority')
            THEN consensus.value END AS agreed
    FROM annotations_annotation AS label
    JOIN annotations_annotator AS giver ON giver.id = label.annotator_id
    JOIN annotations_item AS item ON item.id = label.item_id
    LEFT JOIN annotations_consensus AS consensus ON consensus.item_id = item.id
    CROSS JOIN LATERAL (
        SELECT coalesce(
            nullif(item.gold, 'null'::jsonb), CASE WHEN consensus.method = 'settled' THEN consensus.value END
        ) AS truth
    ) AS known
    {CELLS}
    WHERE label.project_id = %(project)s AND giver.origin <> 'imported'
        AND (label.status = 'current' OR label.status = 'excluded' AND giver.kind = 'human')
) AS counted
GROUP BY 1, 2, 3
"""  # noqa: S608
TOKEN_FIELDS = ("prompt_tokens", "completion_tokens", "cached_tokens", "model_seconds")
LABEL_FIELDS = ("labels", "known", "known_right", "agreed", "agreed_right")


def uncounted_projects() -> list[int]:
    """Ids of projects with runs whose labels may have changed since they were last counted, long enough ago."""
    news = outdated(CostCount, at="counted_at", least=LEAST_PAUSE, factor=PAUSE_FACTOR)
    return list(Run.objects.filter(project__in=news).order_by("project").values_list("project", flat=True).distinct())


def costs_count(*, project_id: int) -> CostCount | None:
    """Count a project anew; None where it is gone or another process is at it. May be called at any time and twice."""
    with alone_with(LOCK_CLASS, project_id) as free:
        project = Project.objects.filter(pk=project_id).first() if free else None
        if project is None:
            return None
        began = time.monotonic()
        head = newest_event(project_id)
        rows = _rows(project)
        with transaction.atomic():
            CostTally.objects.filter(project=project).delete()
            CostTally.objects.bulk_create(rows, batch_size=1000)
            seconds = time.monotonic() - began
            fields = {"head": head, "seconds": seconds, "counted_at": timezone.now()}
            count, _made = CostCount.objects.update_or_create(project=project, defaults=fields)
        return count


def _rows(project: Project) -> list[CostTally]:
    """A tally for each annotator that is a model, and one for all people, over all items and in each group."""
    attributes = list(project.attributes.values_list("name", flat=True))
    found: dict[tuple[int | None, str, str], dict[str, Any]] = {}
    for statement, fields in ((TOKENS, TOKEN_FIELDS), (LABELS, LABEL_FIELDS)):
        with connection.cursor() as cursor:
            cursor.execute(statement, {"project": project.pk, "attributes": attributes})
            for whose, attribute, group, *sums in cursor.fetchall():
                found.setdefault((whose, attribute, group), {}).update(zip(fields, sums, strict=True))
    return [
        CostTally(project=project, annotator_id=whose, attribute=attribute, group=group, **sums)
        for (whose, attribute, group), sums in found.items()
    ]
