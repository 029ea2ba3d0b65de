"""Counting the groups of a project's items, and changing them as the owner asks.

A change is one row, stored at once; items follow in small transactions through the one way in which items change, so
the live counters follow too. It may run twice, or die anywhere: what has its group already is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from annotations import watching
from annotations.grouping.keeping import rules_may_change
from annotations.grouping.selectors import GroupRules
from annotations.grouping.values import check_edges
from annotations.models import GroupSurvey, ImportJob, ImportStatus, Item, Project, Regrouping, RegroupingKind
from annotations.projects.demand import demand_follow
from annotations.raising.carrying import demands_carry
from annotations.services.changes import item_changes
from annotations.services.holding import project_held
from annotations.services.recomputing import alone_with
from ledger.errors import DomainError, invalid
from ledger.services import SYSTEM, Event, actor_of, record

BATCH = 500
KEPT_VALUES = 2000  # of each attribute, the most frequent
MAX_MERGED = 200  # values in one change
MAX_GROUP = 100  # characters
LOCK_CLASS = 0x1DE3A8  # first half of the advisory lock's key; the project is the second
ORIGINAL = "{} (as imported)"  # the column of ``Item.extra`` that keeps the imported value of a changed group

COUNT = """
SELECT one.key, COALESCE(item.extra->>format('%%s (as imported)', one.key), one.value), one.value, count(*)
FROM annotations_item item, jsonb_each_text(item.groups) one
WHERE item.project_id = %(project)s
GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2
"""
CORRECT = """
UPDATE annotations_item item SET groups = row.groups, extra = (item.extra - row.dropped) || row.originals
FROM jsonb_to_recordset(%(items)s) AS row(id bigint, groups jsonb, originals jsonb, dropped text[])
WHERE item.id = row.id
"""


def groups_count(*, project_id: int) -> GroupSurvey:
    """Count the values of every attribute that items have, and keep the counts."""
    counts: dict[str, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"project": project_id})
        while rows := cursor.fetchmany(2000):
            for attribute, raw, group, n in rows:
                found = counts.setdefault(attribute, {"values": [], "left_out": [0, 0]})
                if len(found["values"]) < KEPT_VALUES:
                    found["values"].append([raw, group, n])
                else:
                    found["left_out"] = [found["left_out"][0] + 1, found["left_out"][1] + n]
    items = Item.objects.filter(project_id=project_id).count()
    values = {"counts": counts, "items": items, "counted_at": timezone.now()}
    return GroupSurvey.objects.update_or_create(project_id=project_id, defaults=values)[0]


def regrouping_create(
    *, project: Project, actor: User, attribute: str, kind: str, rules: Mapping[str, Any]
) -> Regrouping:
    """Ask for a change of an attribute's groups. ``rules`` as in ``Regrouping``.

    Raises ``DomainError``: 400 for rules that make no sense, 409 where another change is still being made or the
    project is closed.
    """
    checked = check_rules(attribute, kind, rules)
    with transaction.atomic():
        project = project_held(project)
        if attribute not in project.attributes.values_list("name", flat=True):
            raise invalid(
                _("The project has no attribute “%(name)s”.") % {"name": attribute[:64]}, code="unknown_attribute"
            )
        if project.regroupings.filter(done_at__isnull=True).exists():
            text = _("Another change of groups is still being made. Try again in a moment.")
            raise DomainError("still_at_work", text)
        # The lock tells of imports that work; the status also of one whose worker died, and that goes on later.
        free = rules_may_change(project.pk)
        if not free or ImportJob.objects.filter(project=project, status=ImportStatus.RUNNING).exists():
            text = _("An import is running. Change the groups when its items are there.")
            raise DomainError("still_at_work", text)
        made = Regrouping.objects.create(
            project=project, attribute=attribute, kind=kind, rules=checked, created_by=actor
        )
        record(
            kind="groups.changing",
            actor=actor_of(actor),
            subject=f"project:{project.pk}",
            project_id=project.pk,
            data={"regrouping": made.pk, "attribute": attribute, "kind": kind, "rules": checked},
            simulated=actor.is_simulated,
        )
    return made


def check_rules(attribute: str, kind: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules in their stored form; raises ``DomainError`` (400)."""
    if kind == RegroupingKind.BINS:
        return {"edges": check_edges(rules.get("edges") or [])}
    if kind == RegroupingKind.RENAME:
        source = str(rules.get("from") or "").strip()
        if not source or source == attribute:
            raise invalid(_("Name the other attribute that the groups are taken over from."), code="bad_rules")
        return {"from": source}
    if kind != RegroupingKind.MERGE:
        raise invalid(_("A change of groups is one of: bins, merge, rename."), code="bad_rules")
    values = rules.get("values")
    if not isinstance(values, Mapping) or not 1 <= len(values) <= MAX_MERGED:
        raise invalid(_("Choose 1 to %(most)d values to merge.") % {"most": MAX_MERGED}, code="bad_rules")
    merged = {str(value): str(group).strip() for value, group in values.items()}
    if any(not group or len(group) > MAX_GROUP or group in merged for group in merged.values()):
        text = _("A value can be merged into a group of 1 to %(most)d characters that is not merged away itself.")
        raise invalid(text % {"most": MAX_GROUP}, code="bad_rules")
    return {"values": merged}


