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
SELECT entry.item_id, entry.extra
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
    item_ids = _differing(found, _wanted(found, fitted, told, project, rules), schema.project_id)
    for first in range(0, len(item_ids), BATCH):
        with item_changes(project=project, item_ids=item_ids[first : first + BATCH], schema=schema):
            pass  # on the way out it asks for what the fit says
    return len(item_ids)


def _wanted(found: Collected, fitted: Fitted, told: Told, project: Project, rules: ServingRules) -> Any:
    """``serving.adaptive.extra_labels`` of every item at once: shape (n_items,)."""
    sure = certainties(found.labels, told.logs, fitted.prior, counted=found.people) >= rules.tau
    people = np.bincount(found.labels.item, found.people[found.labels.annotator], found.labels.n_items).astype(int)
    wanted = people + ((people >= project.redundancy) & ~sure)
    return np.maximum(np.minimum(wanted, rules.max_labels or 0) - project.redundancy, 0)


def _differing(found: Collected, wanted: Any, project_id: int) -> list[int]:
    """Ids of the items that ask for another number of labels now than is wanted."""
    cells = {"item": "whole", "extra": "whole"}
    differing: list[int] = []
    for batch in columns.batches(connections[DEFAULT_DB_ALIAS], ASKED, {"project": project_id}, cells):
        item_id, extra = (batch.column(name).to_numpy() for name in cells)
        at = np.minimum(np.searchsorted(found.item_ids, item_id), len(found.item_ids) - 1)
        differs = (found.item_ids[at] == item_id) & (wanted[at] != extra)
        differing += item_id[differs].tolist()
    return sorted(differing)
