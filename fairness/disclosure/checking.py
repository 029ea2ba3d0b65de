"""Holding a record to the ledger: whether each event that it names is there, and says what the record says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fairness.disclosure.record import FORMAT, digest_of_record
from ledger.hashing import digest_hex
from ledger.models import LedgerBlock, LedgerEvent
from ledger.sealing import digest_of

Entry = Mapping[str, Any]
PARTS = ("schemas", "findings", "pauses", "choices", "checklist")


def faults_of(record: Entry) -> list[str]:
    """Sentences that say what does not agree; empty where all does. For this installation's ledger.

    That the ledger itself is whole is ``evenhand ledger verify``'s to say, with the record's newest block as its head.
    """
    if record.get("format") != FORMAT:
        return [f"This is no record of the format {FORMAT}."]
    found = [] if digest_of_record(record) == record.get("sha256") else ["The record was altered: its SHA-256 differs."]
    entries = list(_entries(record))
    rows = LedgerEvent.objects.in_bulk([entry["ledger"]["event"] for entry in entries])
    for entry in entries:
        found += _faults(entry, rows.get(entry["ledger"]["event"]), record["project"]["project"])
    found += [fault for limit in record["limits"] for fault in _of_limit(limit)]
    found += [fault for audit in record["audits"] for fault in _of_audit(audit)]
    return found + list(_of_block(record["ledger"]["newest_block"]))


def _entries(record: Entry) -> Iterator[Entry]:
    """All that name an event."""
    some = [entry for part in PARTS for entry in record[part]]
    some += [finding["decision"] for finding in record["findings"] if finding["decision"]]
    some += [sent for finding in record["findings"] for sent in finding["sent"]]
    for part in (record["project"], *record["limits"], record["assistance"]):
        some += part["changes"]
    some += [event for audit in record["audits"] for event in audit["events"]]
    yield from (entry for entry in some if entry["ledger"])


def _faults(entry: Entry, event: LedgerEvent | None, project: int) -> Iterator[str]:
    number = entry["ledger"]["event"]
    if event is None:
        yield f"Event {number} is not in the ledger."
        return
    if digest_of(event).hex() != entry["ledger"]["sha256"] or event.project_id != project:
        yield f"Event {number} is another one in the ledger."
    said = {**entry, **entry.get("certificate", {})}
    if "bias" in entry:
        said |= {entry["bias"]: entry["verdict"], "notes": event.data.get("notes", {}) | {entry["bias"]: entry["note"]}}
    wrong = sorted(name for name in said.keys() & event.data.keys() if said[name] != event.data[name])
    if "data" in entry and entry["data"] != event.data:
        wrong.append("data")
    if wrong:
        yield f"Of event {number} the ledger says something else: {', '.join(wrong)}."


def _of_limit(limit: Entry) -> Iterator[str]:
    """Whether a limit is what its changes make of it."""
    made: dict[str, Any] = {}
    for change in limit["changes"]:
        made |= change["data"]
    wrong = sorted(name for name in made.keys() & limit.keys() if made[name] != limit[name])
    if wrong:
        yield f"Limit {limit['limit']} is not what its changes make of it: {', '.join(wrong)}."


def _of_audit(audit: Entry) -> Iterator[str]:
    results = {one["id"]: one["results"] for one in audit["card"]["candidates"]}
    for event in audit["events"]:
        data = event["data"]
        if "results_sha256" in data and digest_hex(results.get(data["candidate"])) != data["results_sha256"]:
            yield f"Audit {audit['audit']}: the results of candidate {data['candidate']} are not those of the ledger."


def _of_block(block: Entry | None) -> Iterator[str]:
    if block and not LedgerBlock.objects.filter(position=block["position"], hash=block["hash"]).exists():
        yield f"Block {block['position']} of the ledger has another hash."
