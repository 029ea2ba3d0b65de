"""Reading what was found, and the labels behind it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, QuerySet, Value, When

from annotations.access import Access
from annotations.models import (
    PAID,
    Annotation,
    Annotator,
    Item,
    LabelSchema,
    Project,
    Suspicion,
    SuspicionCheck,
    SuspicionStatus,
)
from ledger.errors import invalid, not_found


def suspicions_of(project: Project, status: str = "") -> QuerySet[Suspicion]:
    """Those that wait for a decision first, then the newest; or those of one status. 400 for a status there is not."""
    if status and status not in SuspicionStatus.values:
        raise invalid(f"Choose one of: {', '.join(SuspicionStatus.values)}.", fields={"status": ["Unknown."]})
    found = Suspicion.objects.filter(project=project).prefetch_related("annotators").select_related("decided_by")
    if status:
        return found.filter(status=status).order_by("-pk")
    waits = Case(When(status=SuspicionStatus.OPEN, then=Value(0)), default=Value(1))
    return found.annotate(order=waits).order_by("order", "-pk")


def open_suspicions(project: Project) -> int:
    return Suspicion.objects.filter(project=project, status=SuspicionStatus.OPEN).count()


def suspicion_of(access: Access, suspicion_id: int) -> Suspicion:
    """One of the project's; raises ``DomainError`` (404) for any other."""
    found = suspicions_of(access.project).filter(pk=suspicion_id).first()
    if found is None:
        raise not_found("The suspicion")
    return found


def check_of(project: Project) -> SuspicionCheck | None:
    return SuspicionCheck.objects.filter(project=project).first()


@dataclass(frozen=True)
class Sight:
    """One item to look at. ``others``: the token that everybody else agrees on, or None; ``least``: the least plausible
    seconds, or None; ``labels``: of each person of the suspicion, in their order, None where there is none any more."""

    item: Item
    others: str | None
    least: float | None
    labels: list[Annotation | None]


def people_of(suspicion: Suspicion) -> list[Annotator]:
    return sorted(suspicion.annotators.all(), key=lambda one: one.pk)


def sights_of(suspicion: Suspicion, people: list[Annotator]) -> list[Sight]:
    """The stored evidence with the labels as they stand now, side by side; labels that were excluded still show."""
    ids = [row[0] for row in suspicion.evidence]
    items = Item.objects.in_bulk(ids)
    labels = Annotation.objects.filter(item_id__in=ids, annotator__in=people, status__in=PAID).select_related("schema")
    by_place = {(label.item_id, label.annotator_id): label for label in labels}
    return [
        Sight(items[pk], others, least, [by_place.get((pk, one.pk)) for one in people])
        for pk, others, least in suspicion.evidence
        if pk in items
    ]


def schema_now(project: Project) -> LabelSchema:
    return project.schemas.get(is_current=True)
