"""Disagreements, how experts settled them, and the label that each item ends with."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class CaseKind(models.TextChoices):
    HUMAN_HUMAN = "human_human", _("People disagree")
    HUMAN_MODEL = "human_model", _("People and model disagree")
    BOTH = "both", _("People disagree, and the model too")
    LOW_SCORE = "low_score", _("Nobody disagrees, but the label looks wrong")
    CHECK = "check", _("To be checked")  # drawn, by whichever stream; shown without what anybody said
    ASKED = "asked", _("Nobody disagrees, but an owner asks for an expert")


class CaseStatus(models.TextChoices):
    OPEN = "open", _("Open")
    SETTLED = "settled", _("Settled")
    DISSOLVED = "dissolved", _("Dissolved")  # the disagreement went away before anyone settled it


TYPICAL_MINUTES = 0.75  # to settle a case, until a fit has looked at how long its project's cases take


class Case(models.Model):
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="cases", db_index=False)
    item = models.ForeignKey("annotations.Item", models.CASCADE, related_name="cases")
    kind = models.CharField(max_length=11, choices=CaseKind.choices)
    status = models.CharField(max_length=9, choices=CaseStatus.choices, default=CaseStatus.OPEN)
    priority = models.FloatField(_("expected error of the consensus"), default=0)
    minutes = models.FloatField(_("expected minutes of an expert"), default=TYPICAL_MINUTES, db_default=TYPICAL_MINUTES)
    at_stake = models.GeneratedField(  # the experts' order: expected errors found per minute
        expression=F("priority") / F("minutes"), output_field=models.FloatField(), db_persist=True
    )
    # Why a case of the kind "low score" is open: ``annotations.state.Doubt.as_json()``; null for the others.
    doubt = models.JSONField(_("why the label looks wrong"), null=True)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    claim_expires_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at_stake", "id"]
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(status="open"), name="case_one_open_per_item"),
            models.CheckConstraint(condition=Q(status__in=CaseStatus.values), name="case_status_known"),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True) | Q(claim_expires_at__isnull=False), name="case_claim_has_expiry"
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="case_minutes_positive"),
            models.CheckConstraint(condition=Q(kind__in=CaseKind.values), name="case_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind="low_score") | Q(doubt__isnull=False), name="case_low_score_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "status", "-at_stake", "id"], name="case_queue"),
            models.Index(fields=["project", "id"], condition=Q(status="open", kind="check"), name="case_checks"),
        ]

    def __str__(self) -> str:
        return f"case {self.pk}"

    @property
    def is_blind(self) -> bool:
        """Whether nothing of what was said of the item is shown: it is to be judged by itself."""
        return self.kind == CaseKind.CHECK and self.status == CaseStatus.OPEN


class CaseCause(models.TextChoices):
    HUMAN_ERROR = "human_error", _("Human error")
    MODEL_ERROR = "model_error", _("Model error")
    AMBIGUOUS_ITEM = "ambiguous_item", _("Ambiguous item")
    UNCLEAR_GUIDELINE = "unclear_guideline", _("Unclear guideline")
    BAD_ITEM = "bad_item", _("Bad item")
    CHECKED = "checked", _("Checked without seeing other labels")  # who erred, if anybody, the labels say


class Settlement(models.Model):
    """An expert's decision. ``recurrent`` flags a mistake to learn from; a one-off is only corrected."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="settlement")
    schema = models.ForeignKey("annotations.LabelSchema", models.PROTECT, related_name="+")
    value = models.JSONField(_("label"), null=True)  # null only where the item itself is bad
    cause = models.CharField(max_length=17, choices=CaseCause.choices)
    recurrent = models.BooleanField(_("recurrent"))
    reason = models.TextField(_("reason"))
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    idempotency_key = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cause__in=CaseCause.values), name="settlement_cause_known"),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | Q(cause="bad_item"), name="settlement_label_unless_bad_item"
            ),
        ]

    def __str__(self) -> str:
        return f"settlement of case {self.case_id}"


class ConsensusMethod(models.TextChoices):
    UNANIMOUS = "unanimous", _("Unanimous")
    MAJORITY = "majority", _("Majority")
    SETTLED = "settled", _("Settled by an expert")


class Consensus(models.Model):
    """The label that an item has now, and how it was deemed correct. No row: not decided yet.

    ``evidence`` = ``{"votes": {label key: people}, "models": {label key: models}, "annotations": [ids],
    "settlement": id or null}``; ``support`` is the share of people's votes for the label, null where an expert settled.
    """

    item = models.OneToOneField("annotations.Item", models.CASCADE, primary_key=True, related_name="consensus")
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+", db_index=False)
    schema = models.ForeignKey("annotations.LabelSchema", models.PROTECT, related_name="+", db_index=False)
    value = models.JSONField(_("label"), null=True)
    method = models.CharField(max_length=9, choices=ConsensusMethod.choices)
    support = models.FloatField(_("share of votes"), null=True)
    evidence = models.JSONField(default=dict)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(method__in=ConsensusMethod.values), name="consensus_method_known"),
        ]
        indexes = [
            models.Index(fields=["project", "item"], name="consensus_project_item"),
            models.Index(fields=["project", "item"], condition=Q(method="settled"), name="consensus_settled"),
        ]

    def __str__(self) -> str:
        return f"consensus of item {self.item_id}"
