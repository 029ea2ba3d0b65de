"""Changing the rules of serving, and bringing what waits in the queue in line with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.labelling.places import CHOOSERS, UNIFORM_LANE, recount_places
from annotations.models import Project, QueueEntry, ServingRules, Strategy
from annotations.projects.demand import demand_change
from annotations.services.changes import item_changes
from annotations.services.holding import project_held
from annotations.serving.selectors import rules_as_data, rules_of
from ledger.errors import invalid
from ledger.services import actor_of, record

BATCH = 1000
STEPS = 100  # of priority: items are served by hundredths of the project's range of ranks
LAST = STEPS + 1  # for items without a number
MOST_GROUPS = 200

# Lanes by the rank of a number in an imported column, the highest first; what holds no number comes last.
BY_PRIORITY = """
CREATE TEMPORARY TABLE lanes ON COMMIT PRESERVE ROWS AS
SELECT id, CASE WHEN number IS NULL THEN %(last)s
    ELSE floor(%(steps)s * percent_rank() OVER (PARTITION BY number IS NULL ORDER BY number DESC)) END::int AS lane
FROM (
    SELECT id, CASE WHEN jsonb_typeof(extra -> %(column)s) IN ('number', 'string')
        AND extra ->> %(column)s ~ '^[[:space:]]*[-+]?[0-9]{1,15}([.][0-9]{1,15})?[[:space:]]*$'
        THEN (extra ->> %(column)s)::numeric END AS number
    FROM annotations_item WHERE project_id = %(project)s
) numbered
"""

# Lanes by an item's group of an attribute; items of no group have one too.
BY_GROUP = """
CREATE TEMPORARY TABLE lanes ON COMMIT PRESERVE ROWS AS
SELECT id, (dense_rank() OVER (ORDER BY COALESCE(groups ->> %(column)s, '')) %% %(most)s)::int AS lane
FROM annotations_item WHERE project_id = %(project)s
"""

IN_ONE = """
CREATE TEMPORARY TABLE lanes ON COMMIT PRESERVE ROWS AS
SELECT item_id AS id, 0 AS lane FROM annotations_queueentry WHERE project_id = %(project)s AND lane <> 0
"""

SORT = """
WITH locked AS MATERIALIZED (
    SELECT item_id FROM annotations_queueentry WHERE item_id = ANY(%(items)s) ORDER BY item_id FOR UPDATE
)
UPDATE annotations_queueentry entry SET lane = sorted.lane
FROM locked
JOIN annotations_queueentry queued ON queued.item_id = locked.item_id
JOIN lanes ON lanes.id = locked.item_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN queued.shuffle %% %(parts)s < %(uniform)s THEN %(uniform_lane)s ELSE lanes.lane END AS lane
) sorted
WHERE entry.item_id = locked.item_id AND entry.lane <> sorted.lane
"""
# Of so many parts of equal size the first ones are drawn uniformly: by an item's place on the ring, which is random and
# fixed at import, so that a larger share takes in all of a smaller one.
PARTS = 10_000


def rules_update(*, project: Project, actor: User, values: Mapping[str, Any]) -> tuple[ServingRules, bool]:
    """Set some or all of the rules; (the rules, whether anything changed).

    The queue follows in the background: see ``queue_settle``. Raises ``DomainError`` 400 for values that make no sense
    together, 409 where the project is closed.
    """
    with transaction.atomic():
        project = project_held(project)
        rules = rules_of(project)
        before = rules_as_data(rules)
        for name, value in values.items():
            setattr(rules, name, value)
        _check(project, rules)
        after = rules_as_data(rules)
        if after == before:
            return rules, False
        rules.save()
        changed = {name: after[name] for name in after if after[name] != before[name]}
        if "max_labels" in changed:
            # Until every item follows, how many labels one may have is not known, so nothing of it is called certain.
            demand_change(project=project, redundancy=project.redundancy, min_support=project.min_support)
            project.save(update_fields=["demand_version", "demand_changed_at"])
        record(
            kind="serving.rules_changed",
            actor=actor_of(actor),
            subject=f"project:{project.pk}",
            project_id=project.pk,
            data=changed,
            simulated=actor.is_simulated,
        )
    return rules, True


def _check(project: Project, rules: ServingRules) -> None:
    rules.column = rules.column.strip()
    try:
        rules.clean_fields(exclude=["project"])
    except ValidationError as error:
        raise invalid(_("Some of the rules cannot be used as they are."), fields=error.message_dict) from None
    if rules.strategy == Strategy.PRIORITY and not rules.column:
        message = _("Name the imported column that holds the number.")
        raise invalid(message, fields={"column": [message]})
    if rules.strategy == Strategy.STRATIFIED:
        known = list(project.attributes.values_list("name", flat=True))
        if rules.column not in known:
            message = _("Name one of the project's protected attributes: %(known)s.") % {
                "known": ", ".join(known) or "–"
            }
            raise invalid(message, fields={"column": [message]})
    if rules.max_labels is not None and rules.max_labels < project.redundancy:
        message = _("At most %(most)s labels is less than the %(least)s that each item gets in any case.")
        message %= {"most": rules.max_labels, "least": project.redundancy}
        raise invalid(message, fields={"max_labels": [message]})


def queue_settle(*, project_id: int) -> int:
    """Bring places, demand and lanes of a project's items in line with its rules; how many items there are.

    May be run at any time and twice: it changes only what is not as the rules say. Works in small transactions, so
    that people go on labelling meanwhile.
    """
    project = Project.objects.get(pk=project_id)
    rules = rules_of(project)
    schema = project.schemas.get(is_current=True)
    count = 0
    for item_ids in _batches(project_id):
        with item_changes(project=project, item_ids=item_ids, schema=schema) as changes:
            recount_places(changes.items)
        count += len(item_ids)
    lanes_settle(project_id=project_id, rules=rules)
    return count


def is_sorted(*, project_id: int) -> bool:
    """Whether the project's items are served in an order that new ones have to be sorted into."""
    return ServingRules.objects.filter(
        project_id=project_id, strategy__in=[Strategy.PRIORITY, Strategy.STRATIFIED]
    ).exists()


