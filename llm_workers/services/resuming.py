"""Runs that no server could be used for: they pause, and go on by themselves once the model is served again."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef
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


def runs_go_on() -> int:
    """Resume every run whose rest is over and whose model was listed since by a server that may be used; returns how
    many there were. One that cannot be resumed, because limits or people hold it back, is left to people."""
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
        except DomainError:
            RunPlan.objects.filter(pk=plan.pk, resume_at=F("resume_at")).update(resume_at=None)
    return resumed
