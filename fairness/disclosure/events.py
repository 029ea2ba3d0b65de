"""The ledger's events about what is disclosed, and how entries refer to them.

Events are found by their subjects, which are indexed: a project's labels are events too, by the million.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet, Value

from accounts.models import Role
from annotations.models import Project, Run, RunDecision
from fairness.models import Audit, Finding, Monitor
from ledger.models import LedgerEvent
from ledger.sealing import digest_of
from ledger.services import SYSTEM

CHECKPOINT = "checkpoint.reached"
RAISES = ("demand.raised", "demand.raise_carried", "demand.raise_ended")
#: What is told of each kind of subject. Whatever is not done by the platform itself takes an owner to do.
KINDS = {
    "project": (
        "project.created", "project.changed", "project.status_changed", "attributes.changed", "checklist.answered",
        "assistance.on", "assistance.off", "assistance.changed", "audit.rules_changed", "audit.held_back",
        "groups.changing", "groups.changed", "monitors.groups_changed", *RAISES,
    ),
    "schema": ("schema.changed",),
    "monitor": ("monitor.added", "monitor.groups_named", "monitor.changed", "monitor.removed"),
    "finding": ("finding.opened", "finding.sent", "finding.decided"),
    "audit": (
        "audit.started", "audit.candidate_measured", "audit.candidate_failed", "audit.finished", "audit.cancelled",
        "audit.resumed", "audit.model_chosen", "audit.model_proposed",
    ),
    "run": ("run.paused", "run.resumed", "run.stopped", "run.cancelled", CHECKPOINT),
}  # fmt: skip


def moment(at: datetime | None) -> str | None:
    """A time in UTC, ISO 8601 with microseconds: as in the ledger's digests."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def told_of(project_id: int) -> QuerySet[LedgerEvent]:
    """All events that a record tells of, whether or not their subjects are still there. Walks a project's whole ledger
    unless subjects are named besides."""
    some = Q(kind__in=[kind for kinds in KINDS.values() for kind in kinds if kind != CHECKPOINT])
    some |= Q(kind=CHECKPOINT, data__decision__in=[RunDecision.PAUSE.value, RunDecision.STOP.value])
    return LedgerEvent.objects.filter(some, project_id=project_id)


@dataclass(frozen=True)
class Events:
    """``by_subject``: in the ledger's order. ``people``: actor → number, in the order in which they first acted."""

    by_subject: Mapping[str, list[LedgerEvent]]
    people: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project) -> Events:
        """Two queries. Of checkpoints, those at which a run did not go on."""
        found = told_of(project.pk).filter(subject__in=_subjects(project)).order_by("pk")
        by_subject: dict[str, list[LedgerEvent]] = defaultdict(list)
        people: dict[str, int] = {}
        for event in found:
            by_subject[event.subject].append(event)
            if event.actor != SYSTEM:
                people.setdefault(event.actor, len(people) + 1)
        return cls(by_subject, people)

    def about(self, subject: str, *kinds: str) -> list[LedgerEvent]:
        """Events about one thing, of these kinds (or of any), in the ledger's order."""
        return [event for event in self.by_subject.get(subject, ()) if not kinds or event.kind in kinds]

    def last(self, subject: str, kind: str) -> LedgerEvent | None:
        return next(iter(self.about(subject, kind)[-1:]), None)

    def by(self, event: LedgerEvent | None) -> dict[str, Any] | None:
        """Who acted: the platform by itself, or an owner, by a number that holds within the record. No names."""
        if event is None:
            return None
        if event.actor == SYSTEM:
            return {"role": "platform"}
        return {"role": Role.OWNER.value, "person": self.people[event.actor]}

    def cover(self, event: LedgerEvent | None) -> dict[str, Any] | None:
        """The event that an entry is held to: its number, and its digest as the ledger's blocks have it."""
        if event is None:
            return None
        return {
            "event": event.pk,
            "kind": event.kind,
            "at": moment(event.created_at),
            "sha256": digest_of(event).hex(),
        }

    def told(self, event: LedgerEvent) -> dict[str, Any]:
        """An event as an entry of its own: what it says, word for word."""
        return {"by": self.by(event), "data": event.data, "ledger": self.cover(event)}

    def history(self, subject: str, *kinds: str) -> list[dict[str, Any]]:
        return [self.told(event) for event in self.about(subject, *kinds)]

    def numbers(self) -> Iterable[int]:
        return (event.pk for events in self.by_subject.values() for event in events)


def _subjects(project: Project) -> list[str]:
    named: dict[str, QuerySet[Any]] = {
        "schema": project.schemas.all(),
        "monitor": Monitor.objects.filter(project=project),
        "finding": Finding.objects.filter(project=project),
        "audit": Audit.objects.filter(project=project),
        "run": Run.objects.filter(project=project),
    }
    first, *others = (
        rows.order_by().annotate(sort=Value(kind)).values_list("sort", "pk") for kind, rows in named.items()
    )
    return [f"project:{project.pk}", *(f"{kind}:{pk}" for kind, pk in first.union(*others, all=True))]
