"""Fitting and storing the calibration of every model of a project."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from django.utils import timezone

from annotations.calibration import Assessment, assess, calibrate
from annotations.calibration.assessing import LEAST, LEAST_GROUP
from annotations.models import Annotator, AnnotatorKind, Calibration, LabelSchema, Project
from annotations.task_types import SingleChoice
from annotations.task_types.base import label_keys
from llm_workers.calibration.collecting import SOURCES, Checked, Floats, checked_labels

MOST = 100_000  # checked labels of a model; of more, so many are drawn by chance, the same ones at every fit


def project_calibrate(*, project: Project) -> int:
    """Fit and store every model's calibration; how many models have one. May be done twice."""
    schema = project.schemas.get(is_current=True)
    attributes = list(project.attributes.values_list("name", flat=True))
    checked = checked_labels(project.pk)
    made = 0
    for annotator in Annotator.objects.filter(project=project, kind=AnnotatorKind.MODEL).order_by("pk"):
        values = _calibration(checked.get(annotator.pk), attributes, classes=_classes(schema))
        Calibration.objects.update_or_create(annotator=annotator, defaults={"project": project} | values)
        made += bool(values["method"])
    return made


def _classes(schema: LabelSchema) -> int:
    """Labels to choose from where one is chosen; else each answer is a yes or no, and the confidence the least sure."""
    return len(label_keys(schema.config)) if schema.task_type == SingleChoice.name else 2


def _calibration(checked: Checked | None, attributes: list[str], *, classes: int) -> dict[str, Any]:
    """The stored fields."""
    found: dict[str, Any] = {
        "method": "",
        "curve": None,
        "checked": 0,
        "without": 0,
        "sources": dict.fromkeys(SOURCES, 0),
        "losses": {},
        "scopes": [],
        "fitted_at": timezone.now(),
    }
    if checked is None:
        return found
    unsaid = np.isnan(checked.confidence)
    known = checked.part(~unsaid)
    counts = np.bincount(known.source, minlength=len(SOURCES)).tolist()
    found |= {"checked": len(known), "without": int(unsaid.sum()), "sources": dict(zip(SOURCES, counts, strict=True))}
    used = _drawn(known)
    fitted = calibrate(used.confidence, used.right, item=used.item, classes=classes)
    if fitted is not None:
        losses = {method.value: loss for method, loss in fitted.losses.items()}
        found |= {"method": fitted.curve.method.value, "curve": fitted.curve.as_json(), "losses": losses}
    found["scopes"] = _scopes(used, None if fitted is None else fitted.confidence, attributes)
    return found


def _drawn(checked: Checked) -> Checked:
    if len(checked) <= MOST:
        return checked
    return checked.part(np.sort(np.random.default_rng(0).choice(len(checked), MOST, replace=False)))


def _scopes(checked: Checked, after: Floats | None, attributes: list[str]) -> list[dict[str, Any]]:
    """All items, then every group of every attribute."""
    found = [_scope("", "", checked, after, LEAST)]
    for attribute in attributes:
        for group, inside in checked.groups(attribute):
            mended = None if after is None else after[inside]
            found.append(_scope(attribute, group, checked.part(inside), mended, LEAST_GROUP))
    return found


def _scope(attribute: str, group: str, checked: Checked, after: Floats | None, least: int) -> dict[str, Any]:
    sides: dict[str, Assessment | None] = {"before": None, "after": None}
    if after is not None:  # nothing is said of a group before something can be said of all
        for side, confidence in (("before", checked.confidence), ("after", after)):
            sides[side] = assess(confidence, checked.right, item=checked.item, least=least)
    stored = {side: None if one is None else asdict(one) for side, one in sides.items()}
    return {"attribute": attribute, "group": group, "n": len(checked), **stored}
