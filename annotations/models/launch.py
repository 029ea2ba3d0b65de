"""Answers to the checklist of cognitive biases."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Bias(models.TextChoices):
    """The twelve of Draws et al., *A Checklist to Combat Cognitive Biases in Crowdsourcing*, HCOMP 2021."""

    SELF_INTEREST = "self_interest", _("Self-interest")
    AFFECT = "affect", _("Affect")
    GROUPTHINK = "groupthink", _("Groupthink")
    SALIENCE = "salience", _("Salience")
    CONFIRMATION = "confirmation", _("Confirmation")
    AVAILABILITY = "availability", _("Availability")
    ANCHORING = "anchoring", _("Anchoring")
    HALO = "halo", _("Halo")
    SUNK_COST = "sunk_cost", _("Sunk cost")
    OVERCONFIDENCE = "overconfidence", _("Overconfidence")
    DISASTER_NEGLECT = "disaster_neglect", _("Disaster neglect")
    LOSS_AVERSION = "loss_aversion", _("Loss aversion")


class Verdict(models.TextChoices):
    NOT_EXPECTED = "not_expected", _("Not to be expected here")
    HANDLED = "handled", _("Possible, and something is done about it")
    REMAINS = "remains", _("Possible, and it remains")


class BiasAnswer(models.Model):
    """An owner's answer on one bias. Never changed: a new answer is a new row, and the latest holds."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="bias_answers", db_index=False)
    bias = models.CharField(max_length=16, choices=Bias.choices)
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    note = models.TextField(_("why, and what is done"), max_length=2000)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(bias__in=Bias.values), name="bias_answer_known"),
            models.CheckConstraint(condition=models.Q(verdict__in=Verdict.values), name="bias_verdict_known"),
        ]
        indexes = [models.Index(fields=["project", "bias", "-id"], name="bias_answer_latest")]

    def __str__(self) -> str:
        return f"{self.bias} in project {self.project_id}: {self.verdict}"
