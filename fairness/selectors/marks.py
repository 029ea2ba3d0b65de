"""What happened while labels came in: checkpoints of runs, findings and the answers to them, the owner's decisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from annotations.models import Checkpoint, ModelChoice, Project, Run, RunDecision
from fairness.models import Finding, Monitor
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
    "monitors.groups_changed",
)
CHECKPOINT, FINDING, DECISION, MONITOR, CHOICE = "checkpoint", "finding", "decision", "monitor", "choice"


@dataclass(frozen=True)
class Mark:
    """Something that happened.

    ``kind``: a run's ``checkpoint``; a ``finding`` or the owner's answer to one; a model that was chosen (``choice``)
    from an audit; a ``monitor`` that was set, changed or removed; another ``decision`` in the project's record.
    ``subject``: the run, finding, audit or monitor; else 0. ``number``: of a checkpoint. ``what``: what was decided at
    the checkpoint, ``opened`` or the action, the role, or the record's kind. ``reason``: as it was given; of a finding
    the groups that it names; of a choice behind the model's name.
    """

    at: datetime
    kind: str
    subject: int
    number: int
    what: str
    reason: str


def marks_of(project: Project) -> list[Mark]:
    """The newest marks of each kind, the earliest first."""
    marks = [*_checkpoints(project), *_findings(project), *_choices(project), *_events(project)]
    return sorted(marks, key=lambda mark: mark.at)


def _checkpoints(project: Project) -> Iterator[Mark]:
    for one in Checkpoint.objects.filter(run__project=project).order_by("-pk")[:MOST_MARKS]:
        yield Mark(one.created_at, CHECKPOINT, one.run_id, one.number, RunDecision(one.decision).value, one.reason)


def _findings(project: Project) -> Iterator[Mark]:
    for one in Finding.objects.filter(project=project).select_related("decision").order_by("-pk")[:MOST_MARKS]:
        yield Mark(one.found_at, FINDING, one.pk, 0, "opened", ", ".join(one.certificate.get("groups", ())))
        decision = getattr(one, "decision", None)
        if decision is not None:
            yield Mark(decision.made_at, FINDING, one.pk, 0, decision.action, decision.reason)


def _choices(project: Project) -> Iterator[Mark]:
    chosen = ModelChoice.objects.filter(project=project, chosen_by__isnull=False).order_by("-pk")
    for one in chosen[:MOST_MARKS]:
        yield Mark(one.chosen_at, CHOICE, one.audit, 0, one.role, f"{one.name}: {one.reason}")


def _events(project: Project) -> Iterator[Mark]:
    """By subject, which is indexed: a project's labels are events too, by the million."""
    runs = [f"run:{pk}" for pk in Run.objects.filter(project=project).values_list("pk", flat=True)[:MOST_MARKS]]
    schemas = [f"schema:{pk}" for pk in project.schemas.values_list("pk", flat=True)[:MOST_MARKS]]
    watched = Monitor.objects.filter(project=project).order_by("-pk").values_list("pk", flat=True)[:MOST_MARKS]
    monitors = [f"monitor:{pk}" for pk in watched]
    wanted = (
        Q(subject=f"project:{project.pk}", kind__in=DECISIONS)
        | Q(subject__in=[*runs, *schemas], kind__startswith="run.")
        | Q(subject__in=schemas, kind="schema.changed")
        | Q(subject__in=monitors, kind__startswith="monitor.")
    )
    events = LedgerEvent.objects.filter(wanted, project_id=project.pk).order_by("-pk")[:MOST_MARKS]
    for event in events:
        reason = event.data.get("reason", "")
        kind = MONITOR if event.kind.startswith("monitor.") else DECISION
        subject = int(event.subject.partition(":")[2]) if kind == MONITOR else 0
        yield Mark(event.created_at, kind, subject, 0, event.kind, reason if isinstance(reason, str) else "")
