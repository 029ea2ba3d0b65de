"""What a new fit means for adaptive redundancy: the items whose demand it changes, and no others, follow it."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import DEFAULT_DB_ALIAS, connections

from annotations import columns
from annotations.aggregation.adaptive import Told, certainties
from annotations.aggregation.fitted import Fitted
from annotations.deciding.arrays import Collected
from annotations.models import LabelSchema, Project, ServingRules
from annotations.services.changes import item_changes

BATCH = 200

# An item that is set aside, known or settled asks for what it asks, whatever people say of it.
ASKED = """
SELECT entry.item_id, entry.extra, entry.redundancy
FROM annotations_queueentry entry
JOIN annotations_item item ON item.id = entry.item_id AND item.gold IS NULL
WHERE entry.project_id = %(project)s AND entry.extra >= 0 AND NOT EXISTS (
    SELECT FROM annotations_consensus decided WHERE decided.item_id = entry.item_id AND decided.method = 'settled')
"""


def demand_follow(found: Collected, fitted: Fitted, told: Told | None, *, schema: LabelSchema) -> int:
    """Ask for as many labels as the fit, which is stored, says; how many items were looked at again.

    Nothing where the project's redundancy is fixed. Works in small transactions: people go on labelling meanwhile, and
    what they label is worked out from the same fit. May die anywhere; the next fit does the rest.
    """
    rules = ServingRules.objects.filter(project_id=schema.project_id, max_labels__isnull=False).first()
    if rules is None or told is None:
        return 0
    project = Project.objects.get(pk=schema.project_id)
    sure = certainties(found.labels, told.logs, fitted.prior, counted=found.people) >= rules.tau
    item_ids = _differing(found, sure, rules, project)
    for first in range(0, len(item_ids), BATCH):
        with item_changes(project=project, item_ids=item_ids[first : first + BATCH], schema=schema):
            pass  # on the way out it asks for what the fit says
    return len(item_ids)


def _wanted(people: Any, sure: Any, redundancy: Any, most: int) -> Any:
    """``serving.adaptive.extra_labels`` of several items at once, each with its own redundancy: shape (n,)."""
    wanted = people + ((people >= redundancy) & ~sure)
    return np.maximum(np.minimum(wanted, np.maximum(most, redundancy)) - redundancy, 0)


def _differing(found: Collected, sure: Any, rules: ServingRules, project: Project) -> list[int]:
    """Ids of the items that ask for another number of labels now than is wanted."""
    people = np.bincount(found.labels.item, found.people[found.labels.annotator], found.labels.n_items).astype(int)
    cells = {"item": "whole", "extra": "whole", "redundancy": "whole"}
    differing: list[int] = []
    for batch in columns.batches(connections[DEFAULT_DB_ALIAS], ASKED, {"project": project.pk}, cells):
        item_id, extra, redundancy = (batch.column(name).to_numpy() for name in cells)
        at = np.minimum(np.searchsorted(found.item_ids, item_id), len(found.item_ids) - 1)
        wanted = _wanted(people[at], sure[at], redundancy, rules.max_labels or 0)
        differing += item_id[(found.item_ids[at] == item_id) & (wanted != extra)].tolist()
    return sorted(differing)
