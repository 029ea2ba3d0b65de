"""Holding a record to the ledger: whether each event that it names is there, and says what the record says; whether
it names all that there are; and whether it says the rest as it is said when the record is made anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from annotations.models import Project
from fairness.disclosure.anew import KEYS, PAUSES, SINGLE, Differences, compared, covers_of
from fairness.disclosure.events import told_of
from fairness.disclosure.record import FORMAT, digest_of_record, disclosure_of
from ledger.hashing import digest_hex
from ledger.models import LedgerBlock, LedgerEvent
from ledger.sealing import digest_of

Entry = Mapping[str, Any]
LARGEST = 2**63 - 1


def check(record: Entry) -> Differences:
    """What does not agree, as sentences; for this installation's ledger, of which a project's whole part is read.

    Whoever holds the file can rehash it, so that its own digest proves nothing: events that the ledger has up to the
    record's last one must all be named, and what no event says is compared to the record made anew.

    That the ledger itself is whole is ``evenhand ledger verify``'s to say, with the record's newest block as its head.
    Raises ``KeyError``, ``TypeError``, ``AttributeError`` or ``ValueError`` for what is no whole record.
    """
    if record.get("format") != FORMAT:
        return Differences([f"This is no record of the format {FORMAT}."])
    found = Differences()
    if digest_of_record(record) != record.get("sha256"):
        found.wrong.append("The record was altered: its SHA-256 differs.")
    project_id = _number(record["project"]["project"])
    entries = [entry for entry in _entries(record) if entry["ledger"]]
    named = {_number(entry["ledger"]["event"]) for entry in entries}
    rows = LedgerEvent.objects.in_bulk(named)
    for entry in entries:
        found.wrong += _faults(entry, rows.get(entry["ledger"]["event"]), project_id)
    found.wrong += _left_out(record, project_id, named)
    found.wrong += [fault for limit in record["limits"] for fault in _of_limit(limit)]
    found.wrong += [fault for audit in record["audits"] for fault in _of_audit(audit)]
    found.wrong += _of_block(record["ledger"]["newest_block"])
    return _with_anew(record, project_id, found)


def faults_of(record: Entry) -> list[str]:
    """What contradicts the ledger or the record made anew; empty where nothing does."""
    return check(record).wrong


def _with_anew(record: Entry, project_id: int, found: Differences) -> Differences:
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        found.unheld.append(f"Project {project_id} is not here: only events were compared.")
        return found
    anew = compared(record, disclosure_of(project))
    return Differences(found.wrong + anew.wrong, found.unheld + anew.unheld)


def _number(given: Any) -> int:
    if type(given) is not int or not 0 < given <= LARGEST:
        raise ValueError(f"{given!r} is not the number of anything")
    return given


def _left_out(record: Entry, project_id: int, named: Iterable[int]) -> Iterator[str]:
    """Events that the record should name, and does not; and the other way round."""
    last = record["ledger"]["last_event"]
    until = 0 if last is None else _number(last)
    there = dict(told_of(project_id).filter(pk__lte=until).order_by("pk").values_list("pk", "kind"))
    if until and until not in there:
        yield f"Event {until}, said to be the last one, is none that a record of this project names."
    for number in sorted(there.keys() - set(named)):
        yield f"Event {number} of the ledger is left out: {there[number]}."
    for number in sorted(set(named) - there.keys()):
        yield f"Event {number} is not one that a record with the last event {last} names."
    if record["ledger"]["events"] != len(there):
        yield f"The ledger has {len(there)} events up to {last}, not {record['ledger']['events']}."


def _entries(record: Entry) -> Iterator[Entry]:
    """All that name, or could name, an event."""
    for part in SINGLE:
        yield from covers_of(record[part])
    for part in (*KEYS, PAUSES):
        for entry in record[part]:
            yield from covers_of(entry)


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
