"""What an owner reads of each person's work, and what a person reads of their own standing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, FloatField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast

from annotations.access import Access
from annotations.models import (
    Annotation,
    AnnotationStatus,
    Annotator,
    AnnotatorKind,
    AnnotatorOrigin,
    Exclusion,
    GoldAnswer,
    Project,
    Review,
    ReviewStatus,
    Standing,
)
from annotations.quality.appeals import may_appeal
from annotations.quality.trust import Trust, trust
from ledger.errors import not_found

SHOWN_ANSWERS = 100


@dataclass(frozen=True)
class Person:
    """One person. ``trust`` is over the answers that no review has dealt with; ``labels`` that count, ``excluded``."""

    annotator: Annotator
    trust: Trust
    labels: int
    excluded: int
    waits: bool

    @property
    def is_paused(self) -> bool:
        return self.annotator.standing == Standing.PAUSED


def people(project: Project) -> QuerySet[Annotator]:
    """Who labels on the platform in this project: those who wait for a decision first, then the least trusted."""
    waiting = Review.objects.filter(annotator=OuterRef("pk"), status=ReviewStatus.OPEN)
    mean = Cast(F("gold_right") + 1, FloatField()) / Cast(F("gold_right") + F("gold_wrong") + 2, FloatField())
    found = Annotator.objects.filter(project=project, kind=AnnotatorKind.HUMAN)
    found = found.exclude(origin=AnnotatorOrigin.IMPORTED)
    paused = Case(When(standing=Standing.PAUSED, then=Value(0)), default=Value(1))
    return found.annotate(waits=Exists(waiting), paused=paused, mean=mean).order_by("-waits", "paused", "mean", "pk")


def described(project: Project, annotators: list[Annotator]) -> list[Person]:
    """Those of ``people`` with their figures; one query however many."""
    rows = Annotation.objects.filter(annotator__in=annotators).values("annotator_id").order_by()
    counts: dict[int, Any] = {
        row["annotator_id"]: row
        for row in rows.annotate(
            labels=Count("pk", filter=Q(status=AnnotationStatus.CURRENT)),
            excluded=Count("pk", filter=Q(status=AnnotationStatus.EXCLUDED)),
        )
    }
    return [
        Person(
            annotator=one,
            trust=trust(one.gold_right, one.gold_wrong),
            labels=counts.get(one.pk, {}).get("labels", 0),
            excluded=counts.get(one.pk, {}).get("excluded", 0),
            waits=getattr(one, "waits", False),
        )
        for one in annotators
    ]


def person_of(access: Access, annotator_id: int) -> Person:
    """One person; raises ``DomainError`` (404) for somebody who does not label here."""
    annotator = people(access.project).filter(pk=annotator_id).first()
    if annotator is None:
        raise not_found("The person")
    return described(access.project, [annotator])[0]


def reviews_of(project: Project) -> QuerySet[Review]:
    return Review.objects.filter(project=project).select_related("annotator", "decided_by").order_by("-pk")


def exclusions_of(project: Project) -> QuerySet[Exclusion]:
    related = ("annotator", "made_by", "lifted_by")
    return Exclusion.objects.filter(project=project).select_related(*related).order_by("-pk")


def answers_of(annotator: Annotator) -> QuerySet[GoldAnswer]:
    """The person's answers to gold items with the items: for those who may see what is gold."""
    return GoldAnswer.objects.filter(annotator=annotator).select_related("item").order_by("-answered_at", "-pk")


@dataclass(frozen=True)
class OwnStanding:
    """What a person may know: counts, never which items. ``review`` is the latest, if any; ``exclusion`` in force."""

    standing: str
    review: Review | None
    exclusion: Exclusion | None
    may_appeal: bool

    @property
    def is_paused(self) -> bool:
        return self.standing == Standing.PAUSED


def own_standing(annotator: Annotator) -> OwnStanding:
    review = annotator.reviews.order_by("-pk").first()
    return OwnStanding(
        standing=annotator.standing,
        review=review,
        exclusion=annotator.exclusions.filter(lifted_at__isnull=True).first(),
        may_appeal=annotator.standing == Standing.PAUSED and review is not None and may_appeal(review),
    )
