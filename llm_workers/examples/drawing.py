"""A few items at random out of however many, in one short statement."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import Max, Min

from annotations.models import Item, Project
from llm_workers.examples.choosing import balanced

PLACES, EACH = 40, 10
NEAR = """
SELECT DISTINCT near.id, near.groups ->> %(attribute)s
FROM unnest(%(places)s::bigint[]) AS place,
    LATERAL (SELECT item.id, item.groups FROM annotations_item AS item
             WHERE item.project_id = %(project)s AND item.id >= place ORDER BY item.id LIMIT %(each)s) AS near
"""


def draw_items(*, project: Project, count: int, attribute: str, seed: int, without: Collection[int] = ()) -> list[int]:
    """Up to ``count`` item ids, evenly over the groups of ``attribute`` where it is not empty; none of ``without``.

    Drawn from the ``EACH`` items that follow each of ``PLACES`` random places among the project's ids, so a million
    items cost no more than a hundred. The same seed and items give the same draw.
    """
    ends = Item.objects.filter(project=project).aggregate(low=Min("id"), high=Max("id"))
    if ends["low"] is None:
        return []
    dice = random.Random(seed)  # noqa: S311
    places = [dice.randint(ends["low"], ends["high"]) for _ in range(PLACES - 1)]
    values: dict[str, Any] = {
        "attribute": attribute,
        "places": [ends["low"], *places],
        "project": project.pk,
        "each": EACH,
    }
    with connection.cursor() as cursor:
        cursor.execute(NEAR, values)
        found = [(item_id, group if attribute else "") for item_id, group in cursor.fetchall()]
    return balanced([row for row in found if row[0] not in without], count=count, seed=seed)
