"""How long a run has worked: from each beginning to each pause. The caller holds the run's row."""

from __future__ import annotations

from django.utils import timezone

from annotations.models import Run
from llm_workers.models import RunPlan


def worked_seconds(plan: RunPlan) -> float:
    """Until now, pauses not counted."""
    running = (timezone.now() - plan.working_since).total_seconds() if plan.working_since else 0.0
    return plan.worked_seconds + running


def clock_start(run: Run) -> None:
    """It works from now on; nothing where it does already."""
    RunPlan.objects.filter(run=run, working_since=None).update(working_since=timezone.now())


def clock_stop(run: Run) -> None:
    """It stands from now on; nothing where it does already."""
    plan = RunPlan.objects.filter(run=run).first()
    if plan is not None and plan.working_since is not None:
        plan.worked_seconds, plan.working_since = worked_seconds(plan), None
        plan.save(update_fields=["worked_seconds", "working_since"])
