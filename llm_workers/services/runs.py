"""Starting and steering runs. Lock order: queue entries, lanes, run, run items; each function takes a part of it."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import Project, ProjectStatus, Run, RunStatus
from ledger.errors import DomainError, invalid
from ledger.services import SYSTEM, actor_of, record
from llm_workers.dispatch import queue_lanes_on_commit
from llm_workers.limits import MAX_LANES
from llm_workers.models import ModelAnnotator, ModelVersion, Prompt, RunItem, RunItemStatus, RunLane, RunPlan
from llm_workers.selectors.prompts import shown_to_all
from llm_workers.services.prompting import model_annotator, plain_version, version_of

MAX_STEP = 100_000
GOING = (RunStatus.QUEUED, RunStatus.RUNNING)

FILL = """
INSERT INTO llm_workers_runitem (run_id, item_id, status, attempts, reason, rotations, prompt_hash,
    prompt_tokens, completion_tokens, cached_tokens, seconds, raw_answer)
SELECT %(run)s, item.id, 'pending', 0, '', '[]', '', 0, 0, 0, 0, ''
FROM annotations_item AS item
WHERE item.project_id = %(project)s AND item.id <> ALL(%(left_out)s::bigint[]) AND NOT EXISTS (
    SELECT 1 FROM annotations_annotation AS label
    WHERE label.item_id = item.id AND label.annotator_id = %(annotator)s AND label.status = 'current')
ORDER BY md5(item.id::text || ':' || %(seed)s::text), item.id
LIMIT %(most)s
"""


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
) -> Run:
    """Let ``model`` label the items that it has not labelled yet when asked in this way, in a seeded random order.

    A ``prompt`` of the project says how it is asked, in place of ``with_reason`` and ``orders``; the items whose labels
    it shows to the model are left out.

    Raises ``DomainError``: 409 where the project is not active, the model is not served, or it is labelling here
    already; 400 where there is nothing to label or a number is out of range.
    """
    _check_numbers(step_size, max_items, orders)
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        _check_active(project)
        servers = model.endpoints.filter(enabled=True).count()
        if not servers:
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
        RunPlan.objects.create(run=run, seed=seed)
        run.total = _fill(run, seed, left_out=shown_to_all(asked.prompt))
        if not run.total:
            raise invalid(_("There is nothing to label: this model, asked in this way, has labelled every item."))
        run.save(update_fields=["total"])
        _record(run, "run.started", actor_of(started_by), _started(run, asked, seed))
        _make_lanes(run, min(servers, MAX_LANES))
    return run


def _started(run: Run, asked: ModelAnnotator, seed: int) -> dict[str, Any]:
    return {
        "model": asked.model_id,
        "prompt": asked.prompt.hash,
        "annotator": asked.annotator_id,
        "items": run.total,
        "seed": seed,
        "step_size": run.step_size,
    }


def run_pause(*, run: Run, by: Any = None, reason: str = "") -> Run:
    """Stop taking items; answers that are under way still count. ``by`` None: the platform pauses it."""
    with transaction.atomic():
        run = _locked(run)
        if run.status not in GOING:
            raise _wrong_state(run, _("This run is %(status)s, so it cannot be paused."))
        pause_locked(run, reason=reason or _("Paused by a person."), actor=actor_of(by) if by else SYSTEM)
    return run


def pause_locked(run: Run, *, reason: str, actor: str = SYSTEM) -> None:
    """Pause a run whose row the caller has locked."""
    run.status, run.reason = RunStatus.PAUSED, reason[:500]
    run.save(update_fields=["status", "reason"])
    _record(run, "run.paused", actor, {"reason": run.reason, "labelled": run.labelled})


def run_resume(*, run: Run, by: Any) -> Run:
    """Go on where the run stopped. Raises ``DomainError`` (409) where it is not paused or its question has changed."""
    with transaction.atomic():
        lanes = list(RunLane.objects.select_for_update().filter(run=run).order_by("number"))
        run = _locked(run)
        if run.status != RunStatus.PAUSED:
            raise _wrong_state(run, _("This run is %(status)s, so it cannot be resumed."))
        _check_active(run.project)
        if not run.schema.is_current:
            text = _("Labels or guidelines have changed since this run began. Cancel it and start a new one.")
            raise DomainError("schema_changed", text)
        run.status, run.reason = RunStatus.RUNNING, ""
        run.save(update_fields=["status", "reason"])
        RunPlan.objects.filter(run=run).update(failing_since=None, faults_in_row=0, unanswered_in_row=0)
        _record(run, "run.resumed", actor_of(by), {"labelled": run.labelled})
        hand_over(lanes)
    return run


def run_cancel(*, run: Run, by: Any) -> Run:
    """End a run for good. Its labels stay; answers that are under way are dropped."""
    with transaction.atomic():
        run = _locked(run)
        if run.status not in (*GOING, RunStatus.PAUSED):
            raise _wrong_state(run, _("This run is %(status)s, so it cannot be cancelled."))
        run.status, run.reason, run.finished_at = RunStatus.CANCELLED, _("Cancelled by a person."), timezone.now()
        run.save(update_fields=["status", "reason", "finished_at"])
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


def _check_numbers(step_size: int, max_items: int | None, orders: int) -> None:
    if not 1 <= step_size <= MAX_STEP:
        text = _("A step has between 1 and %(most)s items.") % {"most": f"{MAX_STEP:,}"}
        raise invalid(text, fields={"step_size": [text]})
    if max_items is not None and max_items < 1:
        text = _("At least one item must be labelled; leave it empty for all.")
        raise invalid(text, fields={"max_items": [text]})
    if not 1 <= orders <= 50:
        text = _("Between 1 and 50 orders of the options can be asked.")
        raise invalid(text, fields={"orders": [text]})


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


def _fill(run: Run, seed: int, *, left_out: list[int]) -> int:
    values = {
        "run": run.pk,
        "project": run.project_id,
        "annotator": run.annotator_id,
        "seed": seed,
        "most": run.max_items,
        "left_out": left_out,
    }
    with connection.cursor() as cursor:
        cursor.execute(FILL, values)
        return int(cursor.rowcount)


def _make_lanes(run: Run, count: int) -> None:
    now = timezone.now()
    RunLane.objects.bulk_create(RunLane(run=run, number=number, touched_at=now) for number in range(count))
    queue_lanes_on_commit((run.pk, number, 0) for number in range(count))


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


def lane_touch(*, run_id: int, lane: int, generation: int) -> bool:
    """Say that the lane is being worked on; False where it has gone to another generation meanwhile."""
    own = RunLane.objects.filter(run_id=run_id, number=lane, generation=generation)
    return bool(own.update(touched_at=timezone.now(), generation=F("generation")))
