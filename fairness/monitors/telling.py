"""Telling a project's owners by mail: that a monitor found something, that a run paused at a checkpoint, that groups
changed which a monitor watches.

A mail holds a link and no more: no group, no label, no figure. Simulated people get none.
"""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, Role
from annotations.models import Checkpoint, Regrouping, Run, RunStatus
from annotations.services.mailing import mail_once
from fairness.models import Finding, FindingNotice, OwnerNotice
from fairness.monitors.models import About


def owners_tell(finding: Finding) -> None:
    """Write a notice to each owner of the project. The caller holds the transaction; a task sends it afterwards."""
    owners = _owners(finding.project_id).values_list("user_id", flat=True)
    rows = [FindingNotice(finding=finding, user_id=pk, made_at=finding.found_at) for pk in owners]
    FindingNotice.objects.bulk_create(rows, ignore_conflicts=True)


def checkpoint_tell(run: Run) -> None:
    """Tell the owners that a run paused at its last checkpoint. Where a monitor is certain of something the finding
    is what they are told of, once the fold has come so far. The caller holds the transaction."""
    last = run.checkpoints.order_by("-number").first()
    if last is None:
        return
    said = last.figures.get("checks", {}).get("monitors", {}).values()
    if not any(one.get("beyond") for one in said):
        _write(run.project_id, About.CHECKPOINT, last.pk)


def regrouping_tell(regrouping: Regrouping) -> None:
    """Tell the owners that groups which monitors watch have changed. The caller holds the transaction."""
    _write(regrouping.project_id, About.GROUPS, regrouping.pk)


def _write(project_id: int, about: About, number: int) -> None:
    owners, now = _owners(project_id).values_list("user_id", flat=True), timezone.now()
    rows = [OwnerNotice(project_id=project_id, about=about, number=number, user_id=pk, made_at=now) for pk in owners]
    OwnerNotice.objects.bulk_create(rows, ignore_conflicts=True)


def _owners(project_id: int) -> QuerySet[Membership]:
    return Membership.objects.filter(
        project_id=project_id, role=Role.OWNER, user__is_simulated=False, user__is_active=True
    )


def finding_notice_send(*, notice_id: int) -> bool:
    """Send a notice; whether it was sent: see ``mail_once``."""
    notice = FindingNotice.objects.select_related("user", "finding__project").filter(pk=notice_id).first()
    return mail_once(notice, reader=lambda told: told.user, concerned=_waited_for, letter=letter)


def owner_notice_send(*, notice_id: int) -> bool:
    """Send a notice; whether it was sent: see ``mail_once``."""
    notice = OwnerNotice.objects.select_related("user", "project").filter(pk=notice_id).first()
    return mail_once(notice, reader=lambda told: told.user, concerned=_still_news, letter=owner_letter)


def _waited_for(notice: FindingNotice) -> bool:
    """Whether the finding still waits for this owner."""
    return notice.finding.is_open and _owners(notice.finding.project_id).filter(user=notice.user).exists()


def _still_news(notice: OwnerNotice) -> bool:
    if not _owners(notice.project_id).filter(user=notice.user).exists():
        return False
    if notice.about == About.GROUPS:
        return True
    return Run.objects.filter(checkpoints=notice.number, status=RunStatus.PAUSED).exists()


def letter(notice: FindingNotice) -> tuple[str, str]:
    """Subject and text."""
    finding = notice.finding
    named = _named(finding.project.name)
    subject = _("A monitor found something in %(project)s") % named
    text = _("A limit that was set for the project %(project)s is certainly passed.") % named
    if finding.runs:
        text += " " + _("The model run is paused until an owner has decided.")
    if finding.labelling_paused:
        text += " " + _("Labelling is paused, too.")
    text += " " + _("Read what was found, how sure it is, and what can be done:")
    return subject, _signed(text, reverse("fairness_finding", args=[finding.project_id, finding.pk]))


def owner_letter(notice: OwnerNotice) -> tuple[str, str]:
    """Subject and text."""
    named = _named(notice.project.name)
    if notice.about == About.GROUPS:
        subject = _("Groups changed in %(project)s that a monitor watches") % named
        text = _("Groups of items of the project %(project)s were changed. A limit goes on watching the groups of "
                 "before until an owner has it watch those of now. See which limits are concerned:")  # fmt: skip
        return subject, _signed(text % named, reverse("fairness_monitors", args=[notice.project_id]))
    run_id = Checkpoint.objects.values_list("run_id", flat=True).get(pk=notice.number)
    subject = _("A model run of %(project)s paused at a checkpoint") % named
    text = _("A model run of the project %(project)s paused at a checkpoint and waits for an owner. Its page says why, "
             "and what can be done:") % named  # fmt: skip
    return subject, _signed(text, reverse("run_detail", args=[run_id]))


def _named(project: str) -> dict[str, str]:
    return {"project": " ".join(project.split())}


def _signed(text: str, address: str) -> str:
    return f"{text}\n\n{settings.PUBLIC_URL}{address}\n"
