"""What the simulated crowd and the simulated expert do, through the same services as people."""

from __future__ import annotations

from datetime import timedelta

from annotations.labelling import leases, services
from annotations.models import Annotation, Annotator, Assignment, Case, CaseStatus, Project
from annotations.settling import services as settling
from evenhand.sample.crowd import Worker, answer, reaction
from evenhand.sample.expert import Vote, expert_settlement
from evenhand.sample.messages import SampleItem
from evenhand.sample.people import simulated_expert
from ledger.errors import DomainError


def take(worker: Worker, annotator: Annotator) -> Assignment | None:
    """The worker's next item, or None where there is none for them now, or where they are paused for review."""
    try:
        return leases.claim(annotator=annotator, project=annotator.project)
    except DomainError as refusal:
        if refusal.code == "paused_for_review":
            return None
        raise


def finish(worker: Worker, annotator: Annotator, lease: Assignment, item: SampleItem) -> None:
    """Label the leased item as this worker would, or skip it; perhaps flag it."""
    said = reaction(worker, item)
    if said.skip:
        services.skip(annotator=annotator, assignment_id=lease.pk, reason=said.skip)
        return
    if said.flag:
        services.flag(annotator=annotator, assignment_id=lease.pk, reason=said.flag)
    given = answer(worker, item)
    services.submit(
        annotator=annotator,
        assignment_id=lease.pk,
        value=given.label,
        active_ms=given.active_ms,
        idempotency_key=f"simulated-{lease.pk}",
    )


def finish_at_once(worker: Worker, annotator: Annotator, lease: Assignment, item: SampleItem) -> None:
    """The same without waiting: the lease is dated back by the time that the worker would have taken."""
    taken = timedelta(milliseconds=answer(worker, item).active_ms)
    Assignment.objects.filter(pk=lease.pk).update(leased_at=lease.leased_at - taken)
    finish(worker, annotator, lease, item)


def settle_next(project: Project, items: dict[str, SampleItem], *, leave_open: int) -> bool:
    """The simulated expert settles the most doubtful open case; False where at most ``leave_open`` are open."""
    open_cases = Case.objects.filter(project=project, status=CaseStatus.OPEN)
    if open_cases.count() <= leave_open:
        return False
    expert = simulated_expert()
    case = settling.claim_next(expert=expert, project=project)
    if case is None:
        return False
    decision = expert_settlement(items[case.item.external_id], _votes(case))
    settling.settle(
        expert=expert,
        case_id=case.pk,
        value=decision.label,
        cause=decision.cause,
        recurrent=decision.recurrent,
        reason=decision.reason,
    )
    return True


def _votes(case: Case) -> list[Vote]:
    current = Annotation.objects.filter(item_id=case.item_id, status="current").select_related("annotator")
    return [Vote("model" if one.annotator.kind == "model" else "human", one.value) for one in current]
