"""The record made anew, cut back to an earlier event, and how another one differs from it.

What the ledger's later events brought is left out. What they changed without a trace in what is left (a limit's state,
a project's name) is as it is now: such fields can differ from an honest record of before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Entry = Mapping[str, Any]

# What an entry of each part is known by.
KEYS = {
    "schemas": ("version",),
    "limits": ("limit",),
    "findings": ("finding",),
    "audits": ("audit",),
    "choices": ("choice",),
    "checklist": ("bias", "at"),
}
PAUSES = "pauses"  # known by their events
SINGLE = ("project", "assistance")
WITHIN = ("changes", "sent", "raised", "events")  # entries within an entry
UNBEGUN = "monitor.groups_named"  # the first event of a limit that is older than events
#: What later events may have changed; every other field stays as it was written.
CHANGING = {
    "project": frozenset({"name", "summary", "status", "redundancy", "min_support", "favourable_label", "attributes"}),
    "limits": frozenset(
        {"tau", "alpha", "at_checkpoints", "pause_labelling", "groups", "since", "renewed", "removed_at"}
    ),
    "findings": frozenset({"name", "what", "how_sure", "state", "runs", "sent_items"}),
    PAUSES: frozenset({"name"}),
    "choices": frozenset({"name", "holds"}),
    "checklist": frozenset({"holds"}),
    "assistance": frozenset({"is_on", "model", "holdout_share"}),
}
#: What changes without an event that the record names: with every label, with prices.
LIVE = {"assistance": frozenset({"effects"}), "audits": frozenset({"card"})}


@dataclass
class Differences:
    """``wrong``: what the record cannot have been. ``unheld``: what is otherwise now, and may have been so then."""

    wrong: list[str] = field(default_factory=list)
    unheld: list[str] = field(default_factory=list)


def compared(record: Entry, now: Entry) -> Differences:
    """``now``: the record made anew, in full."""
    last = record["ledger"]["last_event"] or 0
    moved = (now["ledger"]["last_event"] or 0) != last
    found = Differences()
    if unknown := sorted(record.keys() - now.keys()):
        found.wrong.append(f"There are no such parts: {', '.join(unknown)}.")
    for part in SINGLE:
        _compare(part, part, record[part], _cut(now[part], last), moved, found)
    for part in (*KEYS, PAUSES):
        right = {_key(part, one): _cut(one, last) for one in now[part] if _was_there(one, last)}
        said = {_key(part, one): one for one in record[part]}
        if len(said) != len(record[part]):
            found.wrong.append(f"{part}: an entry is there twice.")
        for key in sorted(right.keys() | said.keys(), key=str):
            name = f"{part} {' '.join(str(one) for one in key)}"
            if key not in said:
                found.wrong.append(f"{name}: the record does not have it.")
            elif key not in right:
                found.wrong.append(f"{name}: there is no such entry here.")
            else:
                _compare(part, name, said[key], right[key], moved, found)
    return found


def covers_of(entry: Entry) -> Iterator[Entry]:
    """All that name, or could name, an event: the entry itself and those within."""
    if "ledger" in entry:
        yield entry
    if entry.get("decision") and isinstance(entry["decision"], Mapping):
        yield entry["decision"]
    for name in WITHIN:
        yield from entry.get(name, ())


def _compare(part: str, name: str, said: Entry, right: Entry, moved: bool, found: Differences) -> None:
    differing = {
        key for key in said.keys() | right.keys() if key not in said or key not in right or said[key] != right[key]
    }
    unheld = differing & LIVE.get(part, frozenset())
    if moved:
        unheld |= differing & CHANGING.get(part, frozenset())
    if wrong := sorted(differing - unheld):
        found.wrong.append(f"{name}: made anew it says something else: {', '.join(wrong)}.")
    if unheld:
        found.unheld.append(f"{name}: at present it is otherwise: {', '.join(sorted(unheld))}.")


def _key(part: str, entry: Entry) -> tuple[Any, ...]:
    return (entry["ledger"]["event"],) if part == PAUSES else tuple(entry[name] for name in KEYS[part])


def _was_there(entry: Entry, last: int) -> bool:
    if entry.get("ledger"):
        return _by(entry, last)
    first = next(iter(entry.get("changes") or entry.get("events") or ()), None)
    return first is None or first["ledger"]["kind"] == UNBEGUN or _by(first, last)


def _by(entry: Entry, last: int) -> bool:
    return entry["ledger"] is None or int(entry["ledger"]["event"]) <= last


def _cut(entry: Entry, last: int) -> Entry:
    """Without what came later."""
    cut = {**entry, **{name: [one for one in entry[name] if _by(one, last)] for name in WITHIN if name in entry}}
    decision = entry.get("decision")
    if isinstance(decision, Mapping) and not _by(decision, last):
        cut["decision"] = None
    return cut