def queue_sort(*, project_id: int) -> None:
    """Sort new items into the project's order of serving. May be run at any time and twice."""
    lanes_settle(project_id=project_id, rules=rules_of(Project.objects.get(pk=project_id)))


def lanes_settle(*, project_id: int, rules: ServingRules) -> None:
    """Sort the queue into the lanes of a strategy that sorts by something other than the labels given so far.

    The lanes are worked out once, then set batch by batch: nobody who labels waits for more than a batch.
    """
    values: dict[str, Any] = {
        "project": project_id,
        "column": rules.column,
        "steps": STEPS,
        "last": LAST,
        "most": MOST_GROUPS,
    }
    sources = {Strategy.PRIORITY: BY_PRIORITY, Strategy.STRATIFIED: BY_GROUP, Strategy.SHUFFLE: IN_ONE}
    source = sources.get(Strategy(rules.strategy))
    share = rules.uniform_share if rules.strategy in CHOOSERS else 0.0
    drawn = {"parts": PARTS, "uniform": round(PARTS * share), "uniform_lane": UNIFORM_LANE}
    if source is None:
        return  # breadth and depth: the lane follows from the labels, see places.RECOUNT
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS lanes")
        cursor.execute(source, values)
        for item_ids in _batches(project_id):
            cursor.execute(SORT, {"items": item_ids, **drawn})
        cursor.execute("DROP TABLE lanes")


def _batches(project_id: int) -> Iterator[list[int]]:
    entries = QueueEntry.objects.filter(project_id=project_id).order_by("item_id").values_list("item_id", flat=True)
    last = 0
    while batch := list(entries.filter(item_id__gt=last)[:BATCH]):
        yield batch
        last = batch[-1]
