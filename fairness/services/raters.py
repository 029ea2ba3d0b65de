"""Figures about the people who label, made in the background and kept as they are shown.

What must not happen is that figures tell anything of fewer than ``K`` people, alone, by subtraction, or by how they
change from one day to the next. So:

- groups come from ``annotations.demographics``, which hands out groups of ``K`` people or more alone;
- ``fairness.services.showing`` decides which of them may be shown, and on which items: only what rests on ``K`` people
  on either side, and so that nothing that is left of the shown is about fewer;
- what is shown is of the same items, in whole points, with no counts: those of one group taken from the project's
  totals would be counts of the others;
- once a figure is shown it stays as it is until the demographic figures change, so that its changes tell of nobody who
  came or went.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotations.demographics.selectors import asked_by, crowd_of, groups_of
from annotations.models import Annotation, AnnotationStatus, DemographicsFigures, Project
from annotations.task_types import task_type
from annotations.task_types.base import label_keys
from fairness.models import RaterFigures
from fairness.services.rater_groups import agreement_beside, rater_groups
from fairness.services.showing import Given, allowed

MOST_LABELS = 200_000  # the newest; more would say hardly more
MOST_OFFERED = 10  # labels of the schema that figures are made of


def projects_to_compute() -> list[int]:
    """Projects that show sizes of groups of people."""
    shown = DemographicsFigures.objects.filter(shown_at__isnull=False).exclude(project__status="archived")
    return list(shown.order_by("pk").values_list("pk", flat=True))


def raters_compute(*, project_id: int) -> int:
    """Make the figures that may be made anew; how many were written. Safe to run twice or to die anywhere."""
    stored = DemographicsFigures.objects.filter(project_id=project_id, shown_at__isnull=False).first()
    project = Project.objects.filter(pk=project_id).first()
    if stored is None or stored.shown_at is None or project is None:
        return 0
    schema = project.schemas.get(is_current=True)
    labels = label_keys(schema.config)[:MOST_OFFERED]
    asked = [question.key for question in asked_by(project)]
    RaterFigures.objects.filter(project=project).exclude(question__in=asked).delete()
    due = _due(project, asked, labels, stored.shown_at)
    if not due:
        return 0
    task = task_type(schema.task_type)
    given = labels_of(project, task)
    attributes = list(project.attributes.values_list("name", flat=True))
    for question in dict.fromkeys(question for question, _label in due):
        member = groups_of(project_id, question)
        may = allowed(given, member, attributes)
        agreed = agreement_beside(given, member, may)
        for label in [label for one, label in due if one == question]:
            chosen = [label in task.decisions(token) for token in given.tokens]
            shown = rater_groups(given, chosen, member, may, agreed)
            _store(project, question, label, shown, stored.shown_at)
    return len(due)


def _due(project: Project, asked: list[str], labels: list[str], shown_at: datetime) -> list[tuple[str, str]]:
    kept = RaterFigures.objects.filter(project=project, shown_at__gte=shown_at).exclude(groups=[])
    fixed = set(kept.values_list("question", "label"))
    return [(question, label) for question in asked for label in labels if (question, label) not in fixed]


def labels_of(project: Project, task: Any) -> Given:
    """The newest labels of the project's own crowd."""
    rows = Annotation.objects.filter(
        project=project, status=AnnotationStatus.CURRENT, annotator__in=crowd_of(project.pk)
    ).order_by("-pk")
    items: list[int] = []
    people: list[int] = []
    tokens: list[str] = []
    groups: dict[int, dict[str, str]] = {}
    columns = rows.values_list("item_id", "annotator_id", "value", "item__groups")[:MOST_LABELS]
    for item_id, annotator_id, value, item_groups in columns.iterator(chunk_size=5000):
        items.append(item_id)
        people.append(annotator_id)
        tokens.append(task.token(value))
        groups.setdefault(item_id, item_groups)
    return Given(items, people, tokens, groups)


def _store(project: Project, question: str, label: str, shown: list[dict[str, Any]], shown_at: datetime) -> None:
    with transaction.atomic():
        before = (
            RaterFigures.objects.select_for_update().filter(project=project, question=question, label=label).first()
        )
        if before is not None and before.groups and before.shown_at >= shown_at:
            return  # another worker was first, and what is shown stays
        RaterFigures.objects.update_or_create(
            project=project,
            question=question,
            label=label,
            defaults={"groups": shown, "shown_at": shown_at, "computed_at": timezone.now()},
        )
