"""What assistance does: the anchoring effect per model, for pages, the API and the disclosure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Count, F, Max, Q

from annotations.assistance.effect import Effect, anchoring_effect
from annotations.models import Annotation, AnnotationStatus, Annotator, AssistanceRules, Project
from ledger.models import LedgerEvent

CACHE_SECONDS = 60


@dataclass(frozen=True)
class ModelEffect:
    """The anchoring effect of one model's labels."""

    annotator_id: int
    name: str
    effect: Effect


@dataclass(frozen=True)
class Assistance:
    """Whether people see a model's label first, and what that did, for each model that was ever shown."""

    is_on: bool
    model: str
    holdout_share: float
    effects: tuple[ModelEffect, ...]

    @property
    def percent(self) -> str:
        return f"{self.holdout_share * 100:g}"

    @property
    def was_used(self) -> bool:
        return self.is_on or bool(self.effects)


def rules_of(project: Project) -> AssistanceRules:
    """The project's rules; off, unsaved, where its owner has set none."""
    found = AssistanceRules.objects.select_related("model").filter(project=project).first()
    return found or AssistanceRules(project=project)


def assistance_of(project: Project) -> Assistance:
    """Kept until something happens in the project, at most ``CACHE_SECONDS``."""
    rules = rules_of(project)
    head = LedgerEvent.objects.filter(project_id=project.pk).aggregate(Max("id"))["id__max"]
    key = f"assistance:1:{project.pk}:{head}"
    effects: tuple[ModelEffect, ...] | None = cache.get(key)
    if effects is None:
        effects = measure(project)
        cache.set(key, effects, CACHE_SECONDS)
    return Assistance(
        is_on=rules.is_on,
        model=model_name(rules.model) if rules.model else "",
        holdout_share=rules.holdout_share,
        effects=effects,
    )


def measure(project: Project) -> tuple[ModelEffect, ...]:
    """The same, computed now: from labels that count, given to items for which the model had a label beforehand."""
    agrees = Q(value=F("assignment__suggestion__value"))
    shown = Q(assignment__suggestion__shown=True)
    rows = (
        Annotation.objects.filter(
            project=project, status=AnnotationStatus.CURRENT, assignment__suggestion__isnull=False
        )
        .values_list("assignment__suggestion__model", "annotator")
        .annotate(
            shown=Count("pk", filter=shown),
            shown_agreeing=Count("pk", filter=shown & agrees),
            held=Count("pk", filter=~shown),
            held_agreeing=Count("pk", filter=~shown & agrees),
        )
        .order_by("assignment__suggestion__model", "annotator")
    )
    by_model: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
    for model_id, _annotator, *counts in rows:
        by_model[model_id].append(tuple(counts))
    models = Annotator.objects.in_bulk(list(by_model))
    return tuple(
        ModelEffect(model_id, model_name(models[model_id]), anchoring_effect(counts, seed=project.pk))
        for model_id, counts in by_model.items()
    )


def model_name(annotator: Annotator) -> str:
    return annotator.name or annotator.pseudonym
