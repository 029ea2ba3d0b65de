"""Which questions about people a project asks, and the sizes of groups that it shows. No answer of anybody is here."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DemographicsRules(models.Model):
    """What an owner chose from the vetted list (``accounts.demographics.questions``); no row asks nothing."""

    project = models.OneToOneField(
        "annotations.Project", models.CASCADE, primary_key=True, related_name="demographics_rules"
    )
    questions = ArrayField(models.CharField(max_length=32), default=list, verbose_name=_("questions"))
    reason = models.CharField(_("why we ask"), max_length=600, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(questions=[]) | ~Q(reason=""), name="demographics_asked_with_reason"),
        ]

    def __str__(self) -> str:
        return f"questions of project {self.project_id}"


class DemographicsFigures(models.Model):
    """What is shown of the answers, and what the next figures build on.

    ``shown``: question → group → lower bound, a multiple of five. ``sealed``: the exact counts behind it, for the keys
    in the environment alone. ``crowd`` and ``shown_at`` change only when ``shown`` does: otherwise they would tell
    that people were counted whom the figures do not show.
    """

    project = models.OneToOneField(
        "annotations.Project", models.CASCADE, primary_key=True, related_name="demographics_figures"
    )
    shown = models.JSONField(default=dict)
    sealed = models.BinaryField(default=b"")  # empty until the first cohort
    crowd = models.PositiveIntegerField(default=0)
    shown_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(shown={}, shown_at=None) | (~Q(shown={}) & Q(shown_at__isnull=False)),
                name="demographics_shown_with_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"figures of project {self.project_id}"
