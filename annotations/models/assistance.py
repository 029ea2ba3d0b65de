"""Showing people a model's label before they give theirs: only where an owner switches it on, and measured."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

LEAST_HELD_OUT, MOST_HELD_OUT = 0.05, 0.95


class AssistanceRules(models.Model):
    """One project's assistance. A project without a row has none. ``seed`` fixes who goes without on which item."""

    project = models.OneToOneField(
        "annotations.Project", models.CASCADE, primary_key=True, related_name="assistance_rules"
    )
    is_on = models.BooleanField(_("show people a model's label"), default=False)
    model = models.ForeignKey("annotations.Annotator", models.RESTRICT, null=True, related_name="+")
    holdout_share = models.FloatField(
        _("share of items without it"),
        default=0.2,
        validators=[MinValueValidator(LEAST_HELD_OUT), MaxValueValidator(MOST_HELD_OUT)],
    )
    seed = models.BigIntegerField(editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(is_on=False) | Q(model__isnull=False), name="assistance_by_a_model"),
            models.CheckConstraint(
                condition=Q(holdout_share__gte=LEAST_HELD_OUT, holdout_share__lte=MOST_HELD_OUT),
                name="assistance_is_measured",
            ),
        ]

    def __str__(self) -> str:
        return f"assistance in project {self.project_id}"


class Suggestion(models.Model):
    """The label of a model that stood beside an item when a person was given it, and whether they were shown it.

    Written with the lease, never changed: an item that comes to the same person again is shown as it was before.
    Items for which the model had no label have no row.
    """

    assignment = models.OneToOneField(
        "annotations.Assignment", models.CASCADE, primary_key=True, related_name="suggestion"
    )
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+")
    model = models.ForeignKey("annotations.Annotator", models.CASCADE, related_name="+")
    value = models.JSONField(_("the model's label"))
    shown = models.BooleanField(_("shown"))  # False: held out, to measure what showing does
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"suggestion for assignment {self.assignment_id}"
