"""What people are told by mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class NoticeKind(models.TextChoices):
    PAUSED = "paused", _("You are paused")
    WAITS = "waits", _("Somebody waits for your decision")
    APPEALED = "appealed", _("Somebody appealed")
    DECIDED = "decided", _("Your review was decided")


class Notice(models.Model):
    """A mail about a review to one person, written in the transaction of what it tells and sent afterwards.

    ``tried_at`` and ``attempts`` hold a sender's claim, so that two of them do not send one mail.
    """

    review = models.ForeignKey("annotations.Review", models.CASCADE, related_name="notices", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=NoticeKind.choices)
    made_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)  # sent, or not to be sent any more

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"),
            models.UniqueConstraint(fields=["review", "user", "kind"], name="notice_once"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="notice_unsent")]

    def __str__(self) -> str:
        return f"notice {self.pk}"
