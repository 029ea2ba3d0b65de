"""Reading which groups get more labels, and what more would take."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from annotations.models import GroupDemand, GroupSurvey, Project
from annotations.raising.rules import Raised

SECONDS_AN_HOUR = 3600


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


def raised_of(project: Project) -> tuple[Raised, ...]:
    return tuple(demands_of(project).values_list("attribute", "group", "more"))
