"""What leaves the platform after the transaction of what it tells: mails, webhooks."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import SystemRandom
from typing import TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

MOST_ATTEMPTS = 5
FIRST_PAUSE = 60.0  # seconds until the second attempt; each pause is twice as long as the one before
AT_ONCE = 100
TOO_OLD = timedelta(days=2)  # what could not be sent by then is no news any more
CHANCE = SystemRandom()


class Outgoing(models.Model):
    """One message to one receiver, written in the transaction of what it tells and sent afterwards.

    ``tried_at`` and ``attempts`` hold a sender's claim, so that two of them do not send one message.
    """

    made_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)  # sent, or not to be sent any more

    class Meta:
        abstract = True

    @property
    def is_over(self) -> bool:
        """Whether it was tried often enough, or is too old to be news."""
        return self.attempts >= MOST_ATTEMPTS or timezone.now() - self.made_at > TOO_OLD


O = TypeVar("O", bound=Outgoing)  # noqa: E741


def unsent(kind: type[O]) -> list[int]:
    """Ids of messages that are due: never tried, or tried long enough ago."""
    now = timezone.now()
    due = Q(tried_at__isnull=True)
    for attempts in range(1, MOST_ATTEMPTS + 1):
        due |= Q(attempts=attempts, tried_at__lt=now - _pause(attempts))
    rows = kind._default_manager.filter(due, done_at__isnull=True)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


def _pause(attempts: int) -> timedelta:
    return timedelta(seconds=FIRST_PAUSE * 2 ** (attempts - 1))


def claim(message: Outgoing) -> bool:
    """Whether the caller is to send it: who changes the row sends. A sender that dies leaves an attempt that counts."""
    now = timezone.now() + timedelta(seconds=CHANCE.uniform(0, FIRST_PAUSE / 4))  # jitter for the next attempt
    mine = type(message)._default_manager.filter(pk=message.pk, done_at__isnull=True, attempts=message.attempts)
    return bool(mine.update(attempts=F("attempts") + 1, tried_at=now))


def done(message: Outgoing, at: datetime | None = None) -> None:
    """It is sent, or not to be sent any more."""
    type(message)._default_manager.filter(pk=message.pk).update(done_at=at or timezone.now())
