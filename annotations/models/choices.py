"""Which model a project uses for what, and why it was chosen."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ModelRole(models.TextChoices):
    LABELLER = "labeller", _("Labeller")
    VALIDATOR = "validator", _("Validator")


class ModelChoice(models.Model):
    """A model that was chosen for a role, or that an audit proposes for it (``chosen_by`` null). Never changed but for
    ``is_current``: another choice is another row.

    ``model`` and ``prompt`` are ids of whoever asks models (``annotations.candidates``); ``audit`` is the audit that it
    rests on; ``figures`` are those of that audit at the time, for the record.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="model_choices", db_index=False)
    role = models.CharField(max_length=9, choices=ModelRole.choices)
    model = models.BigIntegerField()
    prompt = models.BigIntegerField(null=True)
    name = models.CharField(_("model"), max_length=300)
    audit = models.BigIntegerField()
    figures = models.JSONField(default=dict)
    reason = models.TextField(_("why"), max_length=2000)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    chosen_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "role"], condition=Q(is_current=True), name="model_choice_one_current"
            ),
            models.CheckConstraint(condition=Q(role__in=ModelRole.values), name="model_choice_role_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="model_choice_has_reason"),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="model_choice_latest")]

    def __str__(self) -> str:
        return f"{self.name} as {self.role} of project {self.project_id}"
