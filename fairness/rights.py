"""The parts of a person's data that watching fairness leaves: limits set, findings answered, and mails about them."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.rights.own import rows_of
from accounts.rights.parts import Fate, Part, Row
from fairness.models import Decision, FindingNotice, Monitor


def _monitors(user: User) -> Iterator[Row]:
    return rows_of(Monitor.objects.filter(created_by=user), "id", "project_id", "measure", "created_at")


def _decisions(user: User) -> Iterator[Row]:
    return rows_of(Decision.objects.filter(made_by=user), "id", "finding_id", "action", "reason", "made_at")


def _notices(user: User) -> Iterator[Row]:
    return rows_of(FindingNotice.objects.filter(user=user), "id", "finding_id", "made_at", "done_at")


PARTS = (
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
