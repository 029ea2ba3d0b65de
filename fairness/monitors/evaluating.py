"""Asking monitors after a fold, and what follows where one is certain: a finding, a pause, and owners are told.

Safe to die anywhere and to run twice or side by side: a finding is one transaction with all that follows from it, the
database lets one be open for each monitor and annotator, and how far a project was watched is noted only afterwards.
"""

from __future__ import annotations

import logging

from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.utils import timezone

from annotations.models import Annotator, LabelSchema, Run, RunDecision, RunStatus, WebhookEvent
from annotations.projects.status import project_pause
from annotations.steering import runs_pause
from annotations.task_types.base import label_keys, label_name
from annotations.webhooks.services import announce
from fairness.models import Finding, Monitor
from fairness.monitors.models import Whose
from fairness.monitors.naming import groups_name
from fairness.monitors.promising import unpromised
from fairness.monitors.reading import Judged, judge, state_of
from fairness.monitors.telling import owners_tell
from fairness.monitors.trials import IS_OVER, VALUES, trials_end
from fairness.monitors.words import found_text, reason_of
from fairness.services.live import live_moved
from ledger.services import SYSTEM, record

logger = logging.getLogger(__name__)

# Projects that moved since their monitors were last asked; also those whose last monitor was removed, as live pages
# show what it had found. Older ones without any slices (kept = 0) wait to be counted. Besides, projects of which a
# remedy's time is over, though nothing moves any more.
DUE = f"""
SELECT pulse.project_id FROM fairness_pulse pulse LEFT JOIN fairness_watch watch ON watch.project_id = pulse.project_id
WHERE pulse.version > COALESCE(watch.version, -1) AND pulse.kept > 0
    AND (watch.version IS NOT NULL
         OR EXISTS (SELECT FROM fairness_monitor monitor
                    WHERE monitor.project_id = pulse.project_id AND monitor.removed_at IS NULL))
UNION
SELECT finding.project_id FROM fairness_decision decision JOIN fairness_finding finding ON finding.id = finding_id
    JOIN fairness_pulse pulse ON pulse.project_id = finding.project_id AND pulse.kept > 0
WHERE {IS_OVER}
ORDER BY project_id
"""  # noqa: S608
WATCHED = """
INSERT INTO fairness_watch (project_id, version) VALUES (%s, %s)
ON CONFLICT (project_id) DO UPDATE SET version = GREATEST(fairness_watch.version, EXCLUDED.version)
"""


