"""Putting the next task of a validator's lane into the queue."""

from __future__ import annotations

from celery import current_app
from django.db import transaction

from llm_workers.limits import STALE


def queue_ratings(*, validator_id: int, lane: int, generation: int, wait: float = 0.0) -> None:
    """Queue a task for ``generation`` of a lane. Not begun in time, it is dropped: ``wake_validators`` makes a new
    one."""
    current_app.send_task(
        "llm_workers.tasks.rate_labels",
        args=[validator_id, lane, generation],
        countdown=wait or None,
        expires=wait + STALE.total_seconds(),
        retry=True,
        retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 0.5},
    )


def queue_ratings_on_commit(*, validator_id: int, lane: int, generation: int) -> None:
    """Queue it once the transaction is committed. A broker that is down is logged, not raised."""

    def send() -> None:
        queue_ratings(validator_id=validator_id, lane=lane, generation=generation)

    transaction.on_commit(send, robust=True)
