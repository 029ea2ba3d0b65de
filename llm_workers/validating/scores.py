"""Reading the scores of labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from annotations.modalities import modality
from annotations.models import AnnotatorKind, Project
from annotations.settling.doubting import AGAINST
from annotations.task_types import task_type
from llm_workers.validating.models import LabelScore
from llm_workers.validating.words import percent

LOWEST_SHOWN = 10


def scores_lowest(project: Project) -> QuerySet[LabelScore]:
    """Every scored label, the lowest first."""
    rows = LabelScore.objects.filter(project=project, annotation__status="current")
    related = ("annotation__item", "annotation__annotator", "annotation__schema")
    return rows.select_related(*related).order_by("score", "annotation_id")


def scores_of(annotation_ids: Iterable[int]) -> dict[int, float]:
    """Annotation id → score."""
    rows = LabelScore.objects.filter(annotation_id__in=list(annotation_ids))
    return dict(rows.values_list("annotation_id", "score"))


def lowest_rows(project: Project) -> list[dict[str, Any]]:
    """The labels that are least probably right, for the page."""
    rows = []
    for one in scores_lowest(project)[:LOWEST_SHOWN]:
        given = one.annotation
        rows.append(
            {
                "href": reverse("item_detail", args=[given.item_id]),
                "excerpt": modality(given.item.modality).excerpt(given.item.payload, 90),
                "label": task_type(given.schema.task_type).describe(given.schema.config, given.value),
                "kind": given.annotator.kind,
                "kind_words": AnnotatorKind(given.annotator.kind).label,
                "score": percent(one.score),
                "why": "; ".join(str(AGAINST[name]) for name in one.why if name in AGAINST),
            }
        )
    return rows
