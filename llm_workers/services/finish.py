"""Checkpoints, and the end of a run. The caller holds the run's row."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils import timezone

from annotations.models import Annotation, AnnotationStatus, Checkpoint, ConsensusMethod, Run, RunStatus
from ledger.services import SYSTEM, record
from llm_workers.models import RunItem, RunItemStatus

PEOPLE = (ConsensusMethod.UNANIMOUS, ConsensusMethod.MAJORITY)
OPEN = (RunItemStatus.PENDING, RunItemStatus.LEASED)


def checkpoint_reached(run: Run, *, number: int) -> Checkpoint:
    """Write down what is true of the run now. Once per number: the caller holds the run's row."""
    figures = run_figures(run)
    checkpoint = Checkpoint.objects.create(run=run, number=number, labelled=run.labelled, figures=figures)
    data = {"number": number, **figures}
    record(kind="checkpoint.reached", actor=SYSTEM, subject=f"run:{run.pk}", project_id=run.project_id, data=data)
    return checkpoint


def run_figures(run: Run) -> dict[str, Any]:
    """Counts, tokens and seconds so far; ``agreed`` of ``compared`` labels equal what people agreed on themselves.

    Items without a consensus of people, and those that an expert settled, are not compared.
    """
    labels = Annotation.objects.filter(run=run, status=AnnotationStatus.CURRENT, item__consensus__method__in=PEOPLE)
    return {
        "labelled": run.labelled,
        "unanswered": run.unanswered,
        "prompt_tokens": run.prompt_tokens,
        "completion_tokens": run.completion_tokens,
        "model_seconds": round(run.model_seconds, 3),
        "compared": labels.count(),
        "agreed": labels.filter(value=F("item__consensus__value")).count(),
    }


def finish_if_done(run: Run) -> bool:
    """End the run where no item waits or is being asked about; returns whether it has ended."""
    if RunItem.objects.filter(run=run, status__in=OPEN).exists():
        return False
    last = run.checkpoints.order_by("-number").first()
    if run.labelled and (last is None or last.labelled < run.labelled):
        checkpoint_reached(run, number=last.number + 1 if last else 1)
    run.status, run.reason, run.finished_at = RunStatus.DONE, "", timezone.now()
    run.save(update_fields=["status", "reason", "finished_at"])
    data = {"labelled": run.labelled, "unanswered": run.unanswered}
    record(kind="run.finished", actor=SYSTEM, subject=f"run:{run.pk}", project_id=run.project_id, data=data)
    return True
