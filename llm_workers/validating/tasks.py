"""Background work of validation: thin shells around services."""

from __future__ import annotations

import random

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from llm_workers.limits import LANE_LIMITS, STALE
from llm_workers.validating.dispatch import queue_ratings
from llm_workers.validating.rating import rate_for_a_while
from llm_workers.validating.resuming import validators_go_on
from llm_workers.validating.services import validators_wake
from llm_workers.validating.verifying import project_verify, unscored_projects


@shared_task(name="llm_workers.tasks.rate_labels", **LANE_LIMITS)
def rate_labels(validator_id: int, lane: int, generation: int) -> None:
    """Rate labels for a few seconds, then queue the next task."""
    follow = rate_for_a_while(validator_id=validator_id, lane=lane, generation=generation)
    if follow is not None:
        wait = follow.wait * random.uniform(0.75, 1.25)  # noqa: S311
        queue_ratings(validator_id=validator_id, lane=lane, generation=follow.generation, wait=wait)


@shared_task(name="llm_workers.tasks.wake_validators", soft_time_limit=540, time_limit=600)
def wake_validators() -> int:
    """Look for labels to rate, and start or mend the lanes that rate them; let validators go on that waited for a
    server. Beat sends this every few seconds."""
    validators_go_on()
    return validators_wake(stale_before=timezone.now() - STALE)


@shared_task(name="llm_workers.tasks.verify_labels", soft_time_limit=3500, time_limit=3600)
def verify_labels(project_id: int) -> bool:
    """Score one project's labels anew; whether there was something to score."""
    return project_verify(project_id=project_id) is not None


@shared_task(name="llm_workers.tasks.verify_stale", soft_time_limit=50, time_limit=60)
def verify_stale() -> int:
    """Send a scoring of every project with news since its last one; beat sends this every few seconds."""
    project_ids = unscored_projects()
    for project_id in project_ids:
        verify_labels.delay(project_id)
    return len(project_ids)


def verify_soon(project_id: int) -> None:
    """Send ``verify_labels`` once what was just changed is committed."""
    transaction.on_commit(lambda: verify_labels.delay(project_id))
