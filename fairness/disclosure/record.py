"""The record that is disclosed: one JSON object, the same for the same state of the project.

docs/reference/formats.md has its fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils import translation

from annotations.models import Project
from fairness.disclosure import setting, watched
from fairness.disclosure.events import Events, moment
from fairness.services.recount import one_snapshot
from ledger.hashing import digest_hex
from ledger.models import PendingEvent
from ledger.selectors import chain_head

FORMAT = "evenhand.disclosure/1"
BESIDE = ("ledger", "sha256")  # what the record's own digest does not cover: the chain grows while the record stays


def disclosure_of(project: Project) -> dict[str, Any]:
    """Everything at one moment, in English whoever asks; as many queries whatever there is to tell.

    ``sha256`` is that of the canonical JSON (``ledger.hashing``) of all but ``ledger`` and itself.
    """
    with one_snapshot(), translation.override("en"):
        project = Project.objects.get(pk=project.pk)
        events = Events.of(project)
        parts: dict[str, Any] = {
            "format": FORMAT,
            "project": setting.project_row(project, events),
            "schemas": setting.schemas(project, events),
            "limits": watched.limits(project, events),
            "findings": watched.findings(project, events),
            "pauses": watched.pauses(project, events),
            "audits": setting.audits(project, events),
            "choices": setting.choices(project, events),
            "checklist": setting.checklist(project, events),
            "assistance": setting.assistance(project, events),
        }
        # As it is read again from a file: what is hashed is what is written.
        record: dict[str, Any] = json.loads(json.dumps(parts))
        return record | {"sha256": digest_of_record(record), "ledger": _ledger(events)}


def digest_of_record(record: Mapping[str, Any]) -> str:
    return digest_hex({name: part for name, part in record.items() if name not in BESIDE})


def _ledger(events: Events) -> dict[str, Any]:
    numbers = sorted(events.numbers())
    waiting = PendingEvent.objects.filter(event_id__in=numbers).order_by("event_id")
    head = chain_head()
    return {
        "events": len(numbers),
        "last_event": numbers[-1] if numbers else None,
        "unsealed": list(waiting.values_list("event_id", flat=True)),
        "newest_block": None
        if head is None
        else {"position": head.position, "hash": head.hash, "sealed_at": moment(head.sealed_at)},
    }


def as_text(record: Mapping[str, Any]) -> str:
    """The record as a file: the same bytes for the same record."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"
