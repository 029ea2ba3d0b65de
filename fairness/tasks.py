"""Background work of the app. Tasks take primary keys, may run twice, and may die anywhere."""

from __future__ import annotations

from celery import shared_task

from annotations.models.outgoing import unsent
from fairness.models import FindingNotice
from fairness.monitors.telling import finding_notice_send


@shared_task(name="fairness.tasks.send_finding_notice", soft_time_limit=60, time_limit=90)
def send_finding_notice(notice_id: int) -> bool:
    """Send one mail, if it is due; whether it was sent."""
    return finding_notice_send(notice_id=notice_id)


@shared_task(name="fairness.tasks.send_finding_notices", soft_time_limit=50, time_limit=60)
def send_finding_notices() -> int:
    """Hand out the mails about findings that are due; beat sends this every few seconds."""
    notice_ids = unsent(FindingNotice)
    for notice_id in notice_ids:
        send_finding_notice.delay(notice_id)
    return len(notice_ids)
