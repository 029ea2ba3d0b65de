"""Writing events. Called inside the transaction of the change that the event records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from ledger.models import LedgerEvent

SYSTEM = "system"


@dataclass(frozen=True)
class Event:
    """What ``record_many`` takes: who did what to which object. ``data`` must be JSON and free of personal data."""

    kind: str
    actor: str
    subject: str
    project_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False


def record(
    *,
    kind: str,
    actor: str,
    subject: str,
    project_id: int | None = None,
    data: Mapping[str, Any] | None = None,
    simulated: bool = False,
) -> LedgerEvent:
    """Append one event. The caller is inside the transaction that makes the change."""
    event = Event(kind, actor, subject, project_id, data or {}, simulated)
    return record_many([event])[0]


def record_many(events: Iterable[Event]) -> list[LedgerEvent]:
    """Append events in one statement, in the order given."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Ledger events are recorded inside the transaction of their change.")
    now = timezone.now()
    rows = [
        LedgerEvent(
            kind=event.kind,
            actor=event.actor,
            subject=event.subject,
            project_id=event.project_id,
            data=dict(event.data),
            simulated=event.simulated,
            created_at=now,
        )
        for event in events
    ]
    return LedgerEvent.objects.bulk_create(rows, batch_size=1000)


def actor_of(user: Any) -> str:
    """The actor text of a signed-in person: a number, never a name or an address."""
    return f"user:{user.pk}"