def due_projects() -> list[int]:
    """Projects with monitors that moved since the monitors were last asked, or are to be asked about a remedy."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, VALUES)
        return [row[0] for row in cursor.fetchall()]


def in_force(project_id: int) -> list[Monitor]:
    return list(Monitor.objects.filter(project_id=project_id, removed_at__isnull=True))


def project_evaluate(project_id: int) -> list[Finding]:
    """Ask every monitor of a project, from the counters alone; the findings that are new.

    What one of them says may fail to be written down: the others are served first, then the error is raised, and the
    project is asked again."""
    monitors = in_force(project_id)
    groups_name(monitors)
    state = state_of(project_id, monitors)
    if state.trial_over:
        trials_end(project_id)
    made: list[Finding] = []
    failed: Exception | None = None
    for judged in judge(state, monitors):
        try:
            made += _follow(judged, state.version)
        except (DatabaseError, OSError):
            raise
        except Exception as error:
            logger.exception("What monitor %s found could not be written down.", judged.monitor.pk)
            failed = failed or error
    if failed is not None:
        raise failed
    with connection.cursor() as cursor:
        cursor.execute(WATCHED, [project_id, state.version])
    return made


def _follow(judged: Judged, version: int) -> list[Finding]:
    """What follows from what a monitor says: a new finding, or the pause of a run that was started in spite of one."""
    if judged.past.open is not None:
        _pause_again(judged.past.open)
    elif judged.verdict.beyond:
        finding = finding_open(judged, version=version)
        return [finding] if finding is not None else []
    return []


def finding_open(judged: Judged, *, version: int) -> Finding | None:
    """Write down what is certain, with all that follows; None where the monitor has changed meanwhile or somebody
    else was sooner."""
    asked = judged.monitor
    with transaction.atomic():
        monitor = Monitor.objects.select_for_update(of=("self",)).select_related("project").get(pk=asked.pk)
        unchanged = (monitor.alpha, monitor.tau, monitor.groups) == (asked.alpha, asked.tau, asked.groups)
        if monitor.removed_at is not None or not unchanged:
            return None
        earlier = monitor.findings.filter(annotator=judged.annotator_id)
        if earlier.count() != judged.past.count:
            return None  # found, and perhaps answered, since these counts were read
        finding = Finding.objects.create(
            monitor=monitor,
            project=monitor.project,
            annotator_id=judged.annotator_id,
            certificate=judged.verdict.as_json()
            | {
                "alpha": monitor.alpha,
                "tau": monitor.tau,
                "since": monitor.since.isoformat(),
                "renewed": monitor.renewed,
                "ordered": unpromised(monitor),
            },
            version=version,
            found_at=timezone.now(),
        )
        _pause(finding)
        _record_and_tell(finding)
        live_moved(finding.project_id)
    return finding


def _pause(finding: Finding) -> None:
    """Lock order: the monitor (the caller's), the project, its runs."""
    monitor, changed = finding.monitor, []
    if monitor.pause_labelling:
        finding.labelling_paused = project_pause(project_id=finding.project_id, why=f"finding:{finding.pk}")
        changed.append("labelling_paused")
    if finding.annotator_id is not None:
        paused = runs_pause(project_id=finding.project_id, annotator_id=finding.annotator_id, reason=_reason(finding))
        finding.runs = paused or _paused_at_checkpoint(finding)
        changed.append("runs")
    finding.save(update_fields=changed)


def _paused_at_checkpoint(finding: Finding) -> list[int]:
    """The run whose last checkpoint said what is found now: it was sooner than the fold. A model has one at a time."""
    run = Run.objects.filter(annotator=finding.annotator_id, status=RunStatus.PAUSED).first()
    last = run.checkpoints.order_by("-number").first() if run else None
    if run is None or last is None or last.decision != RunDecision.PAUSE:
        return []
    said = last.figures.get("checks", {}).get("monitors", {}).get(str(finding.monitor_id), {})
    return [run.pk] if said.get("beyond") else []


def _pause_again(finding: Finding) -> None:
    """A run that was started although the finding waits for an answer is paused, too."""
    going = (RunStatus.QUEUED, RunStatus.RUNNING)
    if (
        finding.annotator_id is None
        or not Run.objects.filter(annotator_id=finding.annotator_id, status__in=going).exists()
    ):
        return
    with transaction.atomic():
        locked = Finding.objects.select_for_update(of=("self",)).select_related("monitor").get(pk=finding.pk)
        if not locked.is_open or locked.annotator_id is None:
            return
        runs = runs_pause(project_id=locked.project_id, annotator_id=locked.annotator_id, reason=_reason(locked))
        locked.runs = sorted({*locked.runs, *runs})
        locked.save(update_fields=["runs"])
        live_moved(locked.project_id)


def label_names(project_id: int) -> dict[str, str]:
    """Label key → name in the project's current schema."""
    schema = LabelSchema.objects.get(project_id=project_id, is_current=True)
    return {key: label_name(schema.config, key) for key in label_keys(schema.config)}


def annotator_name(annotator_id: int | None) -> str:
    if annotator_id is None:
        return ""
    annotator = Annotator.objects.get(pk=annotator_id)
    return annotator.name or annotator.pseudonym


def _reason(finding: Finding) -> str:
    return reason_of(finding, label_names(finding.project_id), annotator_name(finding.annotator_id))


def _record_and_tell(finding: Finding) -> None:
    monitor = finding.monitor
    data = {
        "monitor": monitor.pk,
        "measure": monitor.measure,
        "whose": monitor.whose,
        "attribute": monitor.attribute,
        "label": monitor.label,
        "truth": monitor.truth,
        "annotator": finding.annotator_id,
        "version": finding.version,
        "runs_paused": finding.runs,
        "labelling_paused": finding.labelling_paused,
        **finding.certificate,
    }
    record(
        kind="finding.opened", actor=SYSTEM, subject=f"finding:{finding.pk}", project_id=finding.project_id, data=data
    )
    name = annotator_name(finding.annotator_id) if monitor.whose == Whose.MODEL else ""
    words = found_text(monitor, finding.certificate, label_names(finding.project_id), name)
    brief = {key: value for key, value in data.items() if key not in ("table", "bands")}
    told = {"finding": finding.pk, "text": words, **brief}
    announce(
        project_id=finding.project_id,
        event=WebhookEvent.FINDING_OPENED,
        key=f"finding.opened:{finding.pk}",
        data=told,
    )
    owners_tell(finding)
