"""How strictly models are tested against a project's people, and what the test found."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Judges(models.TextChoices):
    """Whom a model is held against. The dearer they are, the more is allowed for what they cost."""

    CROWD = "crowd", _("A crowd (ε = .1)")
    SKILLED = "skilled", _("Skilled annotators (ε = .15)")
    EXPERT = "expert", _("Experts (ε = .2)")


ALLOWANCE = {Judges.CROWD: 0.1, Judges.SKILLED: 0.15, Judges.EXPERT: 0.2}


class StandInRules(models.Model):
    """Who labels in one project, as its owner says; a crowd where nothing was said."""

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="+")
    judges = models.CharField(
        _("who labels here"),
        max_length=7,
        choices=Judges.choices,
        default=Judges.CROWD,
        help_text=_(
            "ε is how much less often than a person a model may be as near to the others and still be taken, because "
            "people cost more."
        ),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(judges__in=Judges.values), name="stand_in_judges_known"),
        ]

    def __str__(self) -> str:
        return f"{self.judges} in project {self.project_id}"


class StandIn(models.Model):
    """What the alternative-annotator test found of a model annotator.

    ``winning_rate`` and ``advantage`` (ω and ρ over all items) are null where too few people can be compared.
    ``scopes``: all items first, then groups: ``{"attribute", "group", "items", "people", "left_out", "winning_rate",
    "advantage", "passes"}``. ``constant``: what a program would reach that always gives the people's commonest answer,
    ``{"answer": token, "winning_rate", "advantage"}``. ``people``: of all items, ``{"annotator", "items", "model",
    "human", "p", "wins"}``.
    """

    annotator = models.OneToOneField("annotations.Annotator", models.CASCADE, primary_key=True, related_name="stand_in")
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="stand_ins")
    allowance = models.FloatField(_("ε"))
    winning_rate = models.FloatField(_("winning rate ω"), null=True)
    advantage = models.FloatField(_("average advantage probability ρ"), null=True)
    constant = models.JSONField(null=True)
    too_many_answers = models.BooleanField(default=False)  # so many different ones that nearness is not worked out
    scopes = models.JSONField()
    people = models.JSONField()
    tested_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(winning_rate__isnull=True, advantage__isnull=True)
                | Q(
                    winning_rate__isnull=False,
                    advantage__isnull=False,
                    winning_rate__gte=0,
                    winning_rate__lte=1,
                    advantage__gte=0,
                    advantage__lte=1,
                ),
                name="stand_in_rates_are_shares",
            ),
        ]

    def __str__(self) -> str:
        return f"annotator {self.annotator_id}: {self.winning_rate}"
