"""What is known of one item: its labels as far as a person may see them, its flags and cases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from accounts.models import Role
from annotations.access import Access
from annotations.models import Annotation, AnnotationStatus, Case, CaseStatus, ConsensusMethod, Item, ItemFlag
from annotations.selectors.calibrated import Curves, calibrated, curves_of
from annotations.task_types import TaskType, task_type


@dataclass(frozen=True)
class LabelShown:
    """One label, with no more of its giver than a pseudonym, or a model's name."""

    annotation: Annotation
    annotator: str
    kind: str
    origin: str
    words: str
    calibrated_confidence: float | None


@dataclass(frozen=True)
class LabelCount:
    """How many gave a label, where who gave it is not shown."""

    words: str
    value: Any
    people: int
    models: int


@dataclass(frozen=True)
class ItemLabels:
    """``labels`` where this person may know who said what, else only ``counts``; ``hidden`` says which."""

    hidden: bool
    labels: list[LabelShown] = field(default_factory=list)
    counts: list[LabelCount] = field(default_factory=list)


def labels_of(access: Access, item: Item) -> ItemLabels:
    """The item's current labels, as far as this person may see them.

    An expert judges the labels and not their givers: until the item is settled, counts are all that experts get.
    """
    rows = Annotation.objects.filter(item=item, status=AnnotationStatus.CURRENT)
    rows = rows.select_related("annotator", "schema").order_by("pk")
    hidden = access.role == Role.EXPERT and not _is_settled(item)
    if hidden:
        return ItemLabels(hidden=True, counts=_counts(list(rows)))
    curves = curves_of(item.project_id) if any(row.confidence is not None for row in rows) else {}
    return ItemLabels(hidden=False, labels=[_shown(row, curves) for row in rows], counts=_counts(list(rows)))


def _is_settled(item: Item) -> bool:
    if Case.objects.filter(item=item, status=CaseStatus.OPEN).exists():
        return False
    consensus = getattr(item, "consensus", None)
    return consensus is not None and consensus.method == ConsensusMethod.SETTLED


def _shown(row: Annotation, curves: Curves) -> LabelShown:
    annotator = row.annotator
    return LabelShown(
        annotation=row,
        annotator=annotator.name if annotator.kind == "model" else annotator.pseudonym,
        kind=annotator.kind,
        origin=annotator.origin,
        words=_task(row).describe(row.schema.config, row.value),
        calibrated_confidence=calibrated(row, curves),
    )


def _counts(rows: list[Annotation]) -> list[LabelCount]:
    people: Counter[str] = Counter()
    models: Counter[str] = Counter()
    first: dict[str, Annotation] = {}
    for row in rows:
        token = _task(row).token(row.value)
        first.setdefault(token, row)
        (models if row.annotator.kind == "model" else people)[token] += 1
    return [
        LabelCount(_task(row).describe(row.schema.config, row.value), row.value, people[token], models[token])
        for token, row in sorted(first.items())
    ]


def _task(row: Annotation) -> TaskType:
    return task_type(row.schema.task_type)


def flags_of(item: Item) -> QuerySet[ItemFlag]:
    return item.flags.select_related("annotator").order_by("pk")


def cases_of(item: Item) -> QuerySet[Case]:
    return item.cases.select_related("settlement").order_by("-pk")
