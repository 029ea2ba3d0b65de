"""What happened meanwhile, in words, with the way to it for those who may go there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Role
from annotations.access import OWNER, READERS, STAFF
from annotations.models import ModelRole, Project
from fairness.models import Monitor
from fairness.monitors.words import limit_of, title_of
from fairness.presenting import texts
from fairness.selectors.live import LiveView
from fairness.selectors.timeline import Mark, Timeline

MOST_LISTED = 40
# Of what is about no single thing: the page that says how it is now, and who may read it.
PAGES: dict[str, tuple[str, frozenset[Role]]] = {
    "project.changed": ("project_settings", OWNER),
    "project.status_changed": ("project_setting_status", OWNER),
    "attributes.changed": ("project_setting_attributes", OWNER),
    "serving.rules_changed": ("project_setting_serving", OWNER),
    "quality.rules_changed": ("project_setting_quality", OWNER),
    "deciding.rules_changed": ("consensus", STAFF),
    "groups.changed": ("project_setting_groups", OWNER),
    "demand.raised": ("project_setting_more", READERS),
    "demand.raise_carried": ("project_setting_more", READERS),
    "demand.raise_ended": ("project_setting_more", READERS),
    "monitors.groups_changed": ("fairness_monitors", STAFF),
    "schema.changed": ("project_setting_labels", OWNER),
}
# Of what is about one thing: its page, and who may read it.
SUBJECTS: dict[str, tuple[str, frozenset[Role]]] = {
    "run": ("run_detail", READERS),
    "audit": ("audit_detail", READERS),
    "finding": ("fairness_finding", STAFF),
    "monitor": ("fairness_monitor", STAFF),
}
OF_PROJECT = {"finding", "monitor"}  # whose address names the project too


@dataclass(frozen=True)
class Happened:
    """A mark in words."""

    at: datetime
    title: str
    text: str
    icon: str
    url: str


def happened(project: Project, view: LiveView, found: Timeline, role: Role) -> list[Happened]:
    """Checkpoints and decisions in words, the newest first. One query for the limits among them."""
    marks = list(reversed(found.marks))[:MOST_LISTED]
    ids = {mark.subject for mark in marks if mark.about == "monitor"}
    monitors = {one.pk: one for one in Monitor.objects.filter(project=project, pk__in=ids)} if ids else {}
    return [_happened(project, mark, role, monitors, dict(view.labels)) for mark in marks]


def _happened(
    project: Project, mark: Mark, role: Role, monitors: Mapping[int, Monitor], labels: Mapping[str, str]
) -> Happened:
    monitor = monitors.get(mark.subject) if mark.about == "monitor" else None
    url = _url(project, mark, role, is_gone=monitor is not None and monitor.removed_at is not None)
    if mark.kind == "checkpoint":
        title = _("Checkpoint %(number)s of run %(run)s") % {"number": mark.number, "run": mark.subject}
        decided = {"pause": _("The run paused."), "stop": _("The run stopped."), "go_on": _("It went on.")}[mark.what]
        return Happened(mark.at, title, f"{decided} {mark.reason}".strip(), "flag", url)
    icon = "alert" if mark.what == "finding.opened" else "check-circle"
    said = _limit(monitor, labels) if monitor is not None else _said(mark)
    text = " ".join(part for part in (said, mark.reason) if part)
    return Happened(mark.at, _title(mark.what), text, icon, url)


def _url(project: Project, mark: Mark, role: Role, *, is_gone: bool) -> str:
    """Empty where this role may not go there, or nothing has a page of its own."""
    if is_gone:
        return reverse("fairness_monitors", args=[project.pk])
    if mark.about in SUBJECTS:
        name, readers = SUBJECTS[mark.about]
        args = [project.pk, mark.subject] if mark.about in OF_PROJECT else [mark.subject]
    elif mark.what in PAGES:
        (name, readers), args = PAGES[mark.what], [project.pk]
    else:
        return ""
    return reverse(name, args=args) if role in readers else ""


def _limit(monitor: Monitor, labels: Mapping[str, str]) -> str:
    """What is watched, and the limit as it is now."""
    words = {"what": title_of(monitor, labels), "limit": limit_of(monitor)}
    if monitor.removed_at is not None:
        return _("%(what)s.") % words
    return _("%(what)s: %(limit)s now.") % words


def _said(mark: Mark) -> str:
    say = SAID.get(mark.what)
    return say(mark.data) if say is not None else ""


def _labels(data: Mapping[str, Any]) -> str:
    parts = [_("Version %(number)s.") % {"number": data.get("version", "")}]
    for name, text in (("added", _("Added: %(keys)s.")), ("removed", _("Removed: %(keys)s."))):
        if keys := data.get(name):
            parts.append(text % {"keys": ", ".join(map(str, keys))})
    if data.get("guidelines_changed"):
        parts.append(_("The guidelines changed."))
    return " ".join(parts)


def _model(data: Mapping[str, Any]) -> str:
    role = ModelRole(data["role"]).label if data.get("role") in ModelRole.values else ""
    return _("%(name)s (%(role)s).") % {"name": data.get("name", ""), "role": role}


def _regrouped(data: Mapping[str, Any]) -> str:
    return _("Items that got other groups: %(items)s.") % {"items": texts.count(int(data.get("items", 0)))}


def _watched(data: Mapping[str, Any]) -> str:
    words = {"names": ", ".join(map(str, data.get("attributes", []))), "limits": len(data.get("monitors", []))}
    return _("Limits on %(names)s: %(limits)s.") % words


def _raised(data: Mapping[str, Any]) -> str:
    words = {"attribute": data.get("attribute", ""), "group": data.get("group", ""), "more": data.get("more", "")}
    return _("%(attribute)s “%(group)s”, labels more for each item: %(more)s.") % words


SAID: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "schema.changed": _labels,
    "audit.model_chosen": _model,
    "audit.model_proposed": _model,
    "groups.changed": _regrouped,
    "monitors.groups_changed": _watched,
    "demand.raised": _raised,
    "demand.raise_carried": _raised,
    "demand.raise_ended": _raised,
}


def _title(kind: str) -> str:
    titles = {
        "project.changed": _("Project changed"),
        "project.status_changed": _("Project's status changed"),
        "attributes.changed": _("Protected attributes changed"),
        "serving.rules_changed": _("Serving of items changed"),
        "quality.rules_changed": _("Rules of quality changed"),
        "deciding.rules_changed": _("Method of consensus changed"),
        "groups.changed": _("Groups of items changed"),
        "demand.raised": _("More labels for a group"),
        "demand.raise_carried": _("More labels for a group that was changed"),
        "demand.raise_ended": _("No more labels for a group than for others"),
        "monitors.groups_changed": _("Groups changed that a monitor watches"),
        "schema.changed": _("Labels or guidelines changed"),
        "run.started": _("Run started"),
        "run.paused": _("Run paused"),
        "run.resumed": _("Run resumed"),
        "run.stopped": _("Run stopped"),
        "run.cancelled": _("Run cancelled"),
        "run.finished": _("Run finished"),
        "run.rules_changed": _("Rules of a run changed"),
        "monitor.added": _("A limit was set"),
        "monitor.changed": _("A limit was changed"),
        "monitor.removed": _("A limit was removed"),
        "finding.opened": _("A monitor found something"),
        "finding.sent": _("A finding was sent to experts"),
        "finding.decided": _("A finding was decided about"),
        "audit.model_chosen": _("A model was chosen by its audit"),
        "audit.model_proposed": _("A model was proposed by its audit"),
    }
    return titles.get(kind, kind)
