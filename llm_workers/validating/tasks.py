"""Background work of validation: thin shells around services."""

from __future__ import annotations

import random

from celery import shared_task
from django.utils import timezone

from llm_workers.limits import STALE
from llm_workers.validating.dispatch import queue_ratings
from llm_workers.validating.rating import rate_for_a_while
from llm_workers.validating.services import validators_wake


@shared_task(name="llm_workers.tasks.rate_labels")
def rate_labels(validator_id: int, generation: int) -> None:
    """Rate labels for a few seconds, then queue the next task."""
    follow = rate_for_a_while(validator_id=validator_id, generation=generation)
    if follow is not None:
        wait = follow.wait * random.uniform(0.75, 1.25)  # noqa: S311
        queue_ratings(validator_id=validator_id, generation=follow.generation, wait=wait)


@shared_task(name="llm_workers.tasks.wake_validators", queue="default", soft_time_limit=540, time_limit=600)
def wake_validators() -> int:
    """Look for labels to rate, and start or mend the chains that rate them; beat sends this every few seconds."""
    return validators_wake(stale_before=timezone.now() - STALE)
