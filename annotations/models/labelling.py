"""Who labels, which item is leased to whom, and the labels themselves."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat, Replace, Substr
from django.utils.translation import gettext_lazy as _


class AnnotatorKind(models.TextChoices):
    HUMAN = "human", _("Human")
    MODEL = "model", _("Model")


class AnnotatorOrigin(models.TextChoices):
    PLATFORM = "platform", _("On the platform")
    IMPORTED = "imported", _("Imported")  # a named annotator of an uploaded file
    SIMULATED = "simulated", _("Simulated")  # a program that plays a person


class Standing(models.TextChoices):
    """What a person may do in a project."""

    ACTIVE = "active", _("Active")
    TRAINING = "training", _("Has the quiz to pass")
    PAUSED = "paused", _("Paused for review")


# "a-" and 12 random hexadecimal digits, made by the database so that every way of inserting gets one.
RANDOM_HEX = Replace(Cast(RandomUUID(), models.TextField()), Value("-"), Value(""))
NEW_PSEUDONYM = Concat(Value("a-"), Substr(RANDOM_HEX, Value(1), Value(12)), output_field=models.CharField())


class Annotator(models.Model):
    """A human or a model version in one project. ``pseudonym`` is the only name that leaves the platform."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="annotators")
    kind = models.CharField(max_length=5, choices=AnnotatorKind.choices)
    origin = models.CharField(max_length=9, choices=AnnotatorOrigin.choices, default=AnnotatorOrigin.PLATFORM)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="annotators")
    name = models.CharField(_("name"), max_length=200, blank=True)  # model version, imported column; empty for people
    base_model = models.CharField(_("base model"), max_length=200, blank=True, db_default="")  # whatever its prompt
    pseudonym = models.CharField(max_length=20, unique=True, db_default=NEW_PSEUDONYM)
    standing = models.CharField(max_length=8, choices=Standing.choices, default="active", db_default="active")
    # Answers to hidden gold items that count towards trust: as known, and otherwise. Kept with each answer.
    gold_right = models.PositiveIntegerField(default=0, db_default=0)
    gold_wrong = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(standing__in=Standing.values), name="annotator_standing_known"),
            models.UniqueConstraint(fields=["project", "user"], name="annotator_once_per_person"),
            models.UniqueConstraint(
                fields=["project", "kind", "name"], condition=~Q(name=""), name="annotator_name_once_per_kind"
            ),
            models.CheckConstraint(
                condition=Q(kind="human") | Q(user__isnull=True), name="annotator_model_has_no_user"
            ),
        ]

    def __str__(self) -> str:
        return self.pseudonym


class AssignmentStatus(models.TextChoices):
    LEASED = "leased", _("Being labelled")
    SUBMITTED = "submitted", _("Labelled")
    SKIPPED = "skipped", _("Skipped")
    EXPIRED = "expired", _("Ran out")  # the lease ran out; its place went back
    RELEASED = "released", _("Given back")


class Stream(models.TextChoices):
    """How an item came to be given out."""

    UNIFORM = "uniform", _("Drawn regardless of what it is")
    CHOSEN = "chosen", _("Chosen by a rule")
    AUDIT = "audit", _("Drawn uniformly, beside chosen ones")
    CHECK = "check", _("A hidden check")


class Assignment(models.Model):
    """A lease of one item to one person: one row per pair, so that nobody gets an item twice.

    ``probability``: that a rule chose this item of all that it might have taken then; null where it is unknown, and
    where nothing was chosen.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey("annotations.Item", models.CASCADE, related_name="assignments", db_index=False)
    annotator = models.ForeignKey(Annotator, models.CASCADE, related_name="assignments", db_index=False)
    schema = models.ForeignKey("annotations.LabelSchema", models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=9, choices=AssignmentStatus.choices, default=AssignmentStatus.LEASED)
    leased_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    skip_reason = models.CharField(_("why it was skipped"), max_length=300, blank=True)
    stream = models.CharField(max_length=7, choices=Stream.choices, default=Stream.UNIFORM, db_default="uniform")
    probability = models.FloatField(_("chance to be chosen"), null=True)

    taken_back: Any = None  # not stored: the label that the person gave this item and took back, set by a claim
    suggested: Any = None  # not stored here: the `Suggestion` that the person is shown with it, set likewise

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "annotator"], name="assignment_once_per_person_and_item"),
            models.CheckConstraint(condition=Q(status__in=AssignmentStatus.values), name="assignment_status_known"),
            models.CheckConstraint(condition=Q(stream__in=Stream.values), name="assignment_stream_known"),
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | Q(stream="chosen", probability__gt=0, probability__lte=1),
                name="assignment_chance_of_chosen",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="leased"), name="assignment_lease_expiry"),
            models.Index(fields=["project", "annotator"], condition=Q(status="leased"), name="assignment_leased"),
            models.Index(fields=["annotator", "-id"], name="assignment_by_annotator"),
            # Empty where everything is drawn at random, as it is unless somebody asks for something else.
            models.Index(
                fields=["project", "-id"], condition=Q(stream__in=["chosen", "audit"]), name="assignment_chosen"
            ),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk}"


class AnnotationStatus(models.TextChoices):
    CURRENT = "current", _("Current")
    SUPERSEDED = "superseded", _("Superseded")  # a later label of the same annotator took its place
    WITHDRAWN = "withdrawn", _("Withdrawn")  # undone, nothing in its place yet
    EXCLUDED = "excluded", _("Excluded")  # taken out of the count by the owner, and paid all the same


PAID = (AnnotationStatus.CURRENT, AnnotationStatus.EXCLUDED)


class AnnotationSource(models.TextChoices):
    HUMAN = "human", _("Human")
    MODEL = "model", _("Model")
    IMPORTED = "imported", _("Imported")


class Annotation(models.Model):
    """A label that one annotator gave one item. The value is never overwritten: a change is a new row that supersedes.

    ``value`` belongs to the task type (single choice: a label key; multiple choice: a sorted list of keys).
    ``probabilities`` maps label keys to probabilities renormalised over the schema's labels (models only).
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey("annotations.Item", models.CASCADE, related_name="annotations")
    annotator = models.ForeignKey(Annotator, models.PROTECT, related_name="annotations", db_index=False)
    schema = models.ForeignKey("annotations.LabelSchema", models.PROTECT, related_name="+", db_index=False)
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, related_name="annotations")
    run = models.ForeignKey("annotations.Run", models.PROTECT, null=True, related_name="annotations", db_index=False)
    source = models.CharField(max_length=8, choices=AnnotationSource.choices)
    status = models.CharField(max_length=10, choices=AnnotationStatus.choices, default=AnnotationStatus.CURRENT)
    value = models.JSONField(_("label"))
    confidence = models.FloatField(_("confidence"), null=True)
    probabilities = models.JSONField(_("label probabilities"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    active_ms = models.PositiveIntegerField(_("active milliseconds"), null=True)
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, related_name="superseded_by")
    idempotency_key = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "annotator"], condition=Q(status="current"), name="annotation_one_current"
            ),
            models.UniqueConstraint(
                fields=["annotator", "idempotency_key"], condition=~Q(idempotency_key=""), name="annotation_retry_once"
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="annotation_confidence_is_probability",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "id"], name="annotation_project_id"),
            models.Index(fields=["annotator", "-id"], name="annotation_by_annotator"),
            models.Index(fields=["run", "id"], condition=Q(run__isnull=False), name="annotation_by_run"),
        ]

    def __str__(self) -> str:
        return f"annotation {self.pk}"
