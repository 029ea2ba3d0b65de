"""How much one person may do, as the owner has bounded it."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus

from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import Annotator, AssignmentStatus, ServingRules
from ledger.errors import DomainError

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def refuse_over_quota(*, reached: bool, most: int | None) -> None:
    """Raises ``DomainError`` (409 ``quota_reached``) where the person has given as many labels as the owner allows."""
    if reached:
        text = _("You have given the %(most)s labels that this project takes from one person. Thank you!")
        raise DomainError("quota_reached", text % {"most": most})


def refuse_too_fast(*, since: datetime | None, most: int | None, now: datetime) -> None:
    """Raises ``DomainError`` (429 ``too_fast``) where ``most`` labels were given since less than a minute ago.

    ``since`` is when the oldest of the last ``most`` labels was given.
    """
    if since is not None and now - MINUTE < since <= now:  # a clock that was put back bars nobody
        seconds = max(1, int((since + MINUTE - now).total_seconds()) + 1)
        text = _(
            "That is more than %(most)s labels in a minute, faster than this project takes from one person. Your "
            "labels are saved; the next item comes in %(seconds)s seconds."
        )
        data = {"retry_after": seconds}
        values = {"most": most, "seconds": seconds}
        raise DomainError("too_fast", text % values, HTTPStatus.TOO_MANY_REQUESTS, data=data)


def refuse_many_skips(annotator: Annotator) -> None:
    """Raises ``DomainError`` (409 ``too_many_skips``) where the person has skipped enough within the hour."""
    rules = ServingRules.objects.filter(project_id=annotator.project_id).first() or ServingRules()
    if rules.skips_per_hour is None:
        return
    recent = annotator.assignments.filter(
        status=AssignmentStatus.SKIPPED, finished_at__gt=timezone.now() - HOUR
    ).order_by("-id")
    if recent.count() >= rules.skips_per_hour:
        text = _(
            "You have skipped %(most)s items within the hour, as many as this project allows. Label this one, or take "
            "a break; if many items cannot be labelled, tell the project's owner why by flagging one."
        )
        values = {"most": rules.skips_per_hour}
        raise DomainError("too_many_skips", text % values)
