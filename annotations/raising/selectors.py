"""Reading which groups get more labels, and what more would take."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from annotations.models import GroupDemand, GroupSurvey, Item, Project
from annotations.raising.rules import Raised

SECONDS_AN_HOUR = 3600
LOST_SHOWN = 5


@dataclass(frozen=True)
class Toll:
    """What more labels for a group take at most, by the last count of the groups: items that an expert has settled, and
    those that have more labels than they need already, take fewer. ``items`` None: the groups were never counted."""

    items: int | None
    more: int
    seconds: int
    wage: Decimal
    currency: str

    @property
    def labels(self) -> int | None:
        return None if self.items is None else self.items * self.more

    @property
    def hours(self) -> float | None:
        return None if self.labels is None else self.labels * self.seconds / SECONDS_AN_HOUR

    @property
    def cost(self) -> Decimal | None:
        """At the stated wage and the expected time; 0 where the work is not paid."""
        return None if self.labels is None else self.labels * self.wage * self.seconds / SECONDS_AN_HOUR


def toll_of(project: Project, *, attribute: str, group: str, more: int) -> Toll:
    survey = GroupSurvey.objects.filter(project=project).first()
    items = None
    if survey is not None:
        counted = survey.counts.get(attribute, {}).get("values", [])
        items = sum(int(n) for _value, name, n in counted if name == group)
    return Toll(items, more, project.expected_seconds, project.wage_per_hour, project.currency)


def demands_of(project: Project) -> QuerySet[GroupDemand]:
    """Those in force, the newest first."""
    return GroupDemand.objects.filter(project=project, ended_at__isnull=True).order_by("-id")


def demands_lost(project: Project) -> QuerySet[GroupDemand]:
    """Those that a change of groups has ended, the newest few."""
    return GroupDemand.objects.filter(project=project, ended_by__isnull=False).order_by("-id")[:LOST_SHOWN]


def is_group(project: Project, attribute: str, group: str) -> bool:
    """Whether an item of the project has the group: by the last count, and where that may not know it by the items."""
    survey = GroupSurvey.objects.filter(project=project).first()
    counted = survey.counts.get(attribute, {}) if survey is not None else {}
    if any(name == group for _value, name, _n in counted.get("values", [])):
        return True
    newest = Item.objects.filter(project=project).order_by("-pk").values_list("created_at", flat=True).first()
    if newest is None:
        return False
    left_out = counted.get("left_out", [0, 0])[0]
    if survey is not None and survey.counted_at is not None and survey.counted_at > newest and not left_out:
        return False  # all were counted, and nothing has come since
    return Item.objects.filter(project=project, groups__contains={attribute: group}).exists()


def raised_of(project: Project) -> tuple[Raised, ...]:
    return tuple(demands_of(project).values_list("attribute", "group", "more"))
