"""Background work: thin shells around services."""

from __future__ import annotations

import random

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils import timezone

from llm_workers.costs.counting import costs_count, uncounted_projects
from llm_workers.dispatch import queue_fill, queue_lane
from llm_workers.limits import LANE_LIMITS, STALE
from llm_workers.services.filling import run_fill, unfilled_runs
from llm_workers.services.labelling import label_for_a_while
from llm_workers.services.lanes import lanes_join
from llm_workers.services.models import models_refresh_if_due
from llm_workers.services.resuming import runs_go_on
from llm_workers.services.runs import mend_lanes
from llm_workers.services.trials import TRIAL_LIMITS, lost_text, trial_break_off, trial_run
from llm_workers.trust.computing import stale_projects, trust_compute


@shared_task(**LANE_LIMITS)
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


@shared_task(soft_time_limit=20, time_limit=30)
def resume_runs() -> None:
    """Queue a new task for every lane, and every run without items, whose task was lost: a killed worker, a broker
    that was down. Let runs go on that waited for a server, and make lanes for servers that joined.
    """
    runs_go_on()
    lanes_join()
    mend_lanes(stale_before=timezone.now() - STALE)
    for run_id in unfilled_runs(stale_before=timezone.now() - STALE):
        queue_fill(run_id)


@shared_task(soft_time_limit=30, time_limit=40)
def refresh_models() -> None:
    """Ask the servers what they serve."""
    models_refresh_if_due()


@shared_task(soft_time_limit=540, time_limit=600)
def count_costs(project_id: int) -> bool:
    """Count a project's labels for its cost page; whether it was done."""
    return costs_count(project_id=project_id) is not None


@shared_task(soft_time_limit=50, time_limit=60)
def count_costs_stale() -> int:
    """Send a count for every project whose labels changed since its last one; beat sends this every minute."""
    project_ids = uncounted_projects()
    for project_id in project_ids:
        count_costs.delay(project_id)
    return len(project_ids)


@shared_task(**TRIAL_LIMITS)
def try_prompt(trial_id: int) -> None:
    """Ask a model about the few items of a trial."""
    try:
        trial_run(trial_id=trial_id)
    except SoftTimeLimitExceeded:
        trial_break_off(trial_id=trial_id, problem=lost_text())
        raise


@shared_task(soft_time_limit=3500, time_limit=3600)
def compute_trust(project_id: int) -> bool:
    """Calibrate and test one project's models; whether it was done."""
    return trust_compute(project_id=project_id) is not None


@shared_task(soft_time_limit=50, time_limit=60)
def trust_stale() -> int:
    """Send ``compute_trust`` for every project with models whose labels changed; beat sends this every minute."""
    project_ids = stale_projects()
    for project_id in project_ids:
        compute_trust.delay(project_id)
    return len(project_ids)


def trust_soon(project_id: int) -> None:
    """Send ``compute_trust`` once what was just changed is committed."""
    transaction.on_commit(lambda: compute_trust.delay(project_id))


# Tasks of a package of its own; imported here so that workers know them.
import llm_workers.validating.tasks  # noqa: E402, F401
