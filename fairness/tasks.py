"""Background work of audits: thin shells around services."""

from __future__ import annotations

import random

from celery import shared_task

from fairness.audits.asking import audit_for_a_while
from fairness.audits.dispatch import queue_audit
from fairness.audits.limits import STALE
from fairness.audits.renewing import audits_due
from fairness.audits.services import audits_wake


@shared_task
def ask_audit(audit_id: int, generation: int) -> None:
    """Ask for a few seconds, then queue the next task."""
    follow = audit_for_a_while(audit_id=audit_id, generation=generation)
    if follow is not None:
        wait = follow.wait * random.uniform(0.75, 1.25)  # noqa: S311
        queue_audit(audit_id=audit_id, generation=follow.generation, wait=wait)


@shared_task(soft_time_limit=50, time_limit=60)
def wake_audits() -> int:
    """Mend audits that lost their task, and start those that are due by themselves; beat sends this."""
    return audits_wake(stale=STALE) + audits_due()
