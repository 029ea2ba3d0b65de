"""Putting the next task of an audit into the queue."""

from __future__ import annotations

from celery import current_app
from django.db import transaction

from fairness.audits.limits import STALE


def queue_audit(*, audit_id: int, generation: int, wait: float = 0.0) -> None:
    """Queue a task for ``generation``. Not begun in time, it is dropped: ``wake_audits`` makes a new one."""
    current_app.send_task(
        "fairness.tasks.ask_audit",
        args=[audit_id, generation],
        countdown=wait or None,
        expires=wait + STALE.total_seconds(),
        retry=True,
        retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 0.5},
    )


def queue_audit_on_commit(*, audit_id: int, generation: int) -> None:
    """Queue it once the transaction is committed. A broker that is down is logged, not raised."""

    def send() -> None:
        queue_audit(audit_id=audit_id, generation=generation)

    transaction.on_commit(send, robust=True)
