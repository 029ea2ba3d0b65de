"""A project's agreement, kept for the dashboard: it takes a pass over all labels, which no page may wait for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from annotations.agreement import Coefficient, CoefficientName
from annotations.measuring.selectors import GroupAgreement, ProjectAgreement, project_agreement
from annotations.models import Project
from annotations.services.recomputing import alone_with, newest_event, outdated
from fairness.models import AgreementFigures

AT_LEAST = 60.0  # seconds between two of a project
FACTOR = 20.0  # and at most this part of the time
LOCK_CLASS = 0xA9EE


def projects_outdated() -> list[int]:
    return outdated(AgreementFigures, at="computed_at", least=AT_LEAST, factor=FACTOR)


def agreement_compute(*, project_id: int) -> bool:
    """Measure one project and keep the result; whether it was done. Safe to run twice or to die anywhere."""
    with alone_with(LOCK_CLASS, project_id) as alone:
        project = Project.objects.filter(pk=project_id).first()
        if not alone or project is None:
            return False
        head, started = newest_event(project_id), time.monotonic()
        figures = _figures(project_agreement(project))
        AgreementFigures.objects.update_or_create(
            project=project,
            defaults={
                "figures": figures,
                "head": head,
                "seconds": time.monotonic() - started,
                "computed_at": timezone.now(),
            },
        )
    return True


def _figures(found: ProjectAgreement) -> dict[str, Any]:
    people = [CoefficientName.RAW_AGREEMENT, CoefficientName.KRIPPENDORFF_ALPHA, CoefficientName.FLEISS_KAPPA]
    pair = [CoefficientName.RAW_AGREEMENT, CoefficientName.COHEN_KAPPA]
    return {
        "raters": found.raters,
        "items": found.items,
        "labels": found.labels,
        "people": [_scope(part, people, part.disputed) for part in found.people],
        "models": [
            {"name": model.name, "scopes": [_scope(part, pair, _apart(part)) for part in model.consensus]}
            for model in found.models
        ],
        "trend": found.trend.direction,
    }


def _apart(part: GroupAgreement) -> int:
    """Items on which the two sides differ: those that raw agreement leaves."""
    raw = part.coefficients[CoefficientName.RAW_AGREEMENT]
    return 0 if raw.value is None else round(raw.n_items * (1 - raw.value))


def _scope(part: GroupAgreement, names: Iterable[CoefficientName], apart: int) -> dict[str, Any]:
    return {
        "attribute": part.attribute,
        "group": part.group,
        "apart": apart,
        "figures": [_one(part.coefficients[name]) for name in names],
    }


def _one(coefficient: Coefficient) -> dict[str, Any]:
    reason = coefficient.undefined_reason
    return {
        "name": coefficient.name.value,
        "value": coefficient.value,
        "low": coefficient.low,
        "high": coefficient.high,
        "n": coefficient.n_items,
        "reason": None if reason is None else reason.value,
    }
