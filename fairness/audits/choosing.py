"""Choosing a model from an audit, with the reason."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import ModelChoice, ModelRole
from annotations.services.holding import project_held
from fairness.audits.measuring import worst
from fairness.models import AuditCandidate, CandidateStatus
from ledger.errors import DomainError, invalid
from ledger.services import SYSTEM, actor_of, record

MAX_REASON = 2000


def model_choose(*, candidate: AuditCandidate, role: str, reason: str, by: Any) -> ModelChoice:
    """Choose the candidate as labeller or validator. It starts nothing: runs and the validator's page propose it.

    Raises ``DomainError``: 400 where the reason is missing; 409 where the candidate was not measured.
    """
    if role not in ModelRole.values:
        text = _("A model is chosen as labeller or as validator.")
        raise invalid(text, fields={"role": [text]})
    reason = reason.replace("\x00", "").strip()
    if not 1 <= len(reason) <= MAX_REASON:
        text = _("Say why, in at most %(most)s characters: it is kept, and stands on the project's page of audits.")
        raise invalid(text % {"most": f"{MAX_REASON:,}"}, fields={"reason": [text % {"most": f"{MAX_REASON:,}"}]})
    if candidate.status != CandidateStatus.DONE:
        raise DomainError("not_measured", _("This model has not been measured, so it cannot be chosen from here."))
    with transaction.atomic():
        held = project_held(candidate.audit.project)
        return choice_store(candidate=candidate, project_id=held.pk, role=role, reason=reason, by=by)


def choice_store(*, candidate: AuditCandidate, project_id: int, role: str, reason: str, by: Any) -> ModelChoice:
    """Let the candidate hold this role from now on; the caller's transaction holds the project or the audit.

    ``by`` None: the audit proposes it. The ledger gets reason and figures, so that neither can be changed later.
    """
    ModelChoice.objects.filter(project_id=project_id, role=role, is_current=True).update(is_current=False)
    choice = ModelChoice.objects.create(
        project_id=project_id,
        role=role,
        model=candidate.model,
        prompt=candidate.prompt,
        name=candidate.label,
        audit=candidate.audit_id,
        figures=headline(candidate),
        reason=reason,
        chosen_by=by,
        chosen_at=timezone.now(),
    )
    data = {"role": role, "model": candidate.model, "prompt": candidate.prompt, "name": candidate.label,
            "audit": candidate.audit_id, "choice": choice.pk, "reason": reason, "figures": choice.figures}  # fmt: skip
    record(kind="audit.model_proposed" if by is None else "audit.model_chosen",
           actor=SYSTEM if by is None else actor_of(by), subject=f"audit:{candidate.audit_id}",
           project_id=project_id, data=data)  # fmt: skip
    return choice


def headline(candidate: AuditCandidate) -> dict[str, Any]:
    """The figures that a choice is remembered with."""
    results = candidate.results or {}
    if not results:
        return {}
    found = {"accuracy": results["overall"]["accuracy"], "macro_f1": results["overall"]["macro_f1"]}
    return found | {name: worst(results, name) for name in ("odds", "parity", "opportunity", "flips")}
