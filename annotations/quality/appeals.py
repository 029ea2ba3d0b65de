"""A paused person's own word: once before the decision, and once against it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.labelling.places import lock_annotator
from annotations.models import Annotator, AnnotatorOrigin, NoticeKind, Review, ReviewCause, ReviewStatus, Standing
from annotations.quality.notices import tell_owners
from annotations.quality.reviews import checked_text
from ledger.errors import DomainError
from ledger.services import Event, record_many


def appeal(*, annotator: Annotator, text: str) -> Review:
    """Say what one thinks of being paused; the owner reads it before deciding. The same text twice does nothing new.

    While a review is open its appeal is added to it; against a decision a new review is opened, once. Raises
    ``DomainError``: 400 for no text, 409 where the person is not paused or has said all there is to say.
    """
    text = checked_text(text, "text", _("Write what the owner should know before deciding."))
    with transaction.atomic():
        lock_annotator(annotator.pk)
        latest = annotator.reviews.order_by("-pk").first()
        still = Annotator.objects.filter(pk=annotator.pk, standing=Standing.PAUSED).exists()
        if latest is None or not still:
            raise DomainError("not_paused", _("You are not paused in this project."))
        if latest.appeal == text and latest.status == ReviewStatus.OPEN:
            return latest
        if not may_appeal(latest):
            raise DomainError("already_appealed", _("You have appealed already. The owner's decision stands."))
        review = _with_appeal(annotator, latest, text)
        tell_owners(review, NoticeKind.APPEALED, timezone.now())
        simulated = annotator.origin == AnnotatorOrigin.SIMULATED
        actor = subject = f"annotator:{annotator.pk}"
        data = {"review": review.pk}
        record_many([Event("annotator.appealed", actor, subject, annotator.project_id, data, simulated)])
    return review


def may_appeal(latest: Review) -> bool:
    """Whether the person may say something on the latest review of them."""
    if latest.status == ReviewStatus.OPEN:
        return not latest.appeal
    return latest.status == ReviewStatus.KEPT and latest.cause != ReviewCause.APPEAL


def _with_appeal(annotator: Annotator, latest: Review, text: str) -> Review:
    now = timezone.now()
    if latest.status == ReviewStatus.OPEN:
        latest.appeal, latest.appealed_at = text, now
        latest.save(update_fields=["appeal", "appealed_at"])
        return latest
    return Review.objects.create(
        project_id=annotator.project_id,
        annotator=annotator,
        cause=ReviewCause.APPEAL,
        evidence=latest.evidence,
        opened_at=now,
        appeal=text,
        appealed_at=now,
    )
