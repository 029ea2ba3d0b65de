"""Checkpoints, what they decide, and the end of a run. The caller holds the run's row."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from annotations import watching
from annotations.models import Checkpoint, Run, RunDecision, RunStatus, WebhookEvent
from annotations.webhooks.services import announce
from ledger.services import SYSTEM, record
from llm_workers.costs.money import run_spent
from llm_workers.estimates import Cost, estimate
from llm_workers.limits import START
from llm_workers.models import Dialect, ModelVersion, RunItem, RunItemStatus, RunPlan, RunRule
from llm_workers.policy import Judgement, judge
from llm_workers.services.clock import clock_stop
from llm_workers.services.figures import figures_count, run_figures, run_progress
from llm_workers.services.strata import left_of, stratum_of

OPEN = (RunItemStatus.PENDING, RunItemStatus.LEASED)
ENDED = (RunItemStatus.DONE, RunItemStatus.UNANSWERED)
GOING = (RunStatus.QUEUED, RunStatus.RUNNING)


def take_stock(run: Run, *, step_done: bool = False) -> bool:
    """After answers were stored, or before more are asked for: a checkpoint where a step is done or a limit reached,
    and what it decides. Returns whether a going run goes on.
    """
    plan, model = RunPlan.objects.get(run=run), model_of(run)
    if not _is_open(run):
        if step_done:
            _checkpoint(run, plan, model, rules=())
        if run.status in GOING:
            _finish(run, plan, model)
        return False
    rules = list(RunRule.objects.filter(run=run))
    limit = judge(rules, run_progress(run, plan, model), shares=False)
    due = run.status in GOING and (limit.decision != RunDecision.GO_ON or _is_probed(run, plan))
    if step_done or due:
        _act(run, _checkpoint(run, plan, model, rules=rules))
    return run.status in GOING


def _is_open(run: Run) -> bool:
    """Whether any item is left. One question for each state: each has an index of its own, and a question about both
    would walk over all items that are done."""
    return any(RunItem.objects.filter(run=run, status=status).exists() for status in OPEN)


def _is_probed(run: Run, plan: RunPlan) -> bool:
    """Whether a probe is over that the owner has not answered yet."""
    return 0 < plan.probe <= run.labelled + run.unanswered and plan.confirmed_at is None


def model_of(run: Run) -> ModelVersion:
    """The model that a run asks."""
    return ModelVersion.objects.get(annotators__annotator_id=run.annotator_id)


def _checkpoint(run: Run, plan: RunPlan, model: ModelVersion, *, rules: Iterable[RunRule]) -> Judgement:
    """Write down what is true of the run now and what its rules, the probe and other checks make of that."""
    figures_count(run, plan)
    found = watching.findings(run)
    judgement = _decided(run) or judge(rules, run_progress(run, plan, model), shares=True)
    waits = [finding.objection for finding in found.values() if finding.objection]
    if _is_probed(run, plan):
        _estimate(run, plan, model)
        waits.append(_("The probe is done. See what the rest would take, then resume the run or cancel it."))
    if waits and judgement.decision != RunDecision.STOP:
        judgement = Judgement(RunDecision.PAUSE, " ".join(filter(None, [judgement.reason, *waits])))
    if run.status == RunStatus.PAUSED and judgement.decision == RunDecision.GO_ON:
        judgement = Judgement(RunDecision.PAUSE, run.reason)
    figures = run_figures(run, plan, model) | {
        "checks": {name: finding.figures for name, finding in found.items() if finding.figures}
    }
    last = run.checkpoints.order_by("-number").first()
    number = last.number + 1 if last else 1
    Checkpoint.objects.create(
        run=run,
        number=number,
        labelled=run.labelled,
        figures=figures,
        decision=judgement.decision,
        reason=judgement.reason[:500],
    )
    data = {"number": number, "decision": judgement.decision, "reason": judgement.reason[:500], **figures}
    _record(run, "checkpoint.reached", SYSTEM, data)
    return judgement


def _decided(run: Run) -> Judgement | None:
    """What ended the run, where answers that were under way then come in afterwards: nothing is decided any more."""
    return Judgement(RunDecision.STOP, run.reason) if run.status in (RunStatus.STOPPED, RunStatus.CANCELLED) else None


def last_checkpoint(run: Run) -> None:
    """The checkpoint of a run that a person has just ended: what was true then, and why it ends."""
    if run.labelled:
        _checkpoint(run, RunPlan.objects.get(run=run), model_of(run), rules=())


def _estimate(run: Run, plan: RunPlan, model: ModelVersion) -> None:
    """What the rest of the run would take, from its items so far."""
    rows = RunItem.objects.filter(run=run, status__in=ENDED)
    fields = rows.values_list("prompt_tokens", "completion_tokens", "seconds", "item__groups")
    costs = [Cost(*row[:3], group=stratum_of(row[3], plan.strata)) for row in fields]
    widths = (START[Dialect(dialect)] for dialect in model.endpoints.values_list("dialect", flat=True))
    at_once = min(run.lanes.count() * max(widths, default=1), len(costs))
    groups = [cost.group for cost in costs]
    left = left_of(plan.strata, groups, left=run.total - run.labelled - run.unanswered)
    plan.estimate = estimate(costs, left=left, at_once=at_once, model=model, spent=run_spent(run, model))
    plan.save(update_fields=["estimate"])


def _act(run: Run, judgement: Judgement) -> None:
    if run.status not in GOING or judgement.decision == RunDecision.GO_ON:
        return
    if judgement.decision == RunDecision.PAUSE:
        pause_locked(run, reason=judgement.reason)
        watching.run_paused(run)
        return
    run.status, run.reason, run.finished_at = RunStatus.STOPPED, judgement.reason[:500], timezone.now()
    run.save(update_fields=["status", "reason", "finished_at"])
    clock_stop(run)
    _record(run, "run.stopped", SYSTEM, {"reason": run.reason, "labelled": run.labelled})


def pause_locked(run: Run, *, reason: str, actor: str = SYSTEM) -> None:
    """Pause a run whose row the caller has locked."""
    run.status, run.reason = RunStatus.PAUSED, reason[:500]
    run.save(update_fields=["status", "reason"])
    clock_stop(run)
    _record(run, "run.paused", actor, {"reason": run.reason, "labelled": run.labelled})


def _finish(run: Run, plan: RunPlan, model: ModelVersion) -> None:
    last = run.checkpoints.order_by("-number").first()
    if run.labelled and (last is None or last.labelled < run.labelled):
        _checkpoint(run, plan, model, rules=())
    run.status, run.reason, run.finished_at = RunStatus.DONE, "", timezone.now()
    run.save(update_fields=["status", "reason", "finished_at"])
    clock_stop(run)
    _record(run, "run.finished", SYSTEM, {"labelled": run.labelled, "unanswered": run.unanswered})


def _record(run: Run, kind: str, actor: str, data: dict[str, object]) -> None:
    record(kind=kind, actor=actor, subject=f"run:{run.pk}", project_id=run.project_id, data=data)
    if kind in WebhookEvent.values:
        told = {"run": run.pk, "annotator": run.annotator_id, "status": run.status, **data}
        announce(project_id=run.project_id, event=kind, key=f"{kind}:{run.pk}:{uuid4().hex[:12]}", data=told)
