"""Calibrating and testing a project's models anew, as labels come, without holding anybody up."""

from __future__ import annotations

import time

from django.db import transaction
from django.utils import timezone

from annotations.models import Annotator, AnnotatorKind, Project
from annotations.services.recomputing import alone_with, newest_event, outdated
from llm_workers.calibration.fitting import project_calibrate
from llm_workers.replacing.testing import project_test
from llm_workers.trust.models import TrustCheck

LOCK_CLASS = 0x7A0571  # first half of the advisory lock's key; the project is the second
LEAST_PAUSE = 60.0  # seconds between two looks at a project
PAUSE_FACTOR = 20  # of what the last look took


def stale_projects() -> list[int]:
    """Ids of projects with models whose labels may have changed since the last look, if that is long enough ago."""
    found = outdated(TrustCheck, at="computed_at", least=LEAST_PAUSE, factor=PAUSE_FACTOR)
    models = Annotator.objects.filter(kind=AnnotatorKind.MODEL, project_id__in=found)
    return sorted(set(models.values_list("project_id", flat=True)))


def trust_compute(*, project_id: int) -> TrustCheck | None:
    """Calibrate and test every model of a project; None where there is no such project, or another process is at it.

    Each model's figures are replaced as a whole, and the look counts as done only after the last: who dies before is
    followed by one who does it again. May be called at any time and twice.
    """
    with alone_with(LOCK_CLASS, project_id) as alone:
        project = Project.objects.filter(pk=project_id).first() if alone else None
        if project is None:
            return None
        began = time.monotonic()
        head = newest_event(project_id)
        project_calibrate(project=project)
        project_test(project=project)
        values = {"head": head, "seconds": time.monotonic() - began, "computed_at": timezone.now()}
        with transaction.atomic():
            made, _new = TrustCheck.objects.update_or_create(project=project, defaults=values)
        return made
