"""Starting and steering runs. Lock order: queue entries, lanes, run, run items; each function takes a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations import watching
from annotations.models import Project, ProjectStatus, Run, RunDecision, RunStatus
from ledger.errors import DomainError, invalid
from ledger.services import SYSTEM, actor_of, record
from llm_workers.dispatch import queue_lanes_on_commit
from llm_workers.models import ModelAnnotator, ModelVersion, Prompt, RunItem, RunItemStatus, RunLane, RunPlan, RunRule
from llm_workers.policy import Rule, judge
from llm_workers.services.clock import clock_start, clock_stop
from llm_workers.services.figures import run_progress
from llm_workers.services.filling import run_prepare
from llm_workers.services.finish import GOING, last_checkpoint, model_of, pause_locked
from llm_workers.services.lanes import lanes_make
from llm_workers.services.prompting import model_annotator, plain_version, version_of
from llm_workers.services.rules import rules_as_json, rules_check, rules_store

MAX_STEP, MAX_PROBE = 100_000, 500


def run_start(
    *,
    project: Project,
    model: ModelVersion,
    started_by: Any,
    step_size: int = 100,
    max_items: int | None = None,
    with_reason: bool = False,
    orders: int = 1,
    seed: int = 0,
    prompt: Prompt | None = None,
    probe: int = 0,
    rules: Sequence[Rule] = (),
) -> Run:
    """Let ``model`` label the items that it has not labelled yet when asked in this way, in a seeded random order.

    A ``prompt`` of the project says how it is asked, in place of ``with_reason`` and ``orders``; the items whose labels
    it shows to the model are left out. After ``probe`` items it waits, with an estimate of the rest, until its owner
    resumes it; ``rules`` are those of its policy.

    Raises ``DomainError``: 409 where the project is not active, the model is not served, or it is labelling here
    already; 400 where there is nothing to label or a number is out of range.
    """
    _check_numbers(step_size, max_items, orders, probe)
    rules_check(rules, model)
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        _check_active(project)
        if not model.endpoints.filter(enabled=True).exists():
            text = _("No server offers “%(name)s” now. Start one and refresh the models, or choose another.")
            raise DomainError("model_not_served", text % {"name": model.name})
        schema = project.schemas.get(is_current=True)
        asked = model_annotator(
            model=model,
            version=version_of(prompt=prompt, schema=schema)
            if prompt
            else plain_version(schema=schema, with_reason=with_reason, orders=orders),
        )
        run = _create(
            project=project,
            annotator=asked.annotator,
            schema=schema,
            step_size=step_size,
            max_items=max_items,
            started_by=started_by,
        )
        plan = RunPlan.objects.create(run=run, seed=seed, probe=probe)
        rules_store(run, rules)
        run_prepare(run)
        run.refresh_from_db()
        if run.status == RunStatus.CANCELLED:
            raise invalid(run.reason)
        _record(run, "run.started", actor_of(started_by), _started(run, asked, plan, rules))
    return run


def _started(run: Run, asked: ModelAnnotator, plan: RunPlan, rules: Sequence[Rule]) -> dict[str, Any]:
    return {
        "model": asked.model_id,
        "prompt": asked.prompt.hash,
        "annotator": asked.annotator_id,
        "items": run.total,
        "seed": plan.seed,
        "step_size": run.step_size,
        "probe": plan.probe,
        "rules": rules_as_json(rules),
    }


def run_pause(*, run: Run, by: Any = None, reason: str = "") -> Run:
    """Stop taking items; answers that are under way still count. ``by`` None: the platform pauses it.

    A run that is paused and waits for its server no longer goes on by itself.
    """
    with transaction.atomic():
        run = _locked(run)
        waiting = RunPlan.objects.filter(run=run, run__status=RunStatus.PAUSED, resume_at__isnull=False)
        if not waiting.update(resume_at=None) and run.status not in GOING:
            raise _wrong_state(run, _("This run is %(status)s, so it cannot be paused."))
        pause_locked(run, reason=reason or _("Paused by a person."), actor=actor_of(by) if by else SYSTEM)
    return run


def runs_pause(*, project_id: int, annotator_id: int, reason: str) -> list[int]:
    """Pause what a model annotator is labelling (``annotations.steering``), in the caller's transaction; which runs
    were going. What ends meanwhile is left alone."""
    going = Run.objects.select_for_update(of=("self",)).filter(
        project_id=project_id, annotator_id=annotator_id, status__in=GOING
    )
    runs = list(going.order_by("pk"))
    for run in runs:
        pause_locked(run, reason=reason)
    return [run.pk for run in runs]


def runs_resume(*, run_ids: list[int], by: Any) -> list[int]:
    """Let those of the runs that are paused go on (``annotations.steering``); one that cannot stays paused."""
    resumed = []
    for run in Run.objects.filter(pk__in=run_ids, status=RunStatus.PAUSED).order_by("pk"):
        try:
            run_resume(run=run, by=by)
        except DomainError:
            continue
        resumed.append(run.pk)
    return resumed


def run_resume(*, run: Run, by: Any) -> Run:
    """Go on where the run stopped; ``by`` None: the platform resumes one that waits for its server, and a probe that is
    over is not confirmed by that. Raises ``DomainError`` (409) where it is not paused or its question has changed."""
    with transaction.atomic():
        lanes = list(RunLane.objects.select_for_update().filter(run=run).order_by("number"))
        run = _locked(run)
        if run.status != RunStatus.PAUSED:
            raise _wrong_state(run, _("This run is %(status)s, so it cannot be resumed."))
        plan = RunPlan.objects.get(run=run)
        if by is None and plan.resume_at is None:
            raise DomainError("run_state", _("This run was told to stay paused."))
        _check_active(run.project)
        if not run.schema.is_current:
            text = _("Labels or guidelines have changed since this run began. Cancel it and start a new one.")
            raise DomainError("schema_changed", text)
        if held := watching.held_back(run):
            raise DomainError("run_held_back", held)
        _check_limits(run, plan)
        run.status, run.reason = RunStatus.RUNNING, ""
        run.save(update_fields=["status", "reason"])
        anew = {"fault_pauses": 0, "confirmed_at": _confirmed_at(run, plan)} if by else {}
        RunPlan.objects.filter(run=run).update(
            failing_since=None, faults_in_row=0, unanswered_in_row=0, resume_at=None, **anew
        )
        clock_start(run)
        _record(run, "run.resumed", actor_of(by) if by else SYSTEM, {"labelled": run.labelled})
        hand_over(lanes)
        if lanes:  # else its items are not chosen yet
            lanes_make(run)
    return run


def _check_limits(run: Run, plan: RunPlan) -> None:
    """Raises ``DomainError`` where a limit is still reached."""
    limit = judge(RunRule.objects.filter(run=run), run_progress(run, plan, model_of(run)), shares=False)
    if limit.decision != RunDecision.GO_ON:
        raise DomainError("limit_reached", limit.reason)


def _confirmed_at(run: Run, plan: RunPlan) -> datetime | None:
    """When the probe was confirmed: now, where it is over and there is an estimate to have seen."""
    seen = 0 < plan.probe <= run.labelled + run.unanswered and plan.estimate is not None
    return timezone.now() if plan.confirmed_at is None and seen else plan.confirmed_at


def run_cancel(*, run: Run, by: Any) -> Run:
    """End a run for good. Its labels stay; answers that are under way are paid for, so they still count."""
    with transaction.atomic():
        run = _locked(run)
        if run.status not in (*GOING, RunStatus.PAUSED):
            raise _wrong_state(run, _("This run is %(status)s, so it cannot be cancelled."))
        run.status, run.reason, run.finished_at = RunStatus.CANCELLED, _("Cancelled by a person."), timezone.now()
        run.save(update_fields=["status", "reason", "finished_at"])
        clock_stop(run)
        last_checkpoint(run)
        _record(run, "run.cancelled", actor_of(by), {"labelled": run.labelled})
    return run


def hand_over(lanes: list[RunLane]) -> None:
    """Give each lane (locked by the caller) a new generation, take back what the old one held, queue its task."""
    now = timezone.now()
    for lane in lanes:
        lane.generation, lane.touched_at = lane.generation + 1, now
        lane.save(update_fields=["generation", "touched_at"])
        held = RunItem.objects.filter(run_id=lane.run_id, lane=lane.number, status=RunItemStatus.LEASED)
        held.update(status=RunItemStatus.PENDING, lane=None, generation=None)
    queue_lanes_on_commit((lane.run_id, lane.number, lane.generation) for lane in lanes)


def _check_numbers(step_size: int, max_items: int | None, orders: int, probe: int) -> None:
    if not 1 <= step_size <= MAX_STEP:
        text = _("A step has between 1 and %(most)s items.") % {"most": f"{MAX_STEP:,}"}
        raise invalid(text, fields={"step_size": [text]})
    if max_items is not None and max_items < 1:
        text = _("At least one item must be labelled; leave it empty for all.")
        raise invalid(text, fields={"max_items": [text]})
    if not 1 <= orders <= 50:
        text = _("Between 1 and 50 orders of the options can be asked.")
        raise invalid(text, fields={"orders": [text]})
    if not 0 <= probe <= MAX_PROBE:
        text = _("A probe has at most %(most)s items.") % {"most": MAX_PROBE}
        raise invalid(text, fields={"probe": [text]})


def _check_active(project: Project) -> None:
    if project.status != ProjectStatus.ACTIVE:
        text = _("The project is %(status)s, so nothing is labelled. Activate it first.")
        raise DomainError("project_not_active", text % {"status": project.get_status_display().lower()})


def _create(**fields: Any) -> Run:
    try:
        with transaction.atomic():
            return Run.objects.create(**fields)
    except IntegrityError as error:
        if "run_one_active_per_annotator" not in str(error):
            raise
        text = _("This model is labelling this project already. Wait for that run, resume it, or cancel it.")
        raise DomainError("run_active", text) from None


def _locked(run: Run) -> Run:
    return Run.objects.select_for_update(of=("self",)).select_related("project", "schema", "annotator").get(pk=run.pk)


def _wrong_state(run: Run, text: str) -> DomainError:
    return DomainError("run_state", text % {"status": run.get_status_display().lower()})


def _record(run: Run, kind: str, actor: str, data: dict[str, Any]) -> None:
    record(kind=kind, actor=actor, subject=f"run:{run.pk}", project_id=run.project_id, data=data)


def mend_lanes(*, stale_before: Any) -> int:
    """Hand over every lane of a going run that nobody touched since ``stale_before``; returns how many there were."""
    with transaction.atomic():
        lost = RunLane.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            run__status__in=GOING, touched_at__lt=stale_before
        )
        lanes = list(lost.order_by("run_id", "number"))
        hand_over(lanes)
    return len(lanes)


def lane_touch(*, run_id: int, lane: int, generation: int, width: int | None = None) -> bool:
    """Say that the lane is being worked on, with so many requests at a time; False where it has gone to another
    generation meanwhile."""
    own = RunLane.objects.filter(run_id=run_id, number=lane, generation=generation)
    known = {} if width is None else {"width": width}
    return bool(own.update(touched_at=timezone.now(), generation=F("generation"), **known))