def regrouping_apply(*, regrouping_id: int) -> int:
    """Bring every item in line with the change; how many were changed. Counts the groups anew when all is done."""
    regrouping = Regrouping.objects.select_related("project").get(pk=regrouping_id)
    with alone_with(LOCK_CLASS, regrouping.project_id) as free:
        if not free:
            return 0  # another worker is at it
        rules = GroupRules(regrouping.project)
        while _batch(regrouping_id, rules):
            pass
    groups_count(project_id=regrouping.project_id)
    demand_follow(project_id=regrouping.project_id)  # where groups that get more labels are others now
    return Regrouping.objects.values_list("items_changed", flat=True).get(pk=regrouping_id)


def regroupings_behind() -> list[int]:
    """Changes that items do not follow yet: what a dead worker or a lost message left."""
    return list(Regrouping.objects.filter(done_at__isnull=True).values_list("pk", flat=True)[:100])


def _batch(regrouping_id: int, rules: GroupRules) -> bool:
    """One batch in a transaction of its own; whether there may be more."""
    with transaction.atomic():
        found = Regrouping.objects.select_for_update(of=("self",), no_key=True).select_related("project")
        regrouping = found.filter(pk=regrouping_id, done_at__isnull=True).first()
        if regrouping is None:
            return False
        items = Item.objects.filter(project=regrouping.project, pk__gt=regrouping.last_item).order_by("pk")
        ids = list(items.values_list("pk", flat=True)[:BATCH])
        if ids:
            regrouping.items_changed += _regroup(regrouping, ids, rules)
            regrouping.last_item = ids[-1]
        else:
            regrouping.done_at = timezone.now()
            record(
                kind="groups.changed",
                actor=SYSTEM,
                subject=f"project:{regrouping.project_id}",
                project_id=regrouping.project_id,
                data={"regrouping": regrouping.pk, "items": regrouping.items_changed},
            )
            demands_carry(regrouping=regrouping)
            watching.groups_changed(regrouping)
        regrouping.save(update_fields=["items_changed", "last_item", "done_at"])
        return bool(ids)


def _regroup(regrouping: Regrouping, ids: list[int], rules: GroupRules) -> int:
    """Change the groups of these items where they are to be others; how many were."""
    rows = []
    with item_changes(project=regrouping.project, item_ids=ids, savepoint=False) as changes:
        extras = dict(Item.objects.filter(pk__in=list(changes.items)).values_list("pk", "extra"))
        for item_id, locked in changes.items.items():
            groups, originals, dropped = _new_groups(regrouping, locked.row.groups, extras[item_id], rules)
            if groups == locked.row.groups:
                continue
            changes.correct(item_id=item_id, groups=groups, gold=locked.row.gold)
            rows.append({"id": item_id, "groups": groups, "originals": originals, "dropped": dropped})
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(CORRECT, {"items": json.dumps(rows)})
            changes.events.append(
                Event(
                    kind="items.regrouped",
                    actor=SYSTEM,
                    subject=f"project:{regrouping.project_id}",
                    project_id=regrouping.project_id,
                    data={"regrouping": regrouping.pk, "items": [row["id"] for row in rows]},
                )
            )
    return len(rows)


def _new_groups(
    regrouping: Regrouping, groups: dict[str, str], extra: dict[str, Any], rules: GroupRules
) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """The item's groups after the change; the imported values to keep beside them, and those to keep no more."""
    name = regrouping.attribute
    kept = ORIGINAL.format(name)
    if regrouping.kind == RegroupingKind.RENAME:
        source = regrouping.rules["from"]
        if source not in groups or name in groups:
            return groups, {}, []
        return {name if key == source else key: group for key, group in groups.items()}, {}, []
    if name not in groups:
        return groups, {}, []
    raw = str(extra.get(kept, groups[name]))
    new = rules.group(name, raw)
    return groups | {name: new}, {kept: raw} if new != raw else {}, [] if new != raw else [kept]
