"""What becomes of groups that get more labels when the project's groups change."""

from __future__ import annotations

from django.utils import timezone

from annotations.models import GroupDemand, GroupSurvey, Item, Project, Regrouping, RegroupingKind
from annotations.projects.demand import demand_change
from annotations.raising.selectors import demands_of
from ledger.services import SYSTEM, record

Group = tuple[str, str]  # attribute, group


def demands_carry(*, regrouping: Regrouping) -> None:
    """Let each group that gets more labels be that which the change made of it, or end it where that is not the same
    items any more. The caller's transaction ends the change; items follow in the background.
    """
    open_demands = list(demands_of(regrouping.project).order_by("pk"))
    became = {demand.pk: _became(regrouping, (demand.attribute, demand.group), open_demands) for demand in open_demands}
    moved = [one for one in open_demands if became[one.pk] != (one.attribute, one.group)]
    if not moved:
        return
    project = Project.objects.select_for_update(no_key=True).get(pk=regrouping.project_id)
    for demand in moved:
        _store(regrouping, demand, became[demand.pk])
    demand_change(project=project, redundancy=project.redundancy, min_support=project.min_support)
    project.save(update_fields=["demand_version", "demand_changed_at"])


def _became(regrouping: Regrouping, group: Group, others: list[GroupDemand]) -> Group | None:
    """The group that has the very items of ``group`` now; None where there is none."""
    new = _renamed(regrouping, group)
    if regrouping.kind == RegroupingKind.BINS and group[0] == regrouping.attribute:
        # Bins of one name have the same edges, and so the same items.
        there = Item.objects.filter(project=regrouping.project, groups__contains={group[0]: group[1]})
        return group if there.exists() else None
    before = _groups_before(regrouping)
    if before is None:
        # What there was is not known: only what the rules do not speak of is as it was.
        return group if not _touches(regrouping, group) else None
    before |= {(one.attribute, one.group) for one in others}
    return new if [one for one in before if _renamed(regrouping, one) == new] == [group] else None


def _renamed(regrouping: Regrouping, group: Group) -> Group:
    attribute, name = group
    if regrouping.kind == RegroupingKind.MERGE and attribute == regrouping.attribute:
        return attribute, regrouping.rules["values"].get(name, name)
    if regrouping.kind == RegroupingKind.RENAME and attribute == regrouping.rules["from"]:
        return regrouping.attribute, name
    return group


def _touches(regrouping: Regrouping, group: Group) -> bool:
    attribute, name = group
    if regrouping.kind == RegroupingKind.RENAME:
        return attribute in (regrouping.attribute, regrouping.rules["from"])
    values = regrouping.rules.get("values", {})
    return attribute == regrouping.attribute and (name in values or name in values.values())


def _groups_before(regrouping: Regrouping) -> set[Group] | None:
    """The groups that items had before the change; None where they were not counted before it."""
    survey = GroupSurvey.objects.filter(project=regrouping.project, counted_at__lte=regrouping.created_at).first()
    if survey is None:
        return None
    return {
        (attribute, str(group))
        for attribute, counted in survey.counts.items()
        for _value, group, _n in counted.get("values", [])
    }


def _store(regrouping: Regrouping, demand: GroupDemand, new: Group | None) -> None:
    data: dict[str, object] = {
        "demand": demand.pk,
        "attribute": demand.attribute,
        "group": demand.group,
        "more": demand.more,
        "finding": demand.finding,
        "regrouping": regrouping.pk,
    }
    if new is None:
        demand.ended_at, demand.ended_by = timezone.now(), regrouping
        demand.save(update_fields=["ended_at", "ended_by"])
    else:
        demand.attribute, demand.group = new
        demand.save(update_fields=["attribute", "group"])
        data["became"] = list(new)
    record(
        kind="demand.raise_ended" if new is None else "demand.raise_carried",
        actor=SYSTEM,
        subject=f"project:{regrouping.project_id}",
        project_id=regrouping.project_id,
        data=data,
    )
