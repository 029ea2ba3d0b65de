"""What is read beside the live numbers: intersections, groups of people who label, agreement, use of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Sum

from accounts.demographics.questions import BY_KEY
from annotations.demographics.selectors import asked_by
from annotations.models import Case, CaseStatus, Project, Run
from annotations.task_types import task_type
from fairness.metrics import GroupCounts, Intersections, crossed_rates
from fairness.metrics.intersections import Cell
from fairness.models import AgreementFigures, Counter, RaterFigures
from fairness.monitors.naming import groups_by_attribute
from fairness.selectors.counting import crossed_counts
from fairness.selectors.live import LiveView, Question, Source
from fairness.selectors.timeline import table_of
from fairness.services.fold import crossed_of

MOST_CASES = 1000  # counted at most; more is "more than"


@dataclass(frozen=True)
class Crossing:
    """Rates of one source for two attributes at once; ``counts`` keys are (group, group beside it), "" the others.
    ``lumped``: attribute → how many groups of it are among the others.
    """

    beside: str
    others: tuple[str, ...]  # attributes that could stand beside instead
    source: Source
    counts: Mapping[tuple[str, str], GroupCounts]
    rates: Intersections
    lumped: Mapping[str, int]


def crossing_of(project: Project, view: LiveView) -> Crossing | None:
    """Of the first source shown; None where the project has one attribute, or nobody labelled."""
    if view.question is None or not view.sources:
        return None
    others = tuple(name for name in view.attributes if name != view.question.attribute)
    if not others:
        return None
    source = view.sources[0]
    table = "decided" if source is view.consensus else table_of(source)
    task = task_type(project.schemas.get(is_current=True).task_type)
    # Where none is asked for, the first attribute that items share with this one.
    offered = [view.wanted.beside] if view.wanted.beside in others else others
    for beside in offered:
        counts = crossed_counts(project, task, view.question, replace(view.wanted, beside=beside), table)
        if counts:
            break
    else:
        beside = offered[0]
    groups: dict[Cell, GroupCounts] = {(group, other): found for (group, other), found in counts.items()}
    rates = crossed_rates(groups, min_group=view.min_group)
    return Crossing(beside, others, source, counts, rates, _lumped(project, view.question.attribute, beside, counts))


def _lumped(
    project: Project, attribute: str, beside: str, counts: Mapping[tuple[str, str], GroupCounts]
) -> dict[str, int]:
    found = {}
    for name, place in ((attribute, 0), (beside, 1)):
        if any(not cell[place] for cell in counts):
            known = crossed_of(project.pk).groups.get(name, set())
            found[name] = sum(1 for group in groups_by_attribute(project.pk).get(name, []) if group not in known)
    return found


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


@dataclass(frozen=True)
class Places:
    """Labels of people that a group's items need, and have; an item's labels count no more than it needs. ``spared``:
    those that items lacked when an expert settled them."""

    given: int
    spared: int
    needed: int

    @property
    def done(self) -> int:
        return self.given + self.spared

    @property
    def share(self) -> float:
        return self.done / self.needed


def completeness_of(project: Project, question: Question) -> dict[str, Places]:
    """Group → how far its items are labelled, in all datasets."""
    rows = Counter.objects.filter(project=project, table="places", attribute=question.attribute, n__gt=0)
    found = {(group, key): n for group, key, n in rows.values_list("group", "key", "n")}
    groups = sorted({group for group, _key in found})
    return {group: Places(*(found.get((group, key), 0) for key in ("given", "spared", "needed"))) for group in groups}


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
