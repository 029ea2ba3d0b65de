"""Background work: thin shells around services."""

from __future__ import annotations

import random

from celery import shared_task
from django.utils import timezone

from llm_workers.dispatch import queue_lane
from llm_workers.limits import STALE
from llm_workers.services.labelling import label_for_a_while
from llm_workers.services.models import models_refresh_if_due
from llm_workers.services.runs import mend_lanes


@shared_task
def label_chunk(run_id: int, lane: int, generation: int) -> None:
    """Work on a lane for a few seconds, then queue the next task."""
    follow = label_for_a_while(run_id=run_id, lane=lane, generation=generation)
    if follow is not None:
        wait = follow.wait * random.uniform(0.75, 1.25)  # noqa: S311
        queue_lane(run_id=run_id, lane=lane, generation=follow.generation, wait=wait)


@shared_task(queue="default", soft_time_limit=20, time_limit=30)
def resume_runs() -> None:
    """Queue a new task for every lane whose task was lost: a killed worker, a broker that was down."""
    mend_lanes(stale_before=timezone.now() - STALE)


@shared_task(queue="default", soft_time_limit=30, time_limit=40)
def refresh_models() -> None:
    """Ask the servers what they serve."""
    models_refresh_if_due()


# Tasks of a package of its own; imported here so that workers know them.
import llm_workers.validating.tasks  # noqa: E402, F401
