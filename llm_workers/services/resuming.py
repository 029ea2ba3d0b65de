"""Runs that no server could be used for: they pause, and go on by themselves once the model is served again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import Run, RunStatus
from ledger.errors import DomainError
from llm_workers.limits import FIRST_RESUME, LONGEST_RESUME, MOST_RESUMES
from llm_workers.models import RunPlan
from llm_workers.models.lanes import Waiting
from llm_workers.services.finish import pause_locked
from llm_workers.services.runs import run_resume
from llm_workers.services.servers import servers_known

FINAL = ("schema_changed",)  # refusals that no waiting mends


def fault_pause(run: Run, plan: RunPlan, *, reason: str, hopeless: bool) -> None:
    """Pause a run (locked by the caller) because no server can be used. Where that is not ``hopeless``, and did not
    happen too often in a row, it will go on by itself."""
    text = _("%(why)s Then resume the run.")
    if not hopeless and resume_later(plan):
        text = _("%(why)s Once the model is served again the run goes on by itself; or resume the run.")
    pause_locked(run, reason=text % {"why": reason})


def resume_later(work: Waiting) -> bool:
    """Have what pauses go on by itself after a rest; False where it did so too often in a row."""
    if work.fault_pauses >= MOST_RESUMES:
        return False
    work.resume_at = timezone.now() + min(FIRST_RESUME * 2**work.fault_pauses, LONGEST_RESUME)
    work.fault_pauses += 1
    work.save(update_fields=["resume_at", "fault_pauses"])
    return True


def rested(**model: OuterRef) -> Exists:
    """Of rows of ``Waiting``: whether a server that may be used has listed the model since the rest was over.
    ``model``: how a server's row leads to it."""
    offering = servers_known().filter(enabled=True, healthy=True, checked_at__gt=OuterRef("resume_at"), **model)
    return Exists(offering)


def rest_on(work: Waiting) -> None:
    """Try again later: what keeps it from going on now may pass."""
    work.resume_at = timezone.now() + LONGEST_RESUME
    work.save(update_fields=["resume_at"])


def runs_go_on() -> int:
    """Resume every run whose rest is over and whose model was listed since by a server that may be used; returns how
    many there were. One that limits, people or its project hold back is tried again later; one whose question has
    changed is left to people."""
    due = RunPlan.objects.filter(
        rested(model_versions__annotators__annotator=OuterRef("run__annotator")),
        run__status=RunStatus.PAUSED,
        resume_at__lt=timezone.now(),
    )
    resumed = 0
    for plan in due.select_related("run").order_by("pk"):
        try:
            run_resume(run=plan.run, by=None)
            resumed += 1
        except DomainError as refusal:
            _held_back(plan.run, refusal)
    return resumed


def _held_back(run: Run, refusal: DomainError) -> None:
    with transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
        plan = RunPlan.objects.get(run=run)
        if run.status != RunStatus.PAUSED or plan.resume_at is None:  # somebody was quicker
            return
        if refusal.code not in FINAL:
            rest_on(plan)
            return
        plan.resume_at = None
        plan.save(update_fields=["resume_at"])
        pause_locked(run, reason=refusal.message)
