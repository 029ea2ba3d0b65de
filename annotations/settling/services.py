"""What an expert does: take a case, give it back, settle it.

A claim is a lease by a conditional update; only its holder settles while it lasts. A settlement is written once: the
same request again gets the same answer, somebody else's gets a refusal.
"""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import (
    FINISHED,
    Annotation,
    Case,
    CaseCause,
    CaseKind,
    CaseStatus,
    Draw,
    LabelSchema,
    Project,
    Settlement,
)
from annotations.services.changes import item_changes
from annotations.task_types import task_type
from ledger.errors import DomainError, forbidden, invalid, not_found
from ledger.services import actor_of, record

CLAIM = timedelta(minutes=15)
MIN_REASON, MAX_REASON = 5, 4000
MAX_KEY = 80
CHECKS = 0.5  # of an expert's next cases, as long as any item waits for its check
CHANCE = random.SystemRandom()


def claim(*, expert: User, case_id: int) -> Case:
    """Take a case, or keep one for another ``CLAIM``. Raises ``DomainError`` (409) where it is taken or over."""
    with transaction.atomic():
        case = _case(case_id)
        _refuse_if_closed(case.project)
        refuse_own_label(expert=expert, case=case)
        now = timezone.now()
        free = Q(claimed_by=None) | Q(claimed_by=expert) | Q(claim_expires_at__lte=now)
        mine = Case.objects.filter(free, pk=case.pk, status=CaseStatus.OPEN)
        if not mine.update(claimed_by=expert, claim_expires_at=now + CLAIM):
            case.refresh_from_db()
            _refuse_if_over(case)
            raise _taken()
        if case.claimed_by_id != expert.pk:
            _record("case.claimed", case, expert, {})
        case.refresh_from_db()
        return case


def claim_next(*, expert: User, project: Project, after: int | None = None) -> Case | None:
    """The open case where most is at stake or, by the toss of a coin, the check that has waited longest, taken; None
    where none is free for this expert.

    Checks have no place in the order of what is at stake: which of them is looked at first must not hang on what was
    said of it. A case that they hold already comes first. ``after`` is a case to leave out, for “not this one now”.
    """
    with transaction.atomic():
        _refuse_if_closed(project)
        now = timezone.now()
        held = Case.objects.filter(project=project, status=CaseStatus.OPEN)
        if after is not None:
            held = held.exclude(pk=after)
        mine = held.filter(claimed_by=expert, claim_expires_at__gt=now).order_by("-at_stake", "id").first()
        if mine is not None:
            return claim(expert=expert, case_id=mine.pk)
        free = held.filter(Q(claimed_by=None) | Q(claim_expires_at__lte=now)).exclude(labelled_by(expert))
        free = free.select_for_update(skip_locked=True, of=("self",))
        checks = free.filter(kind=CaseKind.CHECK).order_by("id")
        others = free.exclude(kind=CaseKind.CHECK).order_by("-at_stake", "id")
        first, second = (checks, others) if CHANCE.random() < CHECKS else (others, checks)
        case = first.first() or second.first()
        if case is None:
            return None
        case.claimed_by, case.claim_expires_at = expert, now + CLAIM
        case.save(update_fields=["claimed_by", "claim_expires_at"])
        _record("case.claimed", case, expert, {})
        return case


def release(*, expert: User, case_id: int) -> Case:
    """Give a case back to the queue; one that is not this expert's stays as it is."""
    with transaction.atomic():
        case = _case(case_id)
        mine = Case.objects.filter(pk=case.pk, status=CaseStatus.OPEN, claimed_by=expert)
        if mine.update(claimed_by=None, claim_expires_at=None):
            _record("case.released", case, expert, {})
        case.refresh_from_db()
        return case


