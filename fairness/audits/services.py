"""Starting audits and steering them. Lock order: project, audit, candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.candidates import Candidate, Question, panel
from annotations.models import LabelSchema, Project
from annotations.services.holding import project_held
from annotations.task_types import task_type
from fairness.audits.dispatch import queue_audit_on_commit
from fairness.audits.limits import MAX_CANDIDATES, MAX_REQUESTS
from fairness.audits.sets import PROJECT_TASK
from fairness.models import Audit, AuditCandidate, AuditRules, AuditStatus, CandidateStatus, Probe, ProbeSet
from fairness.probes.catalogue import Task
from fairness.probes.families import matched
from ledger.errors import DomainError, invalid
from ledger.services import SYSTEM, actor_of, record

MAX_ORDERS = 10
MOST_REQUESTS, MOST_COST = 10_000_000, 100_000_000  # of audits by themselves in thirty days
GOING = (AuditStatus.RUNNING,)


def audit_start(*, project: Project, by: Any, probe_set: ProbeSet, candidates: Sequence[str], orders: int = 2) -> Audit:
    """Ask each of ``candidates`` (keys of ``annotations.candidates.Candidate``) about ``probe_set``, in the background.

    ``by`` None: started by itself. Raises ``DomainError``: 400 where the choice is wrong or too large; 409 where an
    audit goes on already, a candidate is not served, or the set no longer fits the project's labels.
    """
    found = _picked(project, candidates)
    _check_size(probe_set, found, orders)
    with transaction.atomic():
        held = project_held(project)
        tasks = _tasks(held, probe_set)
        questions = {key: _question(held, task) for key, task in tasks.items()}
        hows = [
            panel().frozen(project=held, model=one.model, prompt=one.prompt, questions=questions, orders=orders)
            for one in found
        ]
        audit = _create(
            project=held,
            probe_set=probe_set,
            orders=orders,
            tasks=tasks,
            left_out=sorted({item for how in hows for item in how["shown"]}) if PROJECT_TASK in tasks else [],
            touched_at=timezone.now(),
            created_by=by,
        )
        AuditCandidate.objects.bulk_create(
            AuditCandidate(
                audit=audit, position=position, model=one.model, prompt=one.prompt, name=one.name,
                prompt_name=one.prompt_name, signature=one.signature, facts=dict(one.facts), how=dict(how),
            )
            for position, (one, how) in enumerate(zip(found, hows, strict=True))
        )  # fmt: skip
        data = {"set": probe_set.pk, "hash": probe_set.content_hash, "models": [one.model for one in found],
                "orders": orders}  # fmt: skip
        _record("audit.started", audit, actor_of(by) if by else SYSTEM, data)
        queue_audit_on_commit(audit_id=audit.pk, generation=audit.generation)
    return audit


def _picked(project: Project, keys: Sequence[str]) -> list[Candidate]:
    keys = list(dict.fromkeys(keys))
    offered = {one.key: one for one in panel().offered(project)}
    missing = [key for key in keys if key not in offered]
    problem = ""
    if not keys:
        problem = _("Choose at least one model.")
    elif len(keys) > MAX_CANDIDATES:
        problem = _("Choose at most %(most)s candidates.") % {"most": MAX_CANDIDATES}
    elif missing:
        problem = _("Not offered now: %(missing)s. Refresh the models, or choose others.")
        problem %= {"missing": ", ".join(key[:40] for key in missing)}
    if problem:
        raise invalid(problem, fields={"candidates": [problem]})
    return [offered[key] for key in keys]


def _check_size(probe_set: ProbeSet, candidates: Sequence[Candidate], orders: int) -> None:
    if not 1 <= orders <= MAX_ORDERS:
        text = _("Between 1 and %(most)s orders of the options can be asked.") % {"most": MAX_ORDERS}
        raise invalid(text, fields={"orders": [text]})
    requests = probe_set.size * sum(one.requests(orders) for one in candidates)
    if requests > MAX_REQUESTS:
        text = _(
            "That would be %(count)s requests; an audit has %(most)s at most. Take fewer models, probes or orders."
        )
        raise invalid(text % {"count": f"{requests:,}", "most": f"{MAX_REQUESTS:,}"})


def _create(**fields: Any) -> Audit:
    try:
        with transaction.atomic():
            return Audit.objects.create(**fields)
    except IntegrityError as error:
        if "audit_one_at_a_time" not in str(error):
            raise
        raise DomainError("audit_running", _("An audit goes on already. Wait for its end, or cancel it.")) from None


# --- what is asked --------------------------------------------------------------------------------------------------


def _tasks(project: Project, probe_set: ProbeSet) -> dict[str, Any]:
    """The set's tasks with what counts as favourable now. Where a template task has exactly the project's labels, the
    project's own question is asked, with its guidelines and prompt: ``labels`` maps the one's keys to the other's."""
    schema = project.schemas.get(is_current=True)
    if PROJECT_TASK in probe_set.tasks:
        return {PROJECT_TASK: _own_task(project, schema, probe_set)}
    found = {}
    for key, task in probe_set.tasks.items():
        own = _matched(task, schema)
        found[key] = {**task, "own": own is not None}
        if own is not None:
            facts = {"config": schema.config, "guidelines": schema.guidelines, "labels": own}
            found[key] |= {**facts, "favourable": own[task["favourable"]]}
    return found


