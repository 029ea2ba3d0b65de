"""Remedies are given time until the monitor has counted so many labels more, but not for ever: labels run out.

A finished run, a small gold set, a project that is fully labelled never reach the number. So a trial is also over when
the model's run that was under way is finished, and after ``LONGEST_TRIAL``.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from fairness.monitors.models import LONGEST_TRIAL
from ledger.services import SYSTEM, record

# Of ``decision`` and its ``finding``; a partial index holds those that are on trial.
IS_OVER = """
    decision.until IS NOT NULL AND decision.over_at IS NULL
    AND (decision.made_at < now() - %(longest)s OR (
        EXISTS (SELECT FROM annotations_run run WHERE run.annotator_id = finding.annotator_id
                AND run.status = 'done' AND run.finished_at > decision.made_at)
        AND NOT EXISTS (SELECT FROM annotations_run run WHERE run.annotator_id = finding.annotator_id
                        AND run.status IN ('queued', 'running', 'paused'))))
"""
END = f"""
UPDATE fairness_decision decision SET over_at = now() FROM fairness_finding finding
WHERE finding.id = decision.finding_id AND finding.project_id = %(project)s AND {IS_OVER}
RETURNING finding.id, finding.monitor_id
"""  # noqa: S608
# Whether there are any in a project.
ANY_OVER = f"""
EXISTS (SELECT FROM fairness_decision decision JOIN fairness_finding finding ON finding.id = decision.finding_id
        WHERE finding.project_id = %(project)s AND {IS_OVER})
"""
VALUES: dict[str, Any] = {"longest": LONGEST_TRIAL}


def trials_end(project_id: int) -> None:
    """Note which trials of a project are over though there are fewer labels than was said. On record, once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(END, VALUES | {"project": project_id})
        for finding_id, monitor_id in sorted(cursor.fetchall()):
            record(
                kind="finding.trial_over",
                actor=SYSTEM,
                subject=f"finding:{finding_id}",
                project_id=project_id,
                data={"monitor": monitor_id},
            )
