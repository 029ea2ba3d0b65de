"""Looking through a project's labels anew, as they come; nothing is done to anybody."""

from __future__ import annotations

import math
import time

from django.db import transaction
from django.utils import timezone

from annotations.models import Project, SuspicionCheck
from annotations.services.recomputing import alone_with, newest_event, outdated
from annotations.suspicion.collecting import Collected, collect
from annotations.suspicion.detectors import Found, find_all
from annotations.suspicion.storing import findings_store, sightings

LOCK_CLASS = 0x5B5C10  # first half of the advisory lock's key; the project is the second
LEAST_PAUSE = 60.0  # seconds between two looks at a project
PAUSE_FACTOR = 30  # of what the last look took


def unchecked_projects() -> list[int]:
    """Ids of projects whose labels may have changed since they were looked through, if that is long enough ago."""
    return outdated(SuspicionCheck, at="checked_at", least=LEAST_PAUSE, factor=PAUSE_FACTOR)


def project_check(*, project_id: int) -> SuspicionCheck | None:
    """Look through a project's labels; None where there is no such project, or where another process is at it.

    What is found is stored for the owner, what no longer holds is closed, all in one transaction: dying anywhere leaves
    the last look as it was. May be called at any time and twice.
    """
    with alone_with(LOCK_CLASS, project_id) as alone:
        project = Project.objects.filter(pk=project_id).first() if alone else None
        if project is None:
            return None
        began = time.monotonic()
        head = newest_event(project_id)
        collected = collect(schema=project.schemas.get(is_current=True))
        found = find_all(collected.said)
        with transaction.atomic():
            findings_store(project=project, sightings=sightings(found.findings, collected))
            return _note(project, collected, found, head, time.monotonic() - began)


def _note(project: Project, collected: Collected, found: Found, head: int, seconds: float) -> SuspicionCheck:
    made, _new = SuspicionCheck.objects.update_or_create(
        project=project,
        defaults={
            "head": head,
            "seconds": seconds,
            "labels": len(collected.said),
            "people": int(collected.said.judged.sum()),
            "tested": found.tested,
            "unusual_seconds": None if math.isnan(found.unusual_seconds) else found.unusual_seconds,
            "checked_at": timezone.now(),
        },
    )
    return made
