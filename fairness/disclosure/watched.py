"""Limits, what they found, what was decided about that, and where runs were paused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from annotations.models import Project, Run
from fairness.disclosure.events import CHECKPOINT, RAISES, Events, moment
from fairness.models import Decision, Finding, Monitor
from fairness.monitors.selectors import Told, findings_of, name_of, told
from fairness.monitors.services import FIELDS
from ledger.models import LedgerEvent


def limits(project: Project, events: Events) -> list[dict[str, Any]]:
    """Every limit that was ever set, the removed ones too, with all changes."""
    return [_limit(one, events) for one in Monitor.objects.filter(project=project).order_by("pk")]


def _limit(one: Monitor, events: Events) -> dict[str, Any]:
    return {
        "limit": one.pk,
        **{name: getattr(one, name) for name in FIELDS},
        "groups": one.groups,
        "set_at": moment(one.created_at),
        "since": moment(one.since),
        "renewed": one.renewed,
        "removed_at": moment(one.removed_at),
        "changes": events.history(f"monitor:{one.pk}"),
    }


def findings(project: Project, events: Events) -> list[dict[str, Any]]:
    """Every finding, the earliest first, with the decision on it."""
    found = list(findings_of(project).order_by("pk"))
    raises: dict[int, list[LedgerEvent]] = defaultdict(list)
    for event in events.about(f"project:{project.pk}", *RAISES):
        raises[event.data["finding"]].append(event)
    return [_finding(one, events, raises) for one in told(found, project)]


def _finding(one: Told, events: Events, raises: Mapping[int, list[LedgerEvent]]) -> dict[str, Any]:
    finding, monitor = one.finding, one.finding.monitor
    subject = f"finding:{finding.pk}"
    decision = getattr(finding, "decision", None)
    return {
        "finding": finding.pk,
        "monitor": monitor.pk,
        **{name: getattr(monitor, name) for name in ("measure", "whose", "attribute", "label", "truth")},
        "annotator": finding.annotator_id,
        "name": name_of(finding),
        "what": one.what,
        "how_sure": one.sure,
        "certificate": finding.certificate,
        "version": finding.version,
        "found_at": moment(finding.found_at),
        "runs": finding.runs,
        "labelling_paused": finding.labelling_paused,
        "state": _state(finding, decision),
        "sent_items": len(finding.sent),
        "ledger": events.cover(events.last(subject, "finding.opened")),
        "decision": None if decision is None else _decision(decision, events, subject),
        "sent": [_sent(event, events) for event in events.about(subject, "finding.sent")],
        "raised": [events.told(event) for event in raises.get(finding.pk, ())],
    }


def _state(finding: Finding, decision: Decision | None) -> str:
    if finding.is_open:
        return "waits"
    return "decided" if decision is not None else "dropped"


def _decision(decision: Decision, events: Events, subject: str) -> dict[str, Any]:
    event = events.last(subject, "finding.decided")
    return {
        "action": decision.action,
        "reason": decision.reason,
        "until": decision.until,
        "resumed": decision.resumed,
        "at": moment(decision.made_at),
        "by": events.by(event),
        "ledger": events.cover(event),
    }


def _sent(event: LedgerEvent, events: Events) -> dict[str, Any]:
    return {"by": events.by(event), "items": event.data["items"], "ledger": events.cover(event)}


def pauses(project: Project, events: Events) -> list[dict[str, Any]]:
    """Where runs did not go on, and what was decided then: one entry for each event, in the ledger's order."""
    runs = Run.objects.filter(project=project).select_related("annotator").order_by("pk")
    found = [entry for run in runs for entry in _pauses(run, events)]
    return sorted(found, key=lambda entry: int(entry["ledger"]["event"]))


def _pauses(run: Run, events: Events) -> Iterator[dict[str, Any]]:
    for event in events.about(f"run:{run.pk}"):
        entry: dict[str, Any] = {
            "run": run.pk,
            "annotator": run.annotator_id,
            "name": run.annotator.name or run.annotator.pseudonym,
            "what": event.kind,
            "labelled": event.data.get("labelled"),
            "reason": event.data.get("reason", ""),
            "by": events.by(event),
            "ledger": events.cover(event),
        }
        if event.kind == CHECKPOINT:
            entry["number"], entry["decision"] = event.data["number"], event.data["decision"]
            entry["monitors"] = event.data.get("checks", {}).get("monitors", {})
        yield entry
