"""What is read beside the live numbers: intersections, groups of people who label, agreement, use of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Sum

from accounts.demographics.questions import BY_KEY
from annotations.demographics.selectors import asked_by
from annotations.models import Case, CaseStatus, Project, Run
from annotations.task_types import task_type
from fairness.metrics import GroupCounts, Intersections, crossed_rates
from fairness.metrics.intersections import Cell
from fairness.models import AgreementFigures, RaterFigures
from fairness.selectors.counting import crossed_counts
from fairness.selectors.live import LiveView, Source
from fairness.selectors.timeline import table_of

MOST_CASES = 1000  # counted at most; more is "more than"


@dataclass(frozen=True)
class Crossing:
    """Rates of one source for two attributes at once; ``counts`` keys are (group, group beside it), "" the others."""

    beside: str
    others: tuple[str, ...]  # attributes that could stand beside instead
    source: Source
    counts: Mapping[tuple[str, str], GroupCounts]
    rates: Intersections


def crossing_of(project: Project, view: LiveView) -> Crossing | None:
    """Of the first source shown; None where the project has one attribute, or nobody labelled. Over all of the project:
    two attributes at a time are not counted by dataset or time."""
    if view.question is None or not view.sources:
        return None
    others = tuple(name for name in view.attributes if name != view.question.attribute)
    if not others:
        return None
    beside = view.wanted.beside if view.wanted.beside in others else others[0]
    source = view.sources[0]
    table = "decided" if source is view.consensus else table_of(source)
    task = task_type(project.schemas.get(is_current=True).task_type)
    counts = crossed_counts(project, task, view.question, beside, table)
    groups: dict[Cell, GroupCounts] = {(group, other): found for (group, other), found in counts.items()}
    return Crossing(beside, others, source, counts, crossed_rates(groups, min_group=view.min_group))


@dataclass(frozen=True)
class PeopleGroup:
    """A group of those who label: its gap and, on items of some group, the gap beyond that; in [-1, 1], rounded.
    ``gap`` has ``rates``, ``odds`` and ``agreement`` too, as ``fairness.services.rater_groups`` stores them."""

    group: str
    gap: Mapping[str, Any]
    interactions: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class PeopleQuestion:
    """One question about people. ``groups`` empty: too few to say anything."""

    title: str
    computed_at: datetime | None
    groups: tuple[PeopleGroup, ...]


def people_of(project: Project, view: LiveView) -> list[PeopleQuestion]:
    """What was stored for the label in question: nothing of it is counted now."""
    if view.question is None:
        return []
    stored = {row.question: row for row in RaterFigures.objects.filter(project=project, label=view.question.label)}
    found = []
    for question in asked_by(project):
        row = stored.get(question.key)
        names = {option.key: str(option.label) for option in BY_KEY[question.key].options}
        groups = tuple(
            PeopleGroup(names.get(group["group"], group["group"]), group, tuple(group["interactions"]))
            for group in (row.groups if row else [])
        )
        found.append(PeopleQuestion(str(question.title), row.computed_at if row else None, groups))
    return found


def agreement_of(project: Project) -> AgreementFigures | None:
    return AgreementFigures.objects.filter(project=project).first()


@dataclass(frozen=True)
class ModelUse:
    """What the runs of one model took."""

    annotator_id: int
    name: str
    runs: int
    labelled: int
    unanswered: int
    prompt_tokens: int
    completion_tokens: int
    model_seconds: float
    last: datetime | None

    @property
    def tokens_per_label(self) -> float | None:
        return (self.prompt_tokens + self.completion_tokens) / self.labelled if self.labelled else None


def use_of(project: Project, view: LiveView) -> list[ModelUse]:
    """Of every model shown that had a run: sums over the few rows of runs."""
    names = {model.source.annotator_id: model.source.name for model in view.models}
    rows = (
        Run.objects.filter(project=project, annotator_id__in=[pk for pk in names if pk is not None])
        .order_by()
        .values("annotator_id")
        .annotate(
            runs=Count("pk"),
            all_labelled=Sum("labelled"),
            all_unanswered=Sum("unanswered"),
            all_prompt=Sum("prompt_tokens"),
            all_completion=Sum("completion_tokens"),
            seconds=Sum("model_seconds"),
            last=Max("created_at"),
        )
    )
    return [
        ModelUse(
            row["annotator_id"],
            names[row["annotator_id"]],
            row["runs"],
            row["all_labelled"],
            row["all_unanswered"],
            row["all_prompt"],
            row["all_completion"],
            row["seconds"],
            row["last"],
        )
        for row in rows.order_by("annotator_id")
    ]


def open_cases(project: Project) -> int:
    """How many, up to ``MOST_CASES``."""
    return Case.objects.filter(project=project, status=CaseStatus.OPEN)[:MOST_CASES].count()
