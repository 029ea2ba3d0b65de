"""Telling people by mail that somebody is paused, appealed, or was decided about.

A notice is a row, written in the transaction of what it tells; a background task sends it afterwards. The mail holds a
link and no more: no name, no label, no item, no reason. Simulated people get none.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership, Role, User
from annotations.models import Annotator, Notice, NoticeKind, Project, Review
from annotations.services.mailing import mail_once

TO_OWNERS = (NoticeKind.WAITS, NoticeKind.APPEALED)


def tell_person(review: Review, annotator: Annotator, kind: str, now: datetime) -> None:
    """Write a notice to the person whom the review is about. The caller holds the transaction."""
    people = User.objects.filter(annotators=annotator, is_simulated=False, is_active=True)
    _write(review, list(people.values_list("pk", flat=True)), kind, now)


def tell_owners(review: Review, kind: str, now: datetime, *, but: User | None = None) -> None:
    """Write a notice to each owner of the project, except to the one who has just done it."""
    owners = Membership.objects.filter(
        project_id=review.project_id, role=Role.OWNER, user__is_simulated=False, user__is_active=True
    )
    ids = (
        owners.exclude(user=but).values_list("user_id", flat=True) if but else owners.values_list("user_id", flat=True)
    )
    _write(review, list(ids), kind, now)


def _write(review: Review, user_ids: list[int], kind: str, now: datetime) -> None:
    rows = [Notice(review=review, user_id=pk, kind=kind, made_at=now) for pk in user_ids]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)


def notice_send(*, notice_id: int) -> bool:
    """Send a notice; whether it was sent: see ``mail_once``."""
    notice = Notice.objects.select_related("user", "review__project", "review__annotator").filter(pk=notice_id).first()
    return mail_once(notice, reader=lambda told: told.user, concerned=_still_concerned, letter=letter)


def _still_concerned(notice: Notice) -> bool:
    """Whether the person could still open the link."""
    found = Membership.objects.filter(project_id=notice.review.project_id, user=notice.user, user__is_active=True)
    return found.filter(role=Role.OWNER).exists() if notice.kind in TO_OWNERS else found.exists()


def letter(notice: Notice) -> tuple[str, str]:
    """Subject and text."""
    project: Project = notice.review.project
    named = {"project": " ".join(project.name.split())}
    subject, text = {
        NoticeKind.PAUSED: (
            _("You are paused in %(project)s"),
            _(
                "You are given no new items in the project %(project)s until a human has looked. All that you labelled "
                "is paid. Read why, and say what you think of it:"
            ),
        ),
        NoticeKind.WAITS: (
            _("Somebody waits for your decision in %(project)s"),
            _("A person is paused in the project %(project)s until you have decided. Look at the evidence:"),
        ),
        NoticeKind.APPEALED: (
            _("An appeal in %(project)s"),
            _("A paused person in the project %(project)s has written to you. Read it and decide:"),
        ),
        NoticeKind.DECIDED: (
            _("Your review in %(project)s was decided"),
            _("A human has decided about your being paused in the project %(project)s. Read how, and why:"),
        ),
    }[NoticeKind(notice.kind)]
    return subject % named, f"{text % named}\n\n{settings.PUBLIC_URL}{_path(notice)}\n"


def _path(notice: Notice) -> str:
    review = notice.review
    if notice.kind in TO_OWNERS:
        return reverse("people_check", args=[review.project_id, review.annotator_id])
    return reverse("standing", args=[review.project_id])
