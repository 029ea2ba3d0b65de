"""The banner of findings that wait for a decision: on the dashboard, on a run's page, on the project's overview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role
from annotations.models import Project
from fairness.models import Finding
from fairness.monitors.selectors import Told, open_findings

SHOWN = 3  # the newest; the others are counted


@dataclass(frozen=True)
class Waiting:
    """A finding in the banner: ``heading`` says what follows from it, ``told`` what was found."""

    heading: str
    told: Told
    url: str


def banner_context(project: Project, role: Role) -> dict[str, Any]:
    """What ``fairness/findings.html`` shows to someone in this role. ``notice``: what a screen reader hears of it."""
    found = open_findings(project)
    waiting = [
        Waiting(_heading(one.finding), one, reverse("fairness_finding", args=[project.pk, one.finding.pk]))
        for one in found[:SHOWN]
    ]
    return {
        "project": project,
        "findings": waiting,
        "findings_more": len(found) - len(waiting),
        "decides": role == Role.OWNER,
        "notice": _notice(waiting, len(found)),
    }


def _heading(finding: Finding) -> str:
    if finding.labelling_paused:
        return _("Labelling was paused: a limit is certainly passed")
    if finding.runs:
        return _("A run was paused: a limit is certainly passed")
    return _("A limit is certainly passed")


def _notice(waiting: list[Waiting], number: int) -> str:
    if not waiting:
        return _("No finding waits for a decision.")
    words = {"number": number, "heading": waiting[0].heading, "what": waiting[0].told.what}
    text = ngettext(
        "A finding waits for a decision. %(heading)s. %(what)s",
        "%(number)s findings wait for a decision. The newest: %(heading)s. %(what)s",
        number,
    )
    return text % words
