"""The parts of a person's data that audits leave: what they started, and the sets and templates that they made."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.rights.own import rows_of
from accounts.rights.parts import Fate, Part, Row
from fairness.models import Audit, ProbeFile, ProbeSet


def _audits(user: User) -> Iterator[Row]:
    return rows_of(Audit.objects.filter(created_by=user), "id", "project_id", "probe_set_id", "created_at")


def _probes(user: User) -> Iterator[Row]:
    yield from rows_of(ProbeSet.objects.filter(created_by=user), "id", "project_id", "name", "created_at")
    yield from rows_of(ProbeFile.objects.filter(created_by=user), "id", "project_id", "name", "created_at", "text")


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
)
