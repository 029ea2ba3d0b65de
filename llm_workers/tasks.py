"""Background work: thin shells around services."""

from __future__ import annotations

import random

from celery import shared_task
from django.utils import timezone

from llm_workers.dispatch import queue_fill, queue_lane
from llm_workers.limits import STALE
from llm_workers.services.filling import run_fill, unfilled_runs
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


@shared_task
def fill_run(run_id: int) -> None:
    """Choose the items of a run in a large project."""
    run_fill(run_id=run_id)


@shared_task(queue="default", soft_time_limit=20, time_limit=30)
def resume_runs() -> None:
    """Queue a new task for every lane, and every run without items, whose task was lost: a killed worker, a broker
    that was down.
    """
    mend_lanes(stale_before=timezone.now() - STALE)
    for run_id in unfilled_runs(stale_before=timezone.now() - STALE):
        queue_fill(run_id)


@shared_task(queue="default", soft_time_limit=30, time_limit=40)
def refresh_models() -> None:
    """Ask the servers what they serve."""
    models_refresh_if_due()
