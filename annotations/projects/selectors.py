"""Reading projects: what a person sees on the home page and on a project's overview."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, QuerySet, Subquery, Sum

from accounts.models import Membership, Role
from annotations.access import projects_of
from annotations.labelling.selectors import Progress, pay_per_label
from annotations.models import (
    Annotation,
    Assignment,
    Case,
    Consensus,
    LabelSchema,
    Project,
    ProjectStatus,
    QueueEntry,
    Run,
)
from annotations.quality.training import Score, own_training
from annotations.working.selectors import OwnWork


@dataclass(frozen=True)
class Figures:
    """What a project amounts to now. ``progress`` counts people's labels; ``decided`` items have a consensus."""

    progress: Progress
    items: int = 0
    decided: int = 0
    open_cases: int = 0

    @property
    def percent(self) -> int:
        """Labels in, of those asked for: 0–100, and 100 only where none is missing."""
        if not self.progress.needed:
            return 0
        return min(100, 100 * self.progress.done // self.progress.needed)


@dataclass(frozen=True)
class Card:
    """A project on one person's home page. For workers: their ``own`` work, and items ``available`` to them.

    ``role`` None: the person may join.
    """

    project: Project
    role: Role | None
    figures: Figures
    own: OwnWork | None = None
    available: int = 0
    training: Score | None = None

    @property
    def own_labels(self) -> int:
        return self.own.labels if self.own else 0

    @property
    def own_total(self) -> int:
        """Items that the person has labelled or could be given: what their own progress is measured against."""
        return self.own_labels + self.available

    @property
    def minutes(self) -> int:
        """How long the available items take at the expected time, rounded up."""
        return -(-self.available * self.project.expected_seconds // 60)

    @property
    def pay(self) -> Decimal:
        return pay_per_label(self.project)

    @property
    def can_label(self) -> bool:
        return self.project.status == ProjectStatus.ACTIVE and self.available > 0


def projects_seen(user: Any) -> QuerySet[Project]:
    """The projects of ``access.projects_of``, each with the person's ``role`` (None: may join), newest first."""
    role = Membership.objects.filter(project=OuterRef("pk"), user=user).values("role")[:1]
    current = Prefetch("schemas", LabelSchema.objects.filter(is_current=True), to_attr="current_schemas")
    return projects_of(user).annotate(role=Subquery(role)).prefetch_related(current, "attributes").order_by("-pk")


def joinable(user: Any) -> QuerySet[Project]:
    """Open, active projects that the person is not a member of."""
    member = Membership.objects.filter(project=OuterRef("pk"), user=user)
    return Project.objects.filter(~Exists(member), is_open=True, status=ProjectStatus.ACTIVE).order_by("-pk")


def figures_of(project_ids: Iterable[int]) -> dict[int, Figures]:
    """Project id → figures, in a fixed number of queries however many projects."""
    ids = list(project_ids)
    entries = QueueEntry.objects.filter(project__in=ids).values("project")
    asked = Sum(F("redundancy") + F("extra"))  # none of items set aside, more where adaptive redundancy asks for more
    rows = entries.annotate(items=Count("pk"), needed=asked, open=Sum("remaining")).order_by()
    leased = _counts(Assignment.objects.filter(status="leased"), ids)
    decided = _counts(Consensus.objects.all(), ids)
    cases = _counts(Case.objects.filter(status="open"), ids)
    figures = {number: Figures(Progress(0, 0), open_cases=cases.get(number, 0)) for number in ids}
    for row in rows:
        number = row["project"]
        needed = row["needed"]
        done = max(0, needed - row["open"] - leased.get(number, 0))
        figures[number] = Figures(Progress(done, needed), row["items"], decided.get(number, 0), cases.get(number, 0))
    return figures


def cards(user: Any, memberships: Iterable[Membership], own: Mapping[int, OwnWork]) -> list[Card]:
    """The cards of these memberships (with their projects), in their order. ``own``: from ``own_work``."""
    rows = list(memberships)
    figures = figures_of(row.project_id for row in rows)
    working = [row.project_id for row in rows if row.role == Role.WORKER]
    available = _available(user, working) if working else {}
    training = own_training(user.pk, working) if working else {}
    return [
        Card(
            project=row.project,
            role=Role(row.role),
            figures=figures[row.project_id],
            own=own.get(row.project_id) if row.role == Role.WORKER else None,
            available=available.get(row.project_id, 0),
            training=training.get(row.project_id),
        )
        for row in rows
    ]


def open_cards(user: Any, *, limit: int) -> list[Card]:
    """Cards of the newest projects that the person may join."""
    projects = list(joinable(user)[:limit])
    ids = [project.pk for project in projects]
    figures, available = figures_of(ids), _available(user, ids)
    return [
        Card(project=project, role=None, figures=figures[project.pk], available=available.get(project.pk, 0))
        for project in projects
    ]


@dataclass(frozen=True)
class Overview:
    """What an owner, expert or auditor sees first. ``workers`` etc. are numbers of people, never names."""

    figures: Figures
    people: dict[str, int]
    labels: int
    model_labels: int
    last_run: Run | None


def overview(project: Project) -> Overview:
    current = Annotation.objects.filter(project=project, status="current").order_by()
    sources = dict(current.values_list("source").annotate(number=Count("pk")))
    roles = dict(project.memberships.order_by().values_list("role").annotate(number=Count("pk")))
    return Overview(
        figures=figures_of([project.pk])[project.pk],
        people=roles,
        labels=sum(number for source, number in sources.items() if source != "model"),
        model_labels=sources.get("model", 0),
        last_run=project.runs.select_related("annotator").first(),
    )


def _counts(rows: QuerySet[Any], project_ids: list[int]) -> dict[int, int]:
    grouped = rows.filter(project__in=project_ids).order_by().values_list("project")
    return dict(grouped.annotate(number=Count("pk")))


def _available(user: Any, project_ids: list[int]) -> dict[int, int]:
    """Project id → items that the person could be given now; settled ones need no more labels."""
    own = Assignment.objects.filter(item=OuterRef("pk"), annotator__user=user).exclude(
        status__in=["expired", "released"]
    )
    settled = Consensus.objects.filter(item=OuterRef("pk"), method="settled")
    free = QueueEntry.objects.filter(~Exists(own), ~Exists(settled), remaining__gt=0)
    return _counts(free, project_ids)