def settle(
    *,
    expert: User,
    case_id: int,
    value: Any,
    cause: str,
    recurrent: bool,
    reason: str,
    idempotency_key: str = "",
) -> Settlement:
    """Decide a case: the label that the item ends with, what went wrong, once or again and again, and why.

    ``value`` is a label of the project's current schema; None only where ``cause`` is ``bad_item``. Raises
    ``DomainError``: 400 for what cannot be accepted, 403 for an item that the expert has labelled, 409 where the case
    is settled, dissolved or somebody else's.
    """
    case = _case(case_id)
    schema = case.project.schemas.get(is_current=True)
    value = _checked_value(schema, value, cause)
    reason, key = _checked_reason(reason, needed=cause != CaseCause.CHECKED), idempotency_key.strip()[:MAX_KEY]
    with item_changes(project=case.project, item_ids=[case.item_id], schema=schema) as changes:
        if case.item_id not in changes.items:
            raise not_found("The case")
        case = Case.objects.select_for_update(of=("self",)).select_related("project", "item").get(pk=case.pk)
        if done := _same_request(expert, case, key):
            return done
        _refuse_if_closed(case.project)
        _refuse_if_over(case)
        _refuse_cause(case, cause)
        refuse_own_label(expert=expert, case=case)
        now = timezone.now()
        if case.claimed_by_id not in (None, expert.pk) and case.claim_expires_at and case.claim_expires_at > now:
            raise _taken()
        settlement = Settlement.objects.create(
            case=case,
            schema=schema,
            value=value,
            cause=cause,
            recurrent=recurrent,
            reason=reason,
            settled_by=expert,
            idempotency_key=key,
            created_at=now,
        )
        case.status, case.closed_at = CaseStatus.SETTLED, now
        case.claimed_by = case.claim_expires_at = None
        case.save(update_fields=["status", "closed_at", "claimed_by", "claim_expires_at"])
        data = {
            "item": case.item_id,
            "value": value,
            "cause": cause,
            "recurrent": recurrent,
            "schema": schema.version,
            "reason_sha256": hashlib.sha256(reason.encode()).hexdigest(),
        } | _drawn(case)
        _record("case.settled", case, expert, data)
        changes.simulated = expert.is_simulated
        changes.settle(item_id=case.item_id, value=value, schema_id=schema.pk, settlement_id=settlement.pk)
    return settlement


def labelled_by(expert: User) -> Exists:
    """Cases (a filter) whose item this person has labelled, whatever became of that label."""
    return Exists(Annotation.objects.filter(item_id=OuterRef("item_id"), annotator__user=expert))


def refuse_own_label(*, expert: User, case: Case) -> None:
    """Raises ``DomainError`` (403) where the expert is a party to the disagreement."""
    if own_labels(expert, case).exists():
        message = _("You have labelled this item yourself, so somebody else has to settle it. Take the next case.")
        raise forbidden(message, "own_label")


def own_labels(expert: User, case: Case) -> QuerySet[Annotation]:
    return Annotation.objects.filter(item_id=case.item_id, annotator__user=expert)


def _case(case_id: int) -> Case:
    case = Case.objects.select_related("project", "item").filter(pk=case_id).first()
    if case is None:
        raise not_found("The case")
    return case


def _same_request(expert: User, case: Case, key: str) -> Settlement | None:
    done = Settlement.objects.filter(case=case, settled_by=expert).first() if key else None
    return done if done is not None and done.idempotency_key == key else None


def _refuse_if_closed(project: Project) -> None:
    if project.status in FINISHED:
        raise DomainError("project_closed", _("This project is closed, so its cases stay as they are."))


def _refuse_if_over(case: Case) -> None:
    if case.status == CaseStatus.SETTLED:
        raise DomainError("case_settled", _("Somebody has settled this case already. Take the next one."))
    if case.status == CaseStatus.DISSOLVED:
        message = _("This disagreement went away: the labels agree now, so nothing is left to settle.")
        raise DomainError("case_dissolved", message)


def _taken() -> DomainError:
    message = _("Another expert is working on this case. Take the next one, or come back in a quarter of an hour.")
    return DomainError("case_taken", message)


def _drawn(case: Case) -> dict[str, Any]:
    """Which streams drew the item, with which chances: told now that it can sway nobody any more."""
    drawn = dict(Draw.objects.filter(item_id=case.item_id, is_drawn=True).values_list("stream", "probability"))
    return {"drawn": drawn} if drawn else {}


def _refuse_cause(case: Case, cause: str) -> None:
    if cause == CaseCause.CHECKED and case.kind != CaseKind.CHECK:
        message = _("The labels of this case are in view, so say what went wrong.")
        raise invalid(message, fields={"cause": [message]})


def _checked_value(schema: LabelSchema, value: Any, cause: str) -> Any:
    if cause not in CaseCause.values:
        message = _("Say what went wrong: one of %(causes)s.") % {"causes": ", ".join(CaseCause.values)}
        raise invalid(message, fields={"cause": [message]})
    if value is None:
        if cause != CaseCause.BAD_ITEM:
            message = _("Choose the label that the item ends with. Only a bad item may stay without.")
            raise invalid(message, fields={"value": [message]})
        return None
    return task_type(schema.task_type).check_value(schema.config, value)


def _checked_reason(reason: str, *, needed: bool) -> str:
    reason = reason.strip()
    if len(reason) < MIN_REASON and (needed or reason):
        message = _("Give the reason in a few words: others learn from it.")
        raise invalid(message, fields={"reason": [message]})
    if len(reason) > MAX_REASON:
        message = _("The reason is too long: at most %(most)s characters.") % {"most": MAX_REASON}
        raise invalid(message, fields={"reason": [message]})
    return reason


def _record(kind: str, case: Case, expert: User, data: dict[str, Any]) -> None:
    record(
        kind=kind,
        actor=actor_of(expert),
        subject=f"case:{case.pk}",
        project_id=case.project_id,
        data=data or {"item": case.item_id},
        simulated=expert.is_simulated,
    )
