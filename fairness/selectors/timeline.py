"""How the difference between the groups grew while labels came in, with what was decided meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet, Value

from annotations.models import Checkpoint, Project, Run, RunDecision
from annotations.state import SECONDS_AN_HOUR, hour_of
from annotations.task_types import task_type
from fairness.metrics import Estimate, GroupCounts, demographic_parity
from fairness.models import Audit, Finding, Monitor
from fairness.selectors.certainty import Ground
from fairness.selectors.counting import Period, periods_of
from fairness.selectors.live import LiveView, Source
from fairness.selectors.wanted import MODEL, Wanted
from ledger.models import LedgerEvent

MOST_MARKS = 60  # of each kind, the newest
DECISIONS = (
    "project.changed",
    "project.status_changed",
    "attributes.changed",
    "serving.rules_changed",
    "quality.rules_changed",
    "deciding.rules_changed",
    "groups.changed",
    "demand.raised",
    "demand.raise_carried",
    "demand.raise_ended",
    "monitors.groups_changed",
)
OTHER_DECISIONS = (
    "schema.changed",
    "monitor.added",
    "monitor.changed",
    "monitor.removed",
    "finding.opened",
    "finding.sent",
    "finding.decided",
    "audit.model_chosen",
    "audit.model_proposed",
)


ABOUT = {"run", "finding", "monitor", "audit"}  # what a decision may be about that has a page of its own


@dataclass(frozen=True)
class Point:
    """What a source's labels said that were given until the end of a period. ``certain``: the difference is certain to
    be at least that, at whatever moment one looks; None where it cannot be asked."""

    difference: Estimate
    lowest: str | None
    highest: str | None
    certain: float | None


@dataclass(frozen=True)
class Moment:
    """The end of a period (or now, for the one that is running), and every source's point."""

    start: datetime
    end: datetime
    points: Mapping[str, Point]  # table → point
    labels: Mapping[str, int]  # table → how many were given in the period


@dataclass(frozen=True)
class Mark:
    """Something that happened: a run's checkpoint, or a decision in the project's record."""

    at: datetime
    kind: str  # checkpoint or decision
    subject: int  # id of what it is about: a run, a finding, a limit, an audit; else 0
    number: int  # of a checkpoint: its number; else 0
    what: str  # the record's kind, or what was decided at the checkpoint
    reason: str
    about: str = ""  # run, finding, monitor or audit: what ``subject`` is
    data: Mapping[str, Any] = field(default_factory=dict)  # what the record says of a decision


@dataclass(frozen=True)
class Timeline:
    moments: tuple[Moment, ...]
    marks: tuple[Mark, ...]
    certain_since: Mapping[str, datetime]  # table → end of the first period with a certain difference


def table_of(source: Source) -> str:
    return source.kind if source.annotator_id is None else f"model:{source.annotator_id}"


def timeline(project: Project, view: LiveView) -> Timeline:
    """For the sources of the view that have a time, which a consensus has not."""
    if view.question is None or view.ground is None:
        return Timeline((), (), {})
    schema = project.schemas.get(is_current=True)
    periods = periods_of(project, task_type(schema.task_type), view.question, view.wanted)
    tables = [table_of(source) for source in view.sources if source is not view.consensus]
    moments = tuple(_moments(periods, tables, view.min_group, view.ground))
    since: dict[str, datetime] = {}
    for moment in moments:
        for table, point in moment.points.items():
            if point.certain:
                since.setdefault(table, moment.end)
    return Timeline(moments, tuple(marks_of(project, view.wanted)), since)


def _moments(periods: list[Period], tables: list[str], min_group: int, ground: Ground) -> list[Moment]:
    so_far: dict[str, dict[str, GroupCounts]] = defaultdict(dict)
    found = []
    for period in periods:
        given = dict.fromkeys(tables, 0)
        for table in tables:
            for group, counts in period.tables.get(table, {}).items():
                have = so_far[table].get(group, GroupCounts(0, 0))
                so_far[table][group] = GroupCounts(have.selected + counts.selected, have.n + counts.n)
                given[table] += counts.n
        # In the order of the live numbers: of groups with equal rates the order decides which pair is compared.
        points = {table: _point(table, dict(sorted(so_far[table].items())), min_group, ground) for table in tables}
        found.append(Moment(_moment(period.start), _moment(period.end), points, given))
    return found


def _point(table: str, counts: dict[str, GroupCounts], min_group: int, ground: Ground) -> Point:
    certificate = ground.certify(table.partition(":")[0], counts, min_group)
    parity = demographic_parity(counts, min_group=min_group, labels_per_item=certificate.labels_per_item)
    certain = certificate.found
    return Point(
        parity.difference, parity.lowest, parity.highest, None if certain is None or certain.reason else certain.lower
    )


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * SECONDS_AN_HOUR, UTC)


def marks_of(project: Project, wanted: Wanted) -> list[Mark]:
    """Checkpoints and decisions within the time asked for, and of the model; the earliest first."""
    runs = Run.objects.filter(project=project)
    if wanted.model is not None:
        runs = runs.filter(annotator_id=wanted.model)
    checkpoints = Checkpoint.objects.filter(run__in=runs).order_by("-pk")[:MOST_MARKS]
    marks = [
        Mark(one.created_at, "checkpoint", one.run_id, one.number, RunDecision(one.decision).value, one.reason, "run")
        for one in checkpoints
        if wanted.by in ("", MODEL)
    ]
    # By subject, which is indexed: a project's labels are events too, by the million.
    of_project = Q(subject=f"project:{project.pk}", kind__in=DECISIONS)
    others = Q(subject__in=_subjects(project, runs)) & (Q(kind__startswith="run.") | Q(kind__in=OTHER_DECISIONS))
    events = LedgerEvent.objects.filter(of_project | others, project_id=project.pk).order_by("-pk")[:MOST_MARKS]
    marks += [_decision(event) for event in events]
    first, last = wanted.hours
    return sorted((mark for mark in marks if first <= hour_of(mark.at) <= last), key=lambda mark: mark.at)


def _subjects(project: Project, runs: QuerySet[Run]) -> list[str]:
    """What decisions are about, the newest of each kind."""
    named: dict[str, QuerySet[Any]] = {
        "run": runs,
        "schema": project.schemas.all(),
        "monitor": Monitor.objects.filter(project=project),
        "finding": Finding.objects.filter(project=project),
        "audit": Audit.objects.filter(project=project),
    }
    first, *others = (
        rows.order_by("-pk").annotate(sort=Value(kind)).values_list("sort", "pk")[:MOST_MARKS]
        for kind, rows in named.items()
    )
    return [f"{kind}:{pk}" for kind, pk in first.union(*others, all=True)]


def _decision(event: LedgerEvent) -> Mark:
    reason = event.data.get("reason", "")
    kind, _colon, pk = event.subject.partition(":")
    about = kind if kind in ABOUT else ""
    said = reason if isinstance(reason, str) else ""
    return Mark(event.created_at, "decision", int(pk) if about else 0, 0, event.kind, said, about, event.data)
