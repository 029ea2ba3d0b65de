"""Background work of the app. Tasks take primary keys, may run twice, and may die anywhere."""

from __future__ import annotations

from celery import shared_task

from annotations.labelling.services import expire

MAX_BATCHES = 200


@shared_task(name="annotations.tasks.expire_leases", soft_time_limit=50, time_limit=60)
def expire_leases() -> int:
    """Take back the places of leases that ran out; beat sends this every few seconds."""
    ended = 0
    for _ in range(MAX_BATCHES):
        batch = expire()
        ended += batch
        if not batch:
            break
    return ended
