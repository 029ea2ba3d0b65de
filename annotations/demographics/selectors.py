"""What projects ask, and what may be shown of the answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.demographics.anonymity import K, outside
from accounts.demographics.boxes import Box, boxes_of
from accounts.demographics.questions import BY_KEY, Question, questions_of
from accounts.demographics.vault import is_on
from accounts.models import Role, User
from annotations.models import (
    Annotator,
    AnnotatorKind,
    AnnotatorOrigin,
    DemographicsFigures,
    DemographicsRules,
    Project,
)


@dataclass(frozen=True)
class Group:
    """``least``: at least so many people gave this answer; None: too few to show, which may be nobody."""

    key: str
    label: Any
    least: int | None


@dataclass(frozen=True)
class Figure:
    """One question's groups; ``rest``: at most so many people are in none that is shown (None for several answers)."""

    question: Question
    groups: list[Group]
    rest: int | None

    @property
    def is_shown(self) -> bool:
        return any(group.least for group in self.groups)


@dataclass(frozen=True)
class Figures:
    """``crowd`` and ``at`` are of the time when something shown last changed; 0 and None: nothing was shown yet."""

    figures: list[Figure]
    crowd: int
    at: datetime | None


@dataclass(frozen=True)
class Asking:
    """A project that asks a person: what, why, and for which questions the person agreed."""

    project: Project
    reason: str
    questions: list[Question]
    agreed: frozenset[str]

    @property
    def added(self) -> list[Question]:
        """Asked since the person agreed."""
        return [question for question in self.questions if self.agreed and question.key not in self.agreed]


def rules_of(project: Project) -> DemographicsRules:
    """What the project asks; an unsaved row that asks nothing where its owner chose nothing."""
    return DemographicsRules.objects.filter(project=project).first() or DemographicsRules(project=project)


def asked_by(project: Project) -> list[Question]:
    """What the people of a project are asked; nothing where the installation has no key."""
    return questions_of(rules_of(project).questions) if is_on() else []


def asking(user: User, box: Box) -> list[Asking]:
    """The projects that ask this person, as a worker, and those that they agreed with earlier; by name."""
    asks = Q(project__memberships__user=user, project__memberships__role=Role.WORKER)
    rows = DemographicsRules.objects.filter(asks | Q(project__in=list(box.consents))).distinct()
    found = [
        Asking(
            project=rules.project,
            reason=rules.reason,
            questions=questions_of(rules.questions),
            agreed=box.consents.get(rules.project_id, frozenset()),
        )
        for rules in rows.select_related("project").order_by("project__name", "project_id")
    ]
    return [one for one in found if one.questions or one.agreed]


def figures_of(project: Project) -> Figures:
    """What those who may read the project see: the same for all of them, and never counted on the spot."""
    stored = DemographicsFigures.objects.filter(project=project).first()
    shown = stored.shown if stored else {}
    crowd = stored.crowd if stored else 0
    return Figures(
        figures=[_figure(question, shown.get(question.key, {}), crowd) for question in asked_by(project)],
        crowd=crowd,
        at=stored.shown_at if stored else None,
    )


def _figure(question: Question, shown: dict[str, int], crowd: int) -> Figure:
    groups = [Group(option.key, option.label, shown.get(option.key)) for option in question.options]
    return Figure(question, groups, None if question.several else outside(shown, crowd=crowd))


def crowd_of(project_id: int) -> QuerySet[Annotator]:
    """The people who label here or labelled; not models, not those of an uploaded file."""
    people = Annotator.objects.filter(project_id=project_id, kind=AnnotatorKind.HUMAN)
    return people.exclude(origin=AnnotatorOrigin.IMPORTED)


def groups_of(project_id: int, question: str) -> dict[int, tuple[str, ...]]:
    """Annotator → the groups that the person is in, for figures that compare groups. **Internal**: never answer with
    it.

    Only groups whose size is shown, only people who were counted in it and still agree, and no group that has fallen
    under ``K`` people since. Most questions give one group; those with several answers may give more. Whoever makes a
    figure of it shows no group of fewer than ``K`` people *in that figure*, and renews it no more often than the
    figures of ``figures_of`` change (``DemographicsFigures.shown_at``), or its changes would tell who came and went.
    """
    stored = DemographicsFigures.objects.filter(project_id=project_id).first()
    rules = DemographicsRules.objects.filter(project_id=project_id).first()
    if not is_on() or stored is None or rules is None or question not in rules.questions or question not in BY_KEY:
        return {}
    users = dict(crowd_of(project_id).filter(user__isnull=False).values_list("user_id", "pk"))
    shown = stored.shown.get(question, {})
    found = {
        users[user_id]: tuple(group for group in box.usable(project_id, question) if group in shown)
        for user_id, box in boxes_of(list(users)).items()
        if question in box.counted.get(project_id, ())
    }
    sizes = Counter(group for groups in found.values() for group in groups)
    large = {annotator: tuple(g for g in groups if sizes[g] >= K) for annotator, groups in found.items()}
    return {annotator: groups for annotator, groups in large.items() if groups}