def _matched(task: Mapping[str, Any], schema: LabelSchema) -> dict[str, str] | None:
    if schema.task_type != "single_choice":
        return None
    as_task = Task(key="", name="", guidelines="", config=task["config"], favourable="", templates=())
    return matched(as_task, schema.config["labels"])


def _own_task(project: Project, schema: LabelSchema, probe_set: ProbeSet) -> dict[str, Any]:
    task = task_type(schema.task_type)
    truths = Probe.objects.filter(probe_set=probe_set).order_by().values_list("truth", flat=True).distinct()
    try:
        for truth in truths:
            task.check_value(schema.config, truth)
    except DomainError as error:
        text = _("The set no longer fits the project's labels: %(why)s Make a new one.")
        raise DomainError("set_outdated", text % {"why": error.message}) from None
    labels = [label["key"] for label in schema.config.get("labels", [])]
    favourable = project.favourable_label if project.favourable_label in labels else next(iter(labels), "")
    return {
        "name": project.name,
        "task_type": schema.task_type,
        "config": schema.config,
        "guidelines": schema.guidelines,
        "favourable": favourable,
        "own": True,
    }


def _question(project: Project, task: Mapping[str, Any]) -> Question:
    return Question(task["task_type"], task["config"], task["guidelines"], own=task["own"])


# --- steering -------------------------------------------------------------------------------------------------------


def audit_cancel(*, audit: Audit, by: Any) -> Audit:
    """Ask no more; what was measured stays. Raises ``DomainError`` (409) where it has ended."""
    with transaction.atomic():
        audit = Audit.objects.select_for_update(of=("self",)).get(pk=audit.pk)
        if audit.status not in GOING:
            raise DomainError("audit_state", _("This audit has ended already."))
        audit.status, audit.finished_at, audit.reason = AuditStatus.CANCELLED, timezone.now(), ""
        audit.save(update_fields=["status", "finished_at", "reason"])
        _record("audit.cancelled", audit, actor_of(by), {})
    return audit


def audit_resume(*, audit: Audit, by: Any) -> Audit:
    """Ask those who could not be asked, or who were left when it was cancelled, once more; answers that are there stay.

    Raises ``DomainError`` (409) where nothing is left to ask, or another audit goes on.
    """
    with transaction.atomic():
        project_held(audit.project)
        audit = Audit.objects.select_for_update(of=("self",)).get(pk=audit.pk)
        left = AuditCandidate.objects.filter(audit=audit).exclude(status=CandidateStatus.DONE)
        if audit.status in GOING or not left.exists():
            raise DomainError("audit_state", _("There is nothing left to ask in this audit, or it goes on already."))
        left.update(status=CandidateStatus.WAITING, reason="", failing_since=None, faults_in_row=0, unanswered_in_row=0)
        audit.status, audit.finished_at, audit.reason = AuditStatus.RUNNING, None, ""
        try:
            with transaction.atomic():
                hand_over(audit)
        except IntegrityError:
            raise DomainError("audit_running", _("Another audit goes on. Wait for its end, or cancel it.")) from None
        _record("audit.resumed", audit, actor_of(by), {})
    return audit


