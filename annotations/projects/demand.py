"""How many labels items need, and how many must agree: changing either while people are labelling."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace

from annotations.labelling.places import recount_places
from annotations.models import Project, QueueEntry
from annotations.services.changes import item_changes

BATCH = 1000


def demand_change(*, project: Project, redundancy: int, min_support: int) -> None:
    """Store both, and bring places, consensus, cases and outbox of every item in line.

    The caller is in a transaction that holds the project's row. Every queue entry is locked in the order of items and
    stays so to the end: whoever labels meanwhile counts either wholly before or wholly after. Memory is bounded by the
    batch, time by the number of items (about a thousand a second).
    """
    after = copy(project)
    after.redundancy, after.min_support = redundancy, min_support
    schema = project.schemas.get(is_current=True)
    for item_ids in _batches(project):
        with item_changes(project=project, item_ids=item_ids, schema=schema) as changes:
            changes.project = after
            changes.demand = replace(changes.demand, redundancy=redundancy)
    project.redundancy, project.min_support = redundancy, min_support
    project.save(update_fields=["redundancy", "min_support"])
    for item_ids in _batches(project):
        recount_places(item_ids)


def _batches(project: Project) -> Iterator[list[int]]:
    entries = QueueEntry.objects.filter(project=project).order_by("item_id").values_list("item_id", flat=True)
    last = 0
    while batch := list(entries.filter(item_id__gt=last)[:BATCH]):
        yield batch
        last = batch[-1]
