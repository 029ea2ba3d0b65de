"""A model run over a project's items. Lives here because runs, pauses and checkpoints concern both siblings above."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RunStatus(models.TextChoices):
    QUEUED = "queued", _("Starting")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")  # by a person, a limit, a monitor or a fault: `reason` says which
    DONE = "done", _("Finished")
    STOPPED = "stopped", _("Stopped")  # for good, by a limit that its owner set: `reason` says which
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE_RUN = ("queued", "running", "paused")


class Run(models.Model):
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="runs")
    annotator = models.ForeignKey("annotations.Annotator", models.PROTECT, related_name="runs")
    schema = models.ForeignKey("annotations.LabelSchema", models.PROTECT, related_name="+")
    status = models.CharField(max_length=9, choices=RunStatus.choices, default=RunStatus.QUEUED)
    reason = models.CharField(_("why it is in this state"), max_length=500, blank=True)
    step_size = models.PositiveIntegerField(_("items per step (k)"), default=100)
    max_items = models.PositiveIntegerField(_("at most this many items"), null=True)
    total = models.PositiveIntegerField(_("items"), default=0)
    labelled = models.PositiveIntegerField(_("labelled"), default=0)
    unanswered = models.PositiveIntegerField(_("unanswered"), default=0)
    prompt_tokens = models.PositiveBigIntegerField(_("prompt tokens"), default=0)
    completion_tokens = models.PositiveBigIntegerField(_("completion tokens"), default=0)
    model_seconds = models.FloatField(_("seconds of model time"), default=0)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["annotator"], condition=Q(status__in=ACTIVE_RUN), name="run_one_active_per_annotator"
            ),
            models.CheckConstraint(condition=Q(status__in=RunStatus.values), name="run_status_known"),
            models.CheckConstraint(condition=Q(step_size__gte=1), name="run_step_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"


class RunDecision(models.TextChoices):
    """What the owner's policy made of a checkpoint's figures."""

    GO_ON = "go_on", _("Go on")
    PAUSE = "pause", _("Pause")
    STOP = "stop", _("Stop")


class Checkpoint(models.Model):
    """What was true when a run had finished a step, or had come to a limit: counts, agreement, disparity, cost.

    ``decision`` was taken on these ``figures``; ``reason`` says why it is not to go on.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="checkpoints")
    number = models.PositiveIntegerField()
    labelled = models.PositiveIntegerField()
    figures = models.JSONField(default=dict)
    decision = models.CharField(max_length=5, choices=RunDecision.choices, default=RunDecision.GO_ON)
    reason = models.CharField(_("why"), max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="checkpoint_once_per_step"),
            models.CheckConstraint(condition=Q(decision__in=RunDecision.values), name="checkpoint_decision_known"),
        ]

    def __str__(self) -> str:
        return f"checkpoint {self.number} of run {self.run_id}"
