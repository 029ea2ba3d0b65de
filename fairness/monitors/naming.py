"""Which groups a monitor watches: named once, when all are there, and told of where they are others since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import connection, transaction

from annotations.models import ImportJob, ImportStatus, Regrouping
from fairness.metrics import MOST_GROUPS
from fairness.models import Counter, Monitor
from fairness.monitors.models import COMPARING
from fairness.monitors.telling import regrouping_tell
from ledger.services import SYSTEM, record

# Items whose appearance or change of groups the counters have not taken in.
WAITING = """
SELECT EXISTS (
    SELECT FROM annotations_outboxrow WHERE project_id = %s AND (before->'groups') IS DISTINCT FROM (after->'groups')
)
"""


def groups_by_attribute(project_id: int) -> dict[str, list[str]]:
    """Attribute → the groups of the project's items, from the counters, in alphabetical order."""
    rows = Counter.objects.filter(project_id=project_id, table="places", key="needed", n__gt=0)
    found: dict[str, list[str]] = defaultdict(list)
    for attribute, group in rows.values_list("attribute", "group").order_by("attribute", "group"):
        found[attribute].append(group)
    return found


def groups_are_moving(project_id: int) -> bool:
    """Whether items are still to come or to change their groups: an import or a change of groups is at work, or the
    counters have not taken in what one did. Groups that are named then are those of the first batches."""
    at_work = [ImportStatus.QUEUED, ImportStatus.RUNNING]
    # In this order: what is written before an import ends is waiting, or counted, once it has ended.
    if ImportJob.objects.filter(project_id=project_id, status__in=at_work).exists():
        return True
    if Regrouping.objects.filter(project_id=project_id, done_at__isnull=True).exists():
        return True
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [project_id])
        return bool(cursor.fetchone()[0])


def enough_groups(measure: str, groups: Iterable[str]) -> bool:
    """Whether these can be watched by a measure: one that compares groups needs two."""
    return len(list(groups)) >= (2 if measure in COMPARING else 1)


def may_be_named(measure: str, groups: Collection[str]) -> bool:
    """Whether a monitor may watch just these: enough of them, and no more than α can be shared among."""
    return enough_groups(measure, groups) and len(groups) <= MOST_GROUPS


def groups_name(monitors: Iterable[Monitor]) -> None:
    """Name the groups of monitors that were set before all items were there. Which these are depends on no label.

    Too many to be watched together are left unnamed until somebody merges them."""
    unnamed = [monitor for monitor in monitors if monitor.attribute and not monitor.groups]
    if not unnamed or groups_are_moving(unnamed[0].project_id):
        return
    now = groups_by_attribute(unnamed[0].project_id)
    for monitor in unnamed:
        groups = now.get(monitor.attribute, [])
        if may_be_named(monitor.measure, groups):
            monitor.groups = groups
            _name(monitor)


def _name(monitor: Monitor) -> None:
    """Once, and on record: among these groups α is shared."""
    with transaction.atomic():
        if Monitor.objects.filter(pk=monitor.pk, groups=[]).update(groups=monitor.groups):
            record(
                kind="monitor.groups_named",
                actor=SYSTEM,
                subject=f"monitor:{monitor.pk}",
                project_id=monitor.project_id,
                data={"groups": monitor.groups},
            )


def groups_changed(regrouping: Regrouping) -> None:
    """What monitors have to do with a change of groups that all items follow now: those that watch the attribute by
    the groups of before are written down, and their owners told. In the transaction that ends the change."""
    attributes = {regrouping.attribute, regrouping.rules.get("from", "")} - {""}
    watching = Monitor.objects.filter(
        project_id=regrouping.project_id, removed_at__isnull=True, attribute__in=attributes
    ).exclude(groups=[])
    concerned = list(watching.order_by("pk").values_list("pk", flat=True))
    if not concerned or not regrouping.items_changed:
        return
    record(
        kind="monitors.groups_changed",
        actor=SYSTEM,
        subject=f"project:{regrouping.project_id}",
        project_id=regrouping.project_id,
        data={"regrouping": regrouping.pk, "attributes": sorted(attributes), "monitors": concerned},
    )
    regrouping_tell(regrouping)
