"""A lane's right to work on its run: taking it, leasing items with it, and what becomes of it when servers fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import LabelSchema, Project, ProjectStatus, Run, RunStatus
from llm_workers.asking import Asking
from llm_workers.client import Server
from llm_workers.client.load import Load
from llm_workers.costs.money import goes_by_time
from llm_workers.limits import CONCURRENCY, FAULT_PAUSE, FAULTS_BORNE, LONGEST_FAULT_PAUSE, MAX_TAKEN, START
from llm_workers.models import Dialect, ModelAnnotator, RunItem, RunItemStatus, RunLane, RunPlan, RunRule
from llm_workers.models.rules import LIMITS, RuleKind
from llm_workers.pacing import Pace
from llm_workers.policy import Asked, Rule, room
from llm_workers.selectors.prompts import asking_of
from llm_workers.services.clock import clock_start
from llm_workers.services.company import company_of_run, was_alone
from llm_workers.services.figures import run_progress
from llm_workers.services.finish import GOING, model_of, pause_locked, take_stock
from llm_workers.services.lanes import lane_tell
from llm_workers.services.resuming import fault_pause
from llm_workers.services.routing import servers_for
from llm_workers.services.runs import lane_touch
from llm_workers.services.shift import Back
from llm_workers.services.suspects import died_under, next_lock, suspects
from llm_workers.services.usage import NOTHING, unfinished_count


@dataclass(frozen=True)
class Claim:
    """One generation of one lane: what a task holds while it works."""

    run_id: int
    lane: int
    generation: int


@dataclass(frozen=True)
class Work:
    """A claim and everything that labelling needs."""

    claim: Claim
    project: Project
    schema: LabelSchema
    annotator_id: int
    model_name: str
    asking: Asking
    servers: tuple[Server, ...]
    concurrency: int
    width: int
    is_timed: bool  # money is counted by the servers' time


@dataclass(frozen=True)
class Leased:
    """An item to ask about. ``suspected``: servers may have died of it; ``alone_since``: from then on they are asked
    about nothing else, by nobody."""

    item_id: int
    modality: str
    payload: dict[str, Any]
    suspected: bool = False
    alone_since: datetime | None = None


def lane_claim(*, run_id: int, lane: int, generation: int) -> Work | None:
    """Take the lane over from ``generation``; None where another task has it or the run does not go on."""
    with transaction.atomic():
        own = RunLane.objects.select_for_update().filter(run_id=run_id, number=lane, generation=generation).first()
        if own is None:
            return None
        run = Run.objects.select_for_update(of=("self",)).select_related("project", "schema").get(pk=run_id)
        if run.status not in GOING:
            return None
        obstacle = _obstacle(run)
        if obstacle:
            pause_locked(run, reason=obstacle)
            return None
        own.generation, own.touched_at = generation + 1, timezone.now()
        own.save(update_fields=["generation", "touched_at"])
        _take_back(run, lane)
        if run.status == RunStatus.QUEUED:
            run.status, run.started_at = RunStatus.RUNNING, timezone.now()
            run.save(update_fields=["status", "started_at"])
        clock_start(run)
        if not take_stock(run):
            return None
        return _work(run, Claim(run_id, lane, generation + 1), own.width)


def _obstacle(run: Run) -> str:
    if run.project.status != ProjectStatus.ACTIVE:
        text = _("The project is %(status)s. Activate it again, then resume the run.")
        return text % {"status": run.project.get_status_display().lower()}
    if not run.schema.is_current:
        return _("Labels or guidelines have changed since this run began. Cancel it and start a new one.")
    return ""


def _take_back(run: Run, lane: int) -> None:
    """Free what an earlier task of this lane held when it died; give up on what was held by too many dead tasks."""
    held = RunItem.objects.filter(run=run, lane=lane, status=RunItemStatus.LEASED)
    hopeless = held.filter(attempts__gte=MAX_TAKEN)
    reason = _("Given up: the work on it broke off %(times)s times. See the worker's log.") % {"times": MAX_TAKEN}
    given_up = hopeless.update(
        status=RunItemStatus.UNANSWERED, reason=reason, lane=None, generation=None, finished_at=timezone.now()
    )
    if given_up:
        run.unanswered += given_up
        run.save(update_fields=["unanswered"])
    held.update(status=RunItemStatus.PENDING, lane=None, generation=None)


def _work(run: Run, claim: Claim, width: int | None) -> Work:
    asked = ModelAnnotator.objects.select_related("model", "prompt").get(annotator_id=run.annotator_id)
    servers = servers_for(asked.model)
    return Work(
        claim=claim,
        project=run.project,
        schema=run.schema,
        annotator_id=run.annotator_id,
        model_name=asked.model.name,
        asking=asking_of(asked.prompt, schema=run.schema),
        servers=servers,
        concurrency=max((CONCURRENCY[Dialect(server.dialect)] for server in servers), default=1),
        width=width or max((START[Dialect(server.dialect)] for server in servers), default=1),
        is_timed=goes_by_time(asked.model),
    )


def items_lease(*, claim: Claim, count: int) -> list[Leased]:
    """Up to ``count`` items that nobody else asks about; none where the run does not go on or the claim is lost."""
    with transaction.atomic():
        if not lane_touch(run_id=claim.run_id, lane=claim.lane, generation=claim.generation):
            return []
        going = Run.objects.filter(pk=claim.run_id, status=RunStatus.RUNNING, project__status=ProjectStatus.ACTIVE)
        suspected = going.values_list(Exists(suspects(RunItem.objects.filter(run=OuterRef("pk")))), flat=True).first()
        if suspected is None:
            return []
        most = _room(claim.run_id)
        if most is not None:
            count = min(count, most)
        company, now = company_of_run(claim.run_id), timezone.now()
        items, run = RunItem.objects.filter(run=claim.run_id), Run.objects.filter(pk=claim.run_id)
        rows = next_lock(items, run, count=count, company=company, suspected=suspected)
        alone = suspected and len(rows) == 1 and not company.asks(since=now)
        RunItem.objects.filter(pk__in=[row.pk for row in rows]).update(
            status=RunItemStatus.LEASED, lane=claim.lane, generation=claim.generation, attempts=F("attempts") + 1
        )
    how = {"suspected": suspected, "alone_since": now if alone else None}
    return [Leased(row.item_id, row.item.modality, row.item.payload, **how) for row in rows]


def _room(run_id: int) -> int | None:
    """How many items may be asked about more by the run's limits and its probe; None: any number. Where there is a
    number, the run's row is locked, so that lanes do not take the same room at once.
    """
    rules = list(RunRule.objects.filter(run_id=run_id, kind__in=LIMITS))
    plan = RunPlan.objects.get(run_id=run_id)
    probing = plan.probe if plan.confirmed_at is None else 0
    if not rules and not probing:
        return None
    run = Run.objects.select_for_update().get(pk=run_id)
    leased = RunItem.objects.filter(run=run, status=RunItemStatus.LEASED).count()
    asked: list[Rule] = [*rules, *([Asked(RuleKind.ITEMS, Decimal(probing))] if probing else [])]
    return room(asked, run_progress(run, plan, model_of(run)), leased=leased)


def items_release(*, claim: Claim, back: Sequence[Back[Leased]]) -> None:
    """Give items back that could not be asked about to the end; what that took all the same is counted. They were not
    at fault, unless servers died of them: see ``suspects``."""
    used = {one.one.item_id: one.usage for one in back}
    died = [one.one.item_id for one in back if one.died]
    held = RunItem.objects.filter(
        run_id=claim.run_id,
        item_id__in=used,
        status=RunItemStatus.LEASED,
        lane=claim.lane,
        generation=claim.generation,
    )
    with transaction.atomic():
        paid = [item_id for item_id, usage in used.items() if usage != NOTHING]
        if paid or died:
            run = Run.objects.select_for_update().get(pk=claim.run_id)
            unfinished_count(run, list(held.filter(item_id__in=paid).select_for_update().order_by("id")), used)
            alone = was_alone([one.one.alone_since for one in back], company_of_run(claim.run_id))
            given_up = died_under(held.filter(item_id__in=died), alone=alone, why="reason")
            if given_up:  # the run has come on, so it bears faults anew
                run.unanswered += given_up
                run.save(update_fields=["unanswered"])
                RunPlan.objects.filter(run=run).update(failing_since=None, faults_in_row=0, fault_pauses=0)
        held.update(status=RunItemStatus.PENDING, lane=None, generation=None, attempts=F("attempts") - 1)


def lane_fault(*, claim: Claim, reason: str, hopeless: bool) -> float | None:
    """No server could be used. Returns the seconds after which to try again, or None where the run has paused.

    It pauses at once where trying again is ``hopeless``, else when this has lasted too long. Meanwhile the run says
    what it waits for.
    """
    now = timezone.now()
    with transaction.atomic():
        lanes = RunLane.objects.select_for_update().filter(run_id=claim.run_id, number=claim.lane)
        own = lanes.filter(generation=claim.generation).first()
        run = Run.objects.select_for_update().get(pk=claim.run_id)
        if own is None or run.status not in GOING:
            return None
        plan = RunPlan.objects.get(run=run)
        since = plan.failing_since or now
        if hopeless or now - since >= FAULTS_BORNE:
            fault_pause(run, plan, reason=reason, hopeless=hopeless)
            return None
        wait = min(FAULT_PAUSE * 2**plan.faults_in_row, LONGEST_FAULT_PAUSE)
        plan.failing_since, plan.faults_in_row = since, plan.faults_in_row + 1
        plan.save(update_fields=["failing_since", "faults_in_row"])
        run.reason = (_("Waiting for a server, and trying again. %(why)s") % {"why": reason})[:500]
        run.save(update_fields=["reason"])
        own.touched_at = now + timedelta(seconds=wait)
        own.save(update_fields=["touched_at"])
        return wait


def lane_next(*, claim: Claim, pace: Pace, load: Load | None = None) -> bool:
    """Whether the lane has more to do; where all that is left lies with other lanes, it has not. ``pace`` of its shift,
    and the requests that were inside the servers."""
    with transaction.atomic():
        lanes = RunLane.objects.select_for_update().filter(run_id=claim.run_id, number=claim.lane)
        own = lanes.filter(generation=claim.generation).first()
        run = Run.objects.select_for_update().get(pk=claim.run_id)
        if run.status not in GOING or not take_stock(run):
            return False
        obstacle = _obstacle(run)
        if obstacle:
            pause_locked(run, reason=obstacle)
            return False
        if not RunItem.objects.filter(run=run, status=RunItemStatus.PENDING).exists():
            return False
        if own is not None:
            lane_tell(own, pace=pace, load=load)
        return True
