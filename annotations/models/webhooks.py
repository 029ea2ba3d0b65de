"""Addresses of other systems that are told what happens in a project, and what they were told."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotations.models.outgoing import Outgoing


class WebhookEvent(models.TextChoices):
    FINDING_OPENED = "finding.opened", _("A monitor found something")
    FINDING_DECIDED = "finding.decided", _("A finding was decided about")
    RUN_PAUSED = "run.paused", _("A model run was paused")
    RUN_STOPPED = "run.stopped", _("A model run was stopped by a limit")
    RUN_FINISHED = "run.finished", _("A model run is finished")


class Webhook(models.Model):
    """``events``: values of ``WebhookEvent``. ``secret`` signs what is sent; it is shown once, when it is made, and
    kept as it is, because signing needs it."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="webhooks")
    url = models.CharField(_("address"), max_length=500)
    secret = models.CharField(max_length=64)
    events = models.JSONField(_("events"), default=list)
    enabled = models.BooleanField(_("send"), default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "url"], name="webhook_address_once"),
            models.CheckConstraint(condition=~Q(secret=""), name="webhook_has_secret"),
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class WebhookDelivery(Outgoing):
    """One message to one webhook. ``key`` says what it tells, so that it is told once. ``status``: the last answer's
    HTTP status, null where there was none; ``note``: why it was not taken."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_index=False)
    event = models.CharField(max_length=20, choices=WebhookEvent.choices)
    key = models.CharField(max_length=60)
    body = models.JSONField()
    status = models.PositiveSmallIntegerField(null=True)
    note = models.CharField(max_length=300, blank=True)
    taken = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "key"], name="webhook_told_once"),
            models.CheckConstraint(condition=Q(event__in=WebhookEvent.values), name="webhook_event_known"),
            models.CheckConstraint(
                condition=Q(taken=False) | Q(done_at__isnull=False, status__isnull=False), name="webhook_taken_is_done"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="webhook_unsent"),
            models.Index(fields=["webhook", "-id"], name="webhook_log"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to webhook {self.webhook_id}"
