"""Mailing what was written for somebody: each notice once, however many senders there are."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.mail import send_mail

from annotations.models.outgoing import Outgoing, claim, done

logger = logging.getLogger(__name__)

N = TypeVar("N", bound=Outgoing)


def mail_once(
    notice: N | None,
    *,
    reader: Callable[[N], Any],
    concerned: Callable[[N], bool],
    letter: Callable[[N], tuple[str, str]],
) -> bool:
    """Send a notice to its ``reader``; whether it was sent. Two senders at once send it once, a failed attempt is
    repeated later. Who is not ``concerned`` any more gets none. ``letter`` gives subject and text.
    """
    if notice is None or notice.done_at is not None:
        return False
    if notice.is_over or not concerned(notice):
        done(notice)
        return False
    if not claim(notice):
        return False
    subject, text = letter(notice)
    try:
        send_mail(subject, text, None, [reader(notice).email])
    except (OSError, smtplib.SMTPException):
        what, attempt = f"{type(notice).__name__} {notice.pk}", notice.attempts + 1
        logger.warning("%s could not be sent (attempt %s).", what, attempt, exc_info=True)
        return False
    done(notice)
    return True
