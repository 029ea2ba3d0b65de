"""Calibrated confidence, beside the one that a model stated."""

from __future__ import annotations

from collections.abc import Mapping

from annotations.calibration import Curve
from annotations.models import Annotation, Calibration

Curves = Mapping[int, Curve]


def curves_of(project_id: int) -> dict[int, Curve]:
    """Annotator id → curve, of the models with enough checked labels."""
    rows = Calibration.objects.filter(project_id=project_id, curve__isnull=False).values_list("annotator_id", "curve")
    return {annotator: Curve.from_json(curve) for annotator, curve in rows if curve is not None}


def calibrated(row: Annotation, curves: Curves) -> float | None:
    """The label's calibrated confidence; None without a confidence, or without a curve."""
    curve = curves.get(row.annotator_id)
    if curve is None or row.confidence is None:
        return None
    return float(curve.apply(row.confidence))
