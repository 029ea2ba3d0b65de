"""What was learnt of how far a model's confidence can be taken at its word."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CalibrationMethod(models.TextChoices):
    """The methods of ``annotations.calibration.CurveMethod``."""

    NONE = "none", _("As stated: no curve foretells unseen labels better")
    TEMPERATURE = "temperature", _("Temperature scaling")
    ISOTONIC = "isotonic", _("Isotonic regression")


class Calibration(models.Model):
    """A model annotator's curve from stated to calibrated confidence; raw confidences stay as they were given.

    ``curve``: ``annotations.calibration.Curve.as_json()``; null with an empty method where too few labels were checked.
    ``sources``: how many of the ``checked`` labels were held against ``settled``, ``gold`` and ``consensus``.
    ``without``: checked labels that came without a confidence. ``scopes``: what was found, all items first:
    ``{"attribute", "group", "n", "before", "after"}``, each side an ``Assessment`` or null.
    """

    annotator = models.OneToOneField(
        "annotations.Annotator", models.CASCADE, primary_key=True, related_name="calibration"
    )
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="calibrations")
    method = models.CharField(max_length=11, choices=CalibrationMethod.choices, blank=True)
    curve = models.JSONField(null=True)
    checked = models.PositiveIntegerField()
    without = models.PositiveIntegerField()
    sources = models.JSONField()
    losses = models.JSONField()  # method → cross-validated log loss
    scopes = models.JSONField()
    fitted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(method="", curve__isnull=True)
                | Q(method__in=CalibrationMethod.values, curve__isnull=False),
                name="calibration_method_with_its_curve",
            ),
        ]

    def __str__(self) -> str:
        return f"annotator {self.annotator_id}: {self.method or 'too few labels'}"
