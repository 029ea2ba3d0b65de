"""The parts of a person's data that audits and watching fairness leave: what they started, made, set, answered."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.rights.own import made_by, rows_of
from accounts.rights.parts import Fate, Part, Row
from fairness.models import ProbeFile, ProbeSet


def _probes(user: User) -> Iterator[Row]:
    yield from rows_of(ProbeSet.objects.filter(created_by=user), "id", "project_id", "name", "created_at")
    yield from rows_of(ProbeFile.objects.filter(created_by=user), "id", "project_id", "name", "created_at", "text")


PARTS = (
    made_by(
        "audits",
        _("Audits of models that you started"),
        _("Stay with the projects, as of nobody: models were chosen because of them."),
        "fairness.Audit.created_by",
        *("id", "project_id", "probe_set_id", "created_at"),
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
    made_by(
        "monitors",
        _("Limits on fairness that you set"),
        _("Stay with the projects, as of nobody: runs were paused by them."),
        "fairness.Monitor.created_by",
        *("id", "project_id", "measure", "created_at"),
    ),
    made_by(
        "findings",
        _("Findings that you answered, with your reasons"),
        _("Stay with the projects, as of nobody: the reasons are on record."),
        "fairness.Decision.made_by",
        *("id", "finding_id", "action", "reason", "made_at"),
    ),
    made_by(
        "finding_notices",
        _("Mails about findings that were sent to you"),
        _("Deleted."),
        "fairness.FindingNotice.user",
        *("id", "finding_id", "made_at", "done_at"),
        fate=Fate.GONE,
    ),
    made_by(
        "owner_notices",
        _("Mails about checkpoints and changed groups that were sent to you"),
        _("Deleted."),
        "fairness.OwnerNotice.user",
        *("id", "about", "number", "made_at", "done_at"),
        fate=Fate.GONE,
    ),
)
