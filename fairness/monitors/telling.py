"""Telling a project's owners by mail that a monitor found something.

The mail holds a link and no more: no group, no label, no figure. Simulated people get none.
"""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership, Role
from annotations.services.mailing import mail_once
from fairness.models import Finding, FindingNotice


def owners_tell(finding: Finding) -> None:
    """Write a notice to each owner of the project. The caller holds the transaction; a task sends it afterwards."""
    owners = _owners(finding).values_list("user_id", flat=True)
    rows = [FindingNotice(finding=finding, user_id=pk, made_at=finding.found_at) for pk in owners]
    FindingNotice.objects.bulk_create(rows, ignore_conflicts=True)


def _owners(finding: Finding) -> QuerySet[Membership]:
    return Membership.objects.filter(
        project_id=finding.project_id, role=Role.OWNER, user__is_simulated=False, user__is_active=True
    )


def finding_notice_send(*, notice_id: int) -> bool:
    """Send a notice; whether it was sent: see ``mail_once``."""
    notice = FindingNotice.objects.select_related("user", "finding__project").filter(pk=notice_id).first()
    return mail_once(notice, reader=lambda told: told.user, concerned=_waited_for, letter=letter)


def _waited_for(notice: FindingNotice) -> bool:
    """Whether the finding still waits for this owner."""
    return notice.finding.is_open and _owners(notice.finding).filter(user=notice.user).exists()


def letter(notice: FindingNotice) -> tuple[str, str]:
    """Subject and text."""
    finding = notice.finding
    named = {"project": " ".join(finding.project.name.split())}
    subject = _("A monitor found something in %(project)s") % named
    text = _("A limit that was set for the project %(project)s is certainly passed.") % named
    if finding.runs:
        text += " " + _("The model run is paused until an owner has decided.")
    if finding.labelling_paused:
        text += " " + _("Labelling is paused, too.")
    text += " " + _("Read what was found, how sure it is, and what can be done:")
    address = settings.PUBLIC_URL + reverse("fairness_finding", args=[finding.project_id, finding.pk])
    return subject, f"{text}\n\n{address}\n"
