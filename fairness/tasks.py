"""Background work of the app: thin shells around services. Tasks take primary keys, may run twice, die anywhere.

Those that ask language models are routed to the workers of these by name (``CELERY_TASK_ROUTES``).
"""

from __future__ import annotations

import random

from celery import shared_task

from annotations.models.outgoing import unsent
from fairness.audits.asking import audit_for_a_while
from fairness.audits.dispatch import queue_audit
from fairness.audits.limits import ASK_LIMITS, STALE
from fairness.audits.renewing import audits_due
from fairness.audits.services import audits_wake
from fairness.models import FindingNotice, OwnerNotice
from fairness.monitors.telling import finding_notice_send, owner_notice_send
from fairness.services.agreement import agreement_compute, projects_outdated
from fairness.services.raters import projects_to_compute, raters_compute
from fairness.services.recount import counters_complete


@shared_task(name="fairness.tasks.complete_counters", soft_time_limit=3500, time_limit=3600)
def complete_counters() -> int:
    """Give projects that are older than slices and crossed groups these; beat sends this every minute; how many."""
    return counters_complete()


@shared_task(name="fairness.tasks.measure_agreement", soft_time_limit=540, time_limit=600)
def measure_agreement(project_id: int) -> bool:
    """Measure the agreement of one project for its dashboard; whether it was done."""
    return agreement_compute(project_id=project_id)


@shared_task(name="fairness.tasks.measure_agreement_stale", soft_time_limit=50, time_limit=60)
def measure_agreement_stale() -> int:
    """Send every project with news since its agreement was measured; beat sends this every minute."""
    project_ids = projects_outdated()
    for project_id in project_ids:
        measure_agreement.delay(project_id)
    return len(project_ids)


@shared_task(name="fairness.tasks.compare_people", soft_time_limit=540, time_limit=600)
def compare_people(project_id: int) -> int:
    """Compare the groups of people who label in one project; how many figures were made."""
    return raters_compute(project_id=project_id)


@shared_task(name="fairness.tasks.compare_people_stale", soft_time_limit=50, time_limit=60)
def compare_people_stale() -> int:
    """Send every project that shows groups of people; beat sends this every ten minutes."""
    project_ids = projects_to_compute()
    for project_id in project_ids:
        compare_people.delay(project_id)
    return len(project_ids)


@shared_task(**ASK_LIMITS)
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


@shared_task(name="fairness.tasks.send_finding_notice", soft_time_limit=60, time_limit=90)
def send_finding_notice(notice_id: int) -> bool:
    """Send one mail, if it is due; whether it was sent."""
    return finding_notice_send(notice_id=notice_id)


@shared_task(name="fairness.tasks.send_owner_notice", soft_time_limit=60, time_limit=90)
def send_owner_notice(notice_id: int) -> bool:
    """Send one mail, if it is due; whether it was sent."""
    return owner_notice_send(notice_id=notice_id)


@shared_task(name="fairness.tasks.send_finding_notices", soft_time_limit=50, time_limit=60)
def send_finding_notices() -> int:
    """Hand out the mails to owners that are due; beat sends this every few seconds."""
    of_findings, others = unsent(FindingNotice), unsent(OwnerNotice)
    for notice_id in of_findings:
        send_finding_notice.delay(notice_id)
    for notice_id in others:
        send_owner_notice.delay(notice_id)
    return len(of_findings) + len(others)
