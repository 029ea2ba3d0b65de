"""The record as a page: a table for each part, the newest first, each row with the event that it is held to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from annotations.models import Bias, CaseKind, ModelRole, Verdict
from fairness.disclosure.events import CHECKPOINT, RAISES
from fairness.disclosure.remedies import raised_words, sent_words
from fairness.models import Monitor
from fairness.monitors.models import Action
from fairness.monitors.services import FIELDS
from fairness.monitors.words import limit_of, share_of, title_of
from fairness.presenting import texts

SHOWN = 50  # rows of a part; the file has all
SHOWN_TEXT = 400  # characters of a reason
Cell = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A part of the record. ``more``: how many rows are in the file alone."""

    id: str
    title: str
    note: str
    headers: Sequence[Cell]
    rows: Sequence[Row]
    empty: str
    more: int = 0


def sections_of(record: Mapping[str, Any], names: Mapping[str, str]) -> list[Section]:
    """``names``: of labels by key."""
    return [
        _limits(record, names), _findings(record), _remedies(record), _pauses(record), _choices(record),
        _audits(record), _checklist(record), _assistance(record), _schemas(record),
    ]  # fmt: skip


def _section(
    id: str,
    words: tuple[str, str, str],
    heads: Sequence[str],
    entries: Sequence[Any],
    row: Callable[[Any], Iterable[Cell]],
) -> Section:
    """``words``: title, note, and what is said where there is nothing."""
    title, note, empty = words
    newest = list(reversed(entries))
    headers = [{"label": head.removesuffix("#"), "num": head.endswith("#")} for head in heads]
    rows = [{"cells": list(row(entry))} for entry in newest[:SHOWN]]
    return Section(id, title, note, headers, rows, empty, len(newest[SHOWN:]))


def _limits(record: Mapping[str, Any], names: Mapping[str, str]) -> Section:
    project = record["project"]["project"]

    def row(one: Mapping[str, Any]) -> Iterable[Cell]:
        monitor = Monitor(**{name: one[name] for name in FIELDS})
        removed = one["removed_at"]
        href = "" if removed else reverse("fairness_monitor", args=[project, one["limit"]])
        yield {"text": title_of(monitor, names), "href": href}
        yield {"text": limit_of(monitor)}
        yield {"text": share_of(monitor.alpha), "num": True}
        yield {"text": ", ".join(one["groups"]) or _("all items")}
        yield {"time": _time(one["since"])}
        yield {"badge": _("Removed") if removed else _("In force"), "badge_tone": "neutral" if removed else "good"}
        yield _held_to(*(change["ledger"] for change in one["changes"]))

    heads = [
        _("What is watched"),
        _("Limit"),
        _("False pauses (α)") + "#",
        _("Groups"),
        _("Since"),
        _("State"),
        _event(),
    ]
    note = _("What the owners have said may be at most, with every change. α holds from the day named.")
    return _section("limits", (_("Limits"), note, _("No limit was ever set.")), heads, record["limits"], row)


def _findings(record: Mapping[str, Any]) -> Section:
    project = record["project"]["project"]
    states = {"waits": _("Waits for the owner"), "dropped": _("Monitor removed")}

    def row(one: Mapping[str, Any]) -> Iterable[Cell]:
        decision = one["decision"]
        yield {"text": one["what"], "href": reverse("fairness_finding", args=[project, one["finding"]])}
        yield {"text": one["how_sure"]}
        yield {"time": _time(one["found_at"])}
        yield {"text": str(Action(decision["action"]).label) if decision else states[one["state"]]}
        yield {"text": _who(decision["by"]) if decision else ""}
        yield {"text": _short(decision["reason"]) if decision else ""}
        yield _held_to(one["ledger"], decision and decision["ledger"])

    heads = [_("Finding"), _("How sure"), _("Found"), _("Decision"), _("By"), _("Reason"), _event()]
    note = _("All that was certain to be beyond a limit, and what the owners decided, in their own words.")
    return _section(
        "findings", (_("Findings and decisions"), note, _("Nothing was found so far.")), heads, record["findings"], row
    )


def _remedies(record: Mapping[str, Any]) -> Section:
    project = record["project"]["project"]
    sent = f"{reverse('cases', args=[project])}?{urlencode({'kind': CaseKind.ASKED.value})}"
    more = reverse("project_setting_more", args=[project])

    def row(one: tuple[Mapping[str, Any], Mapping[str, Any]]) -> Iterable[Cell]:
        finding, event = one
        yield {"text": finding["what"], "href": reverse("fairness_finding", args=[project, finding["finding"]])}
        raised = event["ledger"]["kind"] in RAISES
        yield {"text": raised_words(event) if raised else sent_words(event), "href": more if raised else sent}
        yield {"time": _time(event["ledger"]["at"])}
        yield {"text": _who(event["by"])}
        yield _held_to(event["ledger"])

    heads = [_("Finding"), _("What was done"), _("When"), _("By"), _event()]
    note = _("What was done about findings besides the decision: items sent to experts, and more labels for a group.")
    words = (_("What followed from findings"), note, _("Nothing was done besides the decisions."))
    followed = [(one, event) for one in record["findings"] for event in (*one["sent"], *one["raised"])]
    followed.sort(key=lambda one: int(one[1]["ledger"]["event"]))
    return _section("remedies", words, heads, followed, row)


