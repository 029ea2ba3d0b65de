"""Storing answers: labels, usage, totals and checkpoints in one short transaction after the network is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import FINISHED, Annotation, AnnotationSource, AnnotatorKind, Project, Run, RunStatus
from annotations.services.changes import ItemChanges, item_changes
from ledger.services import Event, record_many
from llm_workers.client import Usage
from llm_workers.limits import MAX_UNANSWERED_IN_ROW
from llm_workers.models import RunItem, RunItemStatus, RunPlan
from llm_workers.questions import Reading
from llm_workers.services.claims import Work
from llm_workers.services.finish import GOING, pause_locked, take_stock
from llm_workers.services.signs import signs_store
from llm_workers.services.usage import FIELDS as USED
from llm_workers.services.usage import RUN_FIELDS, row_add, run_add

# What was under way when a run was paused or ended is paid for, so it still counts.
TAKES = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.STOPPED, RunStatus.CANCELLED)


@dataclass(frozen=True)
class Outcome:
    """What asking about one item brought: a reading, or the reason why there is none."""

    item_id: int
    reading: Reading | None
    problem: str = ""
    usage: Usage = field(default_factory=Usage)
    rotations: tuple[int, ...] = ()
    prompt_hash: str = ""
    raw: str = ""
    requests: int = 1

    @property
    def usable(self) -> bool:
        return self.reading is not None


def answers_store(*, work: Work, outcomes: Sequence[Outcome]) -> None:
    """Store outcomes of items that this claim still holds; drop the others, which somebody else asks about again."""
    step = Run.objects.values_list("step_size", flat=True).get(pk=work.claim.run_id)
    left = list(outcomes)
    while left:
        left = _store(work, left[:step]) + left[step:]


def _store(work: Work, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """One transaction. Returns what it left for the next one: a checkpoint is written at exactly every k labels."""
    by_item = {outcome.item_id: outcome for outcome in outcomes}
    project = Project.objects.get(pk=work.project.pk)  # its rules may have changed since the items were leased
    with item_changes(project=project, item_ids=by_item) as changes:
        run = Run.objects.select_for_update().get(pk=work.claim.run_id)
        closed = project.status in FINISHED
        if run.status not in TAKES or closed or changes.schema.pk != work.schema.pk:
            return []
        rows = _held(work, list(by_item))
        taken, left = _up_to_checkpoint([by_item[item_id] for item_id in rows], run)
        _label(work, changes, [outcome for outcome in taken if outcome.reading is not None])
        _finish_rows({outcome.item_id: rows[outcome.item_id] for outcome in taken}, by_item)
        before = run.labelled
        _count(run, taken)
        if run.status not in GOING or not _breaker(run, taken):
            take_stock(run, step_done=run.labelled // run.step_size > before // run.step_size)
        return left


def _up_to_checkpoint(outcomes: list[Outcome], run: Run) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes up to and with the label that completes a step, and the rest."""
    room = run.step_size - run.labelled % run.step_size
    for number, outcome in enumerate(outcomes, 1):
        room -= outcome.reading is not None
        if not room:
            return outcomes[:number], outcomes[number:]
    return outcomes, []


def _held(work: Work, item_ids: list[int]) -> dict[int, RunItem]:
    """The rows that are still leased to this claim, by item id."""
    rows = RunItem.objects.select_for_update().filter(
        run_id=work.claim.run_id,
        item_id__in=item_ids,
        status=RunItemStatus.LEASED,
        lane=work.claim.lane,
        generation=work.claim.generation,
    )
    return {row.item_id: row for row in rows.order_by("id")}


def _label(work: Work, changes: ItemChanges, outcomes: Sequence[Outcome]) -> None:
    now = timezone.now()
    fresh = [
        Annotation(
            project=work.project,
            item_id=outcome.item_id,
            annotator_id=work.annotator_id,
            schema=work.schema,
            run_id=work.claim.run_id,
            source=AnnotationSource.MODEL,
            value=outcome.reading.value,
            confidence=outcome.reading.confidence,
            probabilities=outcome.reading.probabilities,
            reason=outcome.reading.reason,
            created_at=now,
        )
        for outcome in outcomes
        # An item that has this annotator's label keeps it: the item is done either way.
        if outcome.reading and work.annotator_id not in changes.items[outcome.item_id].votes
    ]
    labels = Annotation.objects.bulk_create(fresh)
    signs_store(labels=labels, readings={outcome.item_id: outcome.reading for outcome in outcomes})
    for label in labels:
        changes.vote(label, kind=AnnotatorKind.MODEL)
    record_many(
        Event(
            kind="annotation.submitted",
            actor=f"annotator:{work.annotator_id}",
            subject=f"annotation:{label.pk}",
            project_id=work.project.pk,
            data={
                "item": label.item_id,
                "value": label.value,
                "schema": work.schema.version,
                "run": work.claim.run_id,
                "confidence": label.confidence,
            },
        )
        for label in labels
    )


def _finish_rows(rows: dict[int, RunItem], outcomes: dict[int, Outcome]) -> None:
    now = timezone.now()
    for item_id, row in rows.items():
        outcome = outcomes[item_id]
        row.status = RunItemStatus.DONE if outcome.reading else RunItemStatus.UNANSWERED
        row.reason = outcome.problem[:300]
        row.lane = row.generation = None
        row.rotations, row.prompt_hash = list(outcome.rotations), outcome.prompt_hash
        row_add(row, outcome.usage)
        row.raw_answer, row.finished_at = outcome.raw.replace("\x00", "")[:500], now
    fields = ["status", "reason", "lane", "generation", "rotations", "prompt_hash", "raw_answer", "finished_at"]
    # All rows exist and are locked: this is an update in one statement, many times faster than a CASE per field.
    RunItem.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["id"], update_fields=[*fields, *USED], batch_size=1000
    )


def _count(run: Run, outcomes: Sequence[Outcome]) -> None:
    usage = sum((outcome.usage for outcome in outcomes), Usage())
    answered = sum(outcome.reading is not None for outcome in outcomes)
    run.labelled += answered
    run.unanswered += len(outcomes) - answered
    plan = RunPlan.objects.get(run=run)
    run_add(run, plan, usage)
    if outcomes:
        plan.unanswered_in_row = 0 if answered else plan.unanswered_in_row + len(outcomes)
        plan.failing_since, plan.faults_in_row, plan.fault_pauses = None, 0, 0
        if run.status in GOING:
            run.reason = ""
    run.save(update_fields=["labelled", "unanswered", "reason", *RUN_FIELDS])
    plan.save(update_fields=["cached_tokens", "unanswered_in_row", "failing_since", "faults_in_row", "fault_pauses"])


def _breaker(run: Run, outcomes: Sequence[Outcome]) -> bool:
    """Pause a run in which nothing is answered any more: then it is not the items. Returns whether it did."""
    in_row = RunPlan.objects.values_list("unanswered_in_row", flat=True).get(run=run)
    if in_row < MAX_UNANSWERED_IN_ROW:
        return False
    last = next((outcome.problem for outcome in reversed(outcomes) if outcome.problem), "")
    reason = _(
        "%(count)s items in a row had no usable answer, the last one because: %(why)s Check the server's dialect on the"
        " models page, or choose another model; then resume the run."
    )
    pause_locked(run, reason=reason % {"count": in_row, "why": last})
    return True
