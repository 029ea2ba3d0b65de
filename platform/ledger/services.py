"""Writing events. Called inside the transaction of the change that the event records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from ledger.statements import Statement

SYSTEM = "system"

# One plain statement, many times cheaper to make than an ORM bulk insert: every label writes two or three events.
APPEND = Statement(
    "ledger_append",
    """
    INSERT INTO ledger_ledgerevent (kind, actor, subject, project_id, data, simulated, created_at)
    SELECT kind, actor, subject, project_id, data, simulated, %(now)s
    FROM jsonb_to_recordset(%(events)s)
        AS event(kind text, actor text, subject text, project_id bigint, data jsonb, simulated boolean)
    """,
    events="jsonb",
    now="timestamptz",
)


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
) -> None:
    """Append one event. The caller is inside the transaction that makes the change."""
    record_many([Event(kind, actor, subject, project_id, data or {}, simulated)])


def record_many(events: Iterable[Event]) -> None:
    """Append events in one statement, in the order given."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Ledger events are recorded inside the transaction of their change.")
    events = list(events)
    if events:
        with connection.cursor() as cursor:
            APPEND.execute(cursor, {"events": events_as_rows(events), "now": timezone.now()})


def events_as_rows(events: Iterable[Event]) -> str:
    """What ``APPEND`` takes as ``events``."""
    fields = ("kind", "actor", "subject", "project_id", "data", "simulated")
    return json.dumps([{name: getattr(event, name) for name in fields} for event in events], default=dict)


def actor_of(user: Any) -> str:
    """The actor text of a signed-in person: a number, never a name or an address."""
    return f"user:{user.pk}"
