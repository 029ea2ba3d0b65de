"""What people are told by mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotations.models.outgoing import Outgoing


class NoticeKind(models.TextChoices):
    PAUSED = "paused", _("You are paused")
    WAITS = "waits", _("Somebody waits for your decision")
    APPEALED = "appealed", _("Somebody appealed")
    DECIDED = "decided", _("Your review was decided")


class Notice(Outgoing):
    """A mail about a review to one person."""

    review = models.ForeignKey("annotations.Review", models.CASCADE, related_name="notices", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=NoticeKind.choices)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"),
            models.UniqueConstraint(fields=["review", "user", "kind"], name="notice_once"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="notice_unsent")]

    def __str__(self) -> str:
        return f"notice {self.pk}"
