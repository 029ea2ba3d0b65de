"""How many labels items need, and how many must agree: changing either while people are labelling.

The project's row says what is asked for; each queue entry says by what its item was last brought in line. Whoever
works on an item brings it in line on the way (``services.changes``), and a background task sees to those that nobody
works on. See docs/adr/0016.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from annotations.models import Project, QueueEntry
from annotations.services.changes import item_changes
from annotations.services.recomputing import alone_with

LOCK_CLASS = 0x1DE3A7  # first half of the advisory lock's key; the project is the second
BATCH = 500


def demand_change(*, project: Project, redundancy: int, min_support: int) -> None:
    """Set both on the project, whose row the caller holds and saves; items follow by ``demand_follow``."""
    project.redundancy, project.min_support = redundancy, min_support
    project.demand_version += 1
    project.demand_changed_at = timezone.now()


def demand_follow(*, project_id: int) -> int:
    """Bring places, consensus, cases and outbox of every item in line with the demand; how many were not.

    Works in small transactions. May be called at any time and twice, and die anywhere: what is in line is left alone,
    and the project says that it is done only after a search that began after the last change has found nothing.
    """
    followed = 0
    with alone_with(LOCK_CLASS, project_id) as free:
        while free and (since := _changed_at(project_id)):
            found = _follow_all(project_id)
            followed += found
            if not found:  # unless it was changed again meanwhile
                Project.objects.filter(pk=project_id, demand_changed_at=since).update(demand_changed_at=None)
    return followed


def behind(*, project_id: int) -> bool:
    """Whether items of the project may not follow its demand yet."""
    return _changed_at(project_id) is not None


def projects_behind() -> list[int]:
    """Projects whose items may not follow their demand yet: what a dead worker or a lost message left."""
    waiting = Project.objects.filter(demand_changed_at__isnull=False).order_by("demand_changed_at")
    return list(waiting.values_list("pk", flat=True)[:100])


def _changed_at(project_id: int) -> datetime | None:
    return Project.objects.filter(pk=project_id).values_list("demand_changed_at", flat=True).first()


def _follow_all(project_id: int) -> int:
    """One walk over the project's items; how many were not in line. Each batch asks what the demand is now."""
    project = Project.objects.get(pk=project_id)
    schema = project.schemas.get(is_current=True)
    others = QueueEntry.objects.filter(project=project).exclude(demand_version=F("project__demand_version"))
    found, last = 0, 0
    while item_ids := list(
        others.filter(item_id__gt=last).order_by("item_id").values_list("item_id", flat=True)[:BATCH]
    ):
        with item_changes(project=project, item_ids=item_ids, schema=schema) as changes:
            found += len(changes.items)  # on the way out each of them is in line
        last = item_ids[-1]
    return found
