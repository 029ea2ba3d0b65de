"""The parts of a person's data that audits and watching fairness leave: what they started, made, set, answered."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.rights.own import rows_of
from accounts.rights.parts import Fate, Part, Row
from fairness.models import Audit, Decision, FindingNotice, Monitor, ProbeFile, ProbeSet


def _audits(user: User) -> Iterator[Row]:
    return rows_of(Audit.objects.filter(created_by=user), "id", "project_id", "probe_set_id", "created_at")


def _probes(user: User) -> Iterator[Row]:
    yield from rows_of(ProbeSet.objects.filter(created_by=user), "id", "project_id", "name", "created_at")
    yield from rows_of(ProbeFile.objects.filter(created_by=user), "id", "project_id", "name", "created_at", "text")


def _monitors(user: User) -> Iterator[Row]:
    return rows_of(Monitor.objects.filter(created_by=user), "id", "project_id", "measure", "created_at")


def _decisions(user: User) -> Iterator[Row]:
    return rows_of(Decision.objects.filter(made_by=user), "id", "finding_id", "action", "reason", "made_at")


def _notices(user: User) -> Iterator[Row]:
    return rows_of(FindingNotice.objects.filter(user=user), "id", "finding_id", "made_at", "done_at")


PARTS = (
    Part(
        "audits",
        _("Audits of models that you started"),
        _audits,
        _("Stay with the projects, as of nobody: models were chosen because of them."),
        goes=False,
        count=lambda user: Audit.objects.filter(created_by=user).count(),
        links={"fairness.Audit.created_by": Fate.KEPT},
    ),
    Part(
        "probes",
        _("Probe sets and templates that you made for audits"),
        _probes,
        _("Stay with the projects, as of nobody: audits rest on them."),
        goes=False,
        count=lambda user: (
            ProbeSet.objects.filter(created_by=user).count() + ProbeFile.objects.filter(created_by=user).count()
        ),
        links={"fairness.ProbeSet.created_by": Fate.KEPT, "fairness.ProbeFile.created_by": Fate.KEPT},
    ),
    Part(
        "monitors",
        _("Limits on fairness that you set"),
        _monitors,
        _("Stay with the projects, as of nobody: runs were paused by them."),
        goes=False,
        count=lambda user: Monitor.objects.filter(created_by=user).count(),
        links={"fairness.Monitor.created_by": Fate.KEPT},
    ),
    Part(
        "findings",
        _("Findings that you answered, with your reasons"),
        _decisions,
        _("Stay with the projects, as of nobody: the reasons are published with the labels."),
        goes=False,
        count=lambda user: Decision.objects.filter(made_by=user).count(),
        links={"fairness.Decision.made_by": Fate.KEPT},
    ),
    Part(
        "finding_notices",
        _("Mails about findings that were sent to you"),
        _notices,
        _("Deleted."),
        count=lambda user: FindingNotice.objects.filter(user=user).count(),
        links={"fairness.FindingNotice.user": Fate.GONE},
    ),
)