def hand_over(audit: Audit) -> None:
    """Give the chain (locked by the caller) a new generation and queue its task."""
    audit.generation, audit.touched_at = audit.generation + 1, timezone.now()
    audit.save(update_fields=["status", "finished_at", "reason", "generation", "touched_at"])
    queue_audit_on_commit(audit_id=audit.pk, generation=audit.generation)


def audits_wake(*, stale: timedelta) -> int:
    """Start the chains anew that lost their task; how many."""
    lost = Audit.objects.filter(status=AuditStatus.RUNNING, touched_at__lt=timezone.now() - stale)
    woken = 0
    for pk in lost.values_list("pk", flat=True):
        with transaction.atomic():
            rows = Audit.objects.select_for_update(of=("self",), skip_locked=True)
            own = rows.filter(pk=pk, status=AuditStatus.RUNNING, touched_at__lt=timezone.now() - stale).first()
            if own is not None:
                hand_over(own)
                woken += 1
    return woken


# --- rules ----------------------------------------------------------------------------------------------------------


def audit_rules_of(project: Project) -> AuditRules:
    """The project's rules; the defaults, unsaved, where its owner has set none."""
    found = AuditRules.objects.filter(project=project).select_related("probe_set").first()
    return found or AuditRules(project=project)


def audit_rules_update(
    *,
    project: Project,
    by: Any,
    probe_set: ProbeSet | None,
    orders: int,
    automatic: bool,
    monthly_requests: int | None = None,
    monthly_cost: Decimal | None = None,
) -> None:
    """Say which set this project's models are held to, whether new ones are audited by themselves, and what that may
    take in thirty days (``monthly_requests`` None: as before; ``monthly_cost`` None: no limit). From now on they are
    the owner's.

    Raises ``DomainError`` (400) where they should be but there is no set, or a limit is out of range.
    """
    if automatic and probe_set is None:
        text = _("Choose the probe set that new models are held to.")
        raise invalid(text, fields={"probe_set": [text]})
    if not 1 <= orders <= MAX_ORDERS:
        text = _("Between 1 and %(most)s orders of the options can be asked.") % {"most": MAX_ORDERS}
        raise invalid(text, fields={"orders": [text]})
    if not 0 <= (monthly_requests or 0) <= MOST_REQUESTS:
        text = _("Between 0 and %(most)s requests.") % {"most": f"{MOST_REQUESTS:,}"}
        raise invalid(text, fields={"monthly_requests": [text]})
    if monthly_cost is not None and not 0 <= monthly_cost < MOST_COST:
        text = _("Give an amount from 0 on, or nothing for no limit.")
        raise invalid(text, fields={"monthly_cost": [text]})
    with transaction.atomic():
        held = project_held(project)
        values: dict[str, Any] = {"orders": orders, "automatic": automatic, "monthly_cost": monthly_cost}
        if monthly_requests is not None:
            values["monthly_requests"] = monthly_requests
        defaults = {"probe_set": probe_set, "by_owner": True, **values}
        AuditRules.objects.update_or_create(project=held, defaults=defaults)
        cost = None if monthly_cost is None else str(monthly_cost)
        data = {"set": probe_set.pk if probe_set else None, **values, "monthly_cost": cost}
        record(kind="audit.rules_changed", actor=actor_of(by), subject=f"project:{held.pk}", project_id=held.pk,
               data=data)  # fmt: skip


def _record(kind: str, audit: Audit, actor: str, data: dict[str, Any]) -> None:
    record(kind=kind, actor=actor, subject=f"audit:{audit.pk}", project_id=audit.project_id, data=data)
