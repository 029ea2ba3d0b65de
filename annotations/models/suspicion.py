"""Patterns in people's labels that an owner should look at. None of them does anything to anybody."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotations.models.quality import LONGEST_TEXT


class SuspicionKind(models.TextChoices):
    """The kinds of ``annotations.suspicion.detectors.Kind``."""

    SPEED = "speed", _("Faster than reading")
    CONSTANT = "constant", _("Always the same answer")
    RUN = "run", _("A long run of one answer")
    POSITION = "position", _("Always the same position")
    COPYING = "copying", _("The same answers against all others")


class SuspicionStatus(models.TextChoices):
    OPEN = "open", _("Waits for the owner")
    DISMISSED = "dismissed", _("Dismissed")
    ACTED = "acted", _("Acted on")
    GONE = "gone", _("No longer holds")  # closed by itself: the labels of today do not show it


class Suspicion(models.Model):
    """One pattern of one person's labels, or of a group's (copying). ``annotator`` is the first of ``annotators``.

    ``telling`` of ``n`` labels show it; ``p`` is corrected for everybody who was tested. ``figures`` holds what else
    the kind has to say, ``evidence`` what to look at: rows of item id, the others' label (null: none), least plausible
    seconds (null: none). A decided row stays as it was decided; a pattern that has grown clearly since is a new row.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="suspicions", db_index=False)
    kind = models.CharField(max_length=8, choices=SuspicionKind.choices)
    annotator = models.ForeignKey("annotations.Annotator", models.CASCADE, related_name="+", db_index=False)
    annotators = models.ManyToManyField("annotations.Annotator", related_name="suspicions")
    telling = models.PositiveIntegerField()
    n = models.PositiveIntegerField()
    p = models.FloatField()
    figures = models.JSONField(default=dict)
    evidence = models.JSONField(default=list)
    status = models.CharField(max_length=9, choices=SuspicionStatus.choices, default=SuspicionStatus.OPEN)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # when it was last found to hold
    closed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=7, blank=True)  # dismiss, pause, exclude
    reason = models.TextField(_("why it was decided so"), max_length=LONGEST_TEXT, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=SuspicionKind.values), name="suspicion_kind_known"),
            models.CheckConstraint(condition=Q(status__in=SuspicionStatus.values), name="suspicion_status_known"),
            models.CheckConstraint(condition=Q(telling__lte=F("n"), n__gt=0), name="suspicion_part_of_whole"),
            models.CheckConstraint(condition=Q(p__gte=0, p__lte=1), name="suspicion_p_is_probability"),
            models.CheckConstraint(
                condition=(~Q(status__in=("dismissed", "acted")) & Q(decided_by__isnull=True, reason=""))
                | (Q(status__in=("dismissed", "acted"), decided_by__isnull=False) & ~Q(reason="")),
                name="suspicion_decided_by_a_person_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True) | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="suspicion_closed_has_time",
            ),
            models.UniqueConstraint(
                fields=["annotator", "kind"], condition=Q(status="open"), name="suspicion_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "status", "-id"], name="suspicion_by_project"),
            models.Index(fields=["annotator", "kind"], name="suspicion_by_annotator"),
        ]

    def __str__(self) -> str:
        return f"suspicion {self.pk}"


class SuspicionCheck(models.Model):
    """When a project's labels were last looked through. ``head``: the newest ledger event that was sure to be seen.

    ``tested``: people (pairs, for copying) who had enough labels, by kind. ``unusual_seconds``: under which a label is
    unusually fast here; null where nothing was timed.
    """

    project = models.OneToOneField(
        "annotations.Project", models.CASCADE, primary_key=True, related_name="suspicion_check"
    )
    head = models.BigIntegerField()
    seconds = models.FloatField()
    labels = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    tested = models.JSONField()
    unusual_seconds = models.FloatField(null=True)
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"check of project {self.project_id}"
