"""Which models were never audited on the set that a project holds them to, and auditing them by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from annotations.candidates import Candidate, panel
from annotations.models import FINISHED, Project
from fairness.audits.budget import Plan, plan_of
from fairness.audits.limits import MAX_CANDIDATES, MAX_REQUESTS, QUIET
from fairness.audits.services import audit_start
from fairness.models import Audit, AuditCandidate, AuditRules, AuditStatus, ProbeSet
from ledger.errors import DomainError
from ledger.services import SYSTEM, record


def never_audited(project: Project, probe_set: ProbeSet, offered: Sequence[Candidate] | None = None) -> list[Candidate]:
    """The candidates that are offered now and were never part of an audit over ``probe_set``: a new model, adapter or
    quantization, a new prompt or one that was changed, or any of them after labels or guidelines changed."""
    offered = panel().offered(project) if offered is None else offered
    asked = AuditCandidate.objects.filter(
        audit__project=project, audit__probe_set=probe_set, signature__in=[one.signature for one in offered]
    )
    known = set(asked.values_list("signature", flat=True))
    return [one for one in offered if one.signature not in known]


def audits_due() -> int:
    """Start an audit in every project that wants new models audited by themselves and has some; how many."""
    going = Audit.objects.filter(status=AuditStatus.RUNNING).values("project_id")
    rules = AuditRules.objects.filter(automatic=True).exclude(project__status__in=FINISHED)
    return sum(_due(one) for one in rules.exclude(project_id__in=going).select_related("project", "probe_set"))


def _due(rules: AuditRules) -> bool:
    if rules.probe_set is None:
        return False
    quiet = timezone.now() - QUIET
    new = [
        one for one in never_audited(rules.project, rules.probe_set) if one.changed_at is None or one.changed_at < quiet
    ]
    plan = plan_of(rules, new)
    _tell_held_back(rules, plan)
    new = _as_many_as_fit(rules, plan.within)
    if not new:
        return False
    # A prompt that cannot be used now (its examples are gone) holds up no other.
    for chosen in ([one.key for one in new], [one.key for one in new if one.prompt is None]):
        if chosen and _started(rules, chosen):
            return True
    return False


def _as_many_as_fit(rules: AuditRules, within: Sequence[Candidate]) -> list[Candidate]:
    """In one audit; the others follow when it has ended."""
    size, asked, fitting = rules.probe_set.size if rules.probe_set else 1, 0, []
    for one in within[:MAX_CANDIDATES]:
        asked += size * one.requests(rules.orders)
        if asked > MAX_REQUESTS:
            break
        fitting.append(one)
    return fitting


def _tell_held_back(rules: AuditRules, plan: Plan) -> None:
    """The ledger is told once of each candidate that a limit keeps from being audited by itself."""
    held_back = sorted(one.candidate.signature for one in plan.held_back)
    if held_back == rules.held_back:
        return
    with transaction.atomic():
        told = AuditRules.objects.filter(pk=rules.pk, held_back=rules.held_back).update(held_back=held_back)
        fresh = [one for one in plan.held_back if one.candidate.signature not in rules.held_back]
        if told and fresh:
            models = [{"model": one.candidate.model, "prompt": one.candidate.prompt, "why": one.why} for one in fresh]
            record(kind="audit.held_back", actor=SYSTEM, subject=f"project:{rules.pk}", project_id=rules.pk,
                   data={"set": rules.probe_set_id, "models": models})  # fmt: skip


def _started(rules: AuditRules, chosen: list[str]) -> bool:
    if rules.probe_set is None:
        return False
    try:
        audit_start(project=rules.project, by=None, probe_set=rules.probe_set, candidates=chosen, orders=rules.orders)
    except DomainError:  # the set no longer fits, or somebody was quicker: the page says what is not audited yet
        return False
    return True