def _pauses(record: Mapping[str, Any]) -> Section:
    what = {
        CHECKPOINT: _("Checkpoint"), "run.paused": _("Paused"), "run.resumed": _("Resumed"),
        "run.stopped": _("Stopped by a limit"), "run.cancelled": _("Cancelled"),
    }  # fmt: skip

    def row(one: Mapping[str, Any]) -> Iterable[Cell]:
        number = f" {one['number']}" if "number" in one else ""
        yield {"text": one["name"], "href": reverse("run_detail", args=[one["run"]])}
        yield {"text": what[one["what"]] + number}
        yield {"time": _time(one["ledger"]["at"])}
        yield {"text": _who(one["by"])}
        yield {"text": _short(one["reason"])}
        yield _held_to(one["ledger"])

    heads = [_("Model"), _("What happened"), _("When"), _("By"), _("Reason"), _event()]
    note = _("Where model runs did not go on, at a checkpoint or else, and who let them go on.")
    words = (_("Pauses of model runs"), note, _("No run was paused."))
    return _section("pauses", words, heads, record["pauses"], row)


def _choices(record: Mapping[str, Any]) -> Section:
    def row(one: Mapping[str, Any]) -> Iterable[Cell]:
        yield {"text": one["name"]}
        yield {"text": str(ModelRole(one["role"]).label)}
        yield {"time": _time(one["at"])}
        yield {"text": _who(one["by"])}
        yield {"text": _short(one["reason"])}
        yield {"text": texts.count(one["audit"]), "href": reverse("audit_detail", args=[one["audit"]]), "num": True}
        yield _held_to(one["ledger"])

    heads = [_("Model"), _("As"), _("When"), _("By"), _("Reason"), _("Audit") + "#", _event()]
    note = _("Which model was chosen for what, or proposed, on which audit, and why.")
    return _section(
        "choices",
        (_("Choices of models"), note, _("No model was chosen from an audit.")),
        heads,
        record["choices"],
        row,
    )


def _audits(record: Mapping[str, Any]) -> Section:
    def row(one: Mapping[str, Any]) -> Iterable[Cell]:
        card = one["card"]
        title = _("Card of audit %(number)s") % {"number": one["audit"]}
        yield {"text": title, "href": reverse("audit_card", args=[one["audit"]])}
        yield {"text": card["probe_set"]["name"]}
        yield {"text": ", ".join(candidate["model"] for candidate in card["candidates"])}
        yield {"time": _time(card["started"])}
        yield _held_to(*(event["ledger"] for event in one["events"]))

    heads = [_("Audit"), _("Probe set"), _("Models"), _("Started"), _event()]
    note = _("What was measured of models before they labelled. The file has the cards.")
    return _section("audits", (_("Audits"), note, _("No model was audited.")), heads, record["audits"], row)


def _checklist(record: Mapping[str, Any]) -> Section:
    def row(one: Mapping[str, Any]) -> Iterable[Cell]:
        yield {"text": str(Bias(one["bias"]).label)}
        yield {"text": str(Verdict(one["verdict"]).label)}
        yield {"text": _short(one["note"])}
        yield {"time": _time(one["at"])}
        yield _held_to(one["ledger"])

    heads = [_("Bias"), _("Answer"), _("Why, and what is done about it"), _("When"), _event()]
    note = _(
        "What the owners say about twelve ways in which a task can lead people astray. The file has earlier answers."
    )
    holding = [one for one in record["checklist"] if one["holds"]]
    return _section("checklist", (_("Bias checklist"), note, _("No question was answered yet.")), heads, holding, row)


def _assistance(record: Mapping[str, Any]) -> Section:
    def row(one: Mapping[str, Any]) -> Iterable[Cell]:
        yield {"text": one["name"]}
        for arm in (one["shown"], one["held_out"]):
            yield {"text": texts.percent(arm["share"], 1) if arm and arm["share"] is not None else "–", "num": True}
        value = one["effect"]
        yield {
            "text": _("insufficient data") if value is None else texts.signed_points(value),
            "num": value is not None,
        }
        yield {"text": texts.interval(one["low"], one["high"], texts.signed_points) or "–", "num": True}

    found = record["assistance"]
    heads = [_("Model"), _("Agree, label shown") + "#", _("Agree, held out") + "#", _("Effect, points") + "#",
             _("95 % interval") + "#"]  # fmt: skip
    is_on = _("People are shown a model's label first now.") if found["is_on"] else _("People label blind now.")
    note = _("By how much more often people agree with a model whose label they were shown. Counts of fewer than five "
             "people are not given.")  # fmt: skip
    words = (_("Anchoring by a model's label"), f"{note} {is_on}", _("Nobody was ever shown a model's label first."))
    return _section("assistance", words, heads, found["effects"], row)


def _schemas(record: Mapping[str, Any]) -> Section:
    def row(one: Mapping[str, Any]) -> Iterable[Cell]:
        yield {"text": str(one["version"])}
        yield {"text": ", ".join(label["name"] for label in one["config"].get("labels", []))}
        yield {"time": _time(one["since"])}
        yield _held_to(one["ledger"])

    heads = [_("Version"), _("Labels"), _("Since"), _event()]
    note = _("Every version of the labels and guidelines. The file has them in full.")
    return _section("schemas", (_("What was asked"), note, ""), heads, record["schemas"], row)


def _event() -> str:
    return _("Event") + "#"


def _held_to(*covers: Mapping[str, Any] | None) -> Cell:
    numbers = [str(cover["event"]) for cover in covers if cover]
    return {"text": ", ".join(numbers) or "–", "num": True}


def _who(by: Mapping[str, Any] | None) -> str:
    if by is None:
        return "–"
    return _("the platform") if by["role"] == "platform" else _("owner %(number)s") % {"number": by["person"]}


def _short(text: str) -> str:
    return Truncator(text).chars(SHOWN_TEXT)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
