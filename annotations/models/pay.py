"""Money that an owner adds to, or corrects in, what a person's labels earned."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PayAdjustment(models.Model):
    """An amount in the project's currency with the reason for it; never changed, a mistake is righted by another."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="pay_adjustments")
    annotator = models.ForeignKey("annotations.Annotator", models.PROTECT, related_name="pay_adjustments")
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=300)
    request_key = models.UUIDField()  # of the form: sent twice, it counts once
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "request_key"], name="pay_adjustment_once_per_request"),
            models.CheckConstraint(condition=~Q(amount=0), name="pay_adjustment_not_nothing"),
            models.CheckConstraint(condition=~Q(reason=""), name="pay_adjustment_has_reason"),
        ]

    def __str__(self) -> str:
        return f"adjustment {self.pk}"
