"""Pausing a person until a human has decided, the decision, and the person's own word on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.access import Access
from annotations.labelling.places import lock_annotator
from annotations.models import (
    Annotator,
    AnnotatorKind,
    AnnotatorOrigin,
    GoldAnswer,
    NoticeKind,
    QualityRules,
    Review,
    ReviewCause,
    ReviewStatus,
    Standing,
)
from annotations.models.quality import LONGEST_TEXT
from annotations.quality.notices import tell_owners, tell_person
from ledger.errors import DomainError, invalid, not_found
from ledger.services import SYSTEM, Event, actor_of, record_many


def review_open(
    annotator: Annotator,
    *,
    cause: str,
    evidence: dict[str, Any],
    now: datetime,
    note: str = "",
    by: User | None = None,
) -> Event:
    """Pause a person and ask for a human's decision; the event, for the caller to record. The caller holds the
    annotator's lock and has seen that they are active. What they hold they may finish; no new item is given. They and
    the owners are told by mail, except the owner who does it (``by``)."""
    review = Review.objects.create(
        project_id=annotator.project_id, annotator=annotator, cause=cause, evidence=evidence, note=note, opened_at=now
    )
    Annotator.objects.filter(pk=annotator.pk).update(standing=Standing.PAUSED)
    tell_person(review, annotator, NoticeKind.PAUSED, now)
    tell_owners(review, NoticeKind.WAITS, now, but=by)
    actor = actor_of(by) if by else SYSTEM
    return _event("annotator.paused", review, annotator, actor=actor, data={"cause": str(cause), **evidence})


def person_pause(*, access: Access, annotator_id: int, note: str) -> Review:
    """An owner pauses somebody by hand, with a reason that the person reads. Sent twice, it does nothing new.

    Raises ``DomainError``: 400 without a reason, 404 for somebody who does not label in this project.
    """
    note = checked_text(note, "note", _("Say why you pause this person: they will read it."))
    with transaction.atomic():
        annotator = person_locked(access, annotator_id)
        if annotator.standing == Standing.PAUSED:
            return annotator.reviews.order_by("-pk")[0]
        event = review_open(
            annotator,
            cause=ReviewCause.OWNER,
            evidence={},
            now=timezone.now(),
            note=note,
            by=access.user,
        )
        record_many([event])
        return annotator.reviews.order_by("-pk")[0]


def person_qualify(*, access: Access, annotator_id: int, reason: str) -> Annotator:
    """Let somebody label who has the quiz to pass: without it, or though their tries are used up.

    Sent twice, it does nothing new. Raises ``DomainError``: 400 without a reason, 404, 409 for a paused person.
    """
    checked_text(reason, "reason", _("Write down why this person may label without the quiz."))
    with transaction.atomic():
        annotator = person_locked(access, annotator_id)
        if annotator.standing == Standing.PAUSED:
            raise DomainError("paused_for_review", _("This person is paused: decide the review first."))
        if annotator.standing == Standing.TRAINING:
            annotator.standing = Standing.ACTIVE
            annotator.save(update_fields=["standing"])
            actor, subject = actor_of(access.user), f"annotator:{annotator.pk}"
            simulated = annotator.origin == AnnotatorOrigin.SIMULATED
            data = {"by": "owner"}
            record_many([Event("annotator.qualified", actor, subject, access.project.pk, data, simulated)])
    return annotator


def review_decide(*, access: Access, review_id: int, reinstate: bool, reason: str) -> Review:
    """Reinstate the person, or keep them paused; the reason is read by them. The same decision twice does nothing new.

    Reinstating a person closes the answers so far: they are not held against them again. Raises ``DomainError``: 400
    without a reason, 404, 409 where it was decided otherwise before.
    """
    reason = checked_text(reason, "reason", _("Write down why you decide so: the person will read it."))
    status = ReviewStatus.REINSTATED if reinstate else ReviewStatus.KEPT
    with transaction.atomic():
        found = Review.objects.filter(project=access.project, pk=review_id).first()
        if found is None:
            raise not_found("The review")
        annotator = person_locked(access, found.annotator_id)
        review = Review.objects.select_for_update().get(pk=review_id)
        if review.status == status:
            return review
        if annotator.standing != Standing.PAUSED:
            raise DomainError("not_paused", _("This person is not paused, so there is nothing to decide."))
        latest = annotator.reviews.order_by("-pk").values_list("pk", flat=True).first()
        if review.pk != latest:
            raise DomainError("already_decided", _("There is a later review of this person: decide that one."))
        if review.status != ReviewStatus.OPEN:  # the owner thinks again: the earlier decision stays on record
            review = Review(
                project=access.project,
                annotator=annotator,
                cause=ReviewCause.OWNER,
                evidence=review.evidence,
                opened_at=timezone.now(),
            )
        _decide(review, status, access.user, reason)
        if reinstate:
            standing = _standing_again(annotator)
            Annotator.objects.filter(pk=annotator.pk).update(standing=standing, gold_right=0, gold_wrong=0)
            GoldAnswer.objects.filter(annotator=annotator).update(is_reviewed=True)
        tell_person(review, annotator, NoticeKind.DECIDED, timezone.now())
        kind = "annotator.reinstated" if reinstate else "annotator.kept_paused"
        record_many([_event(kind, review, annotator, actor=actor_of(access.user), data={})])
    return review


def _standing_again(annotator: Annotator) -> str:
    """Who was paused before passing the quiz has it to pass still; who has labelled has not."""
    asks = QualityRules.objects.filter(project_id=annotator.project_id, quiz_questions__gt=0).exists()
    known = annotator.annotations.exists() or annotator.quiz_tries.filter(passed=True).exists()
    return Standing.TRAINING if asks and not known else Standing.ACTIVE


def _decide(review: Review, status: str, user: User, reason: str) -> None:
    review.status, review.reason = status, reason
    review.decided_by, review.decided_at = user, timezone.now()
    review.save()


def person_locked(access: Access, annotator_id: int) -> Annotator:
    """A person who labels on the platform in this project, as stored now, locked; 404 for anybody else."""
    lock_annotator(annotator_id)
    people = Annotator.objects.filter(project=access.project, kind=AnnotatorKind.HUMAN)
    annotator = people.exclude(origin=AnnotatorOrigin.IMPORTED).filter(pk=annotator_id).first()
    if annotator is None:
        raise not_found("The person")
    return annotator


def checked_text(text: str, field: str, missing: str) -> str:
    """What was written, trimmed; raises ``DomainError`` (400) for nothing or too much of it."""
    text = text.strip()
    if not text:
        raise invalid(missing, fields={field: [missing]})
    if len(text) > LONGEST_TEXT:
        message = _("At most %(most)s characters; this has %(count)s.") % {"most": LONGEST_TEXT, "count": len(text)}
        raise invalid(message, fields={field: [message]})
    return text


def _event(kind: str, review: Review, annotator: Annotator, *, actor: str, data: dict[str, Any]) -> Event:
    """Figures only: what people wrote stays out of the record."""
    return Event(
        kind=kind,
        actor=actor,
        subject=f"annotator:{annotator.pk}",
        project_id=annotator.project_id,
        data={"review": review.pk, **data},
        simulated=annotator.origin == AnnotatorOrigin.SIMULATED,
    )
