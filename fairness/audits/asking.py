"""One task's worth of an audit: ask the first candidate that is left about probes that are left, store what comes.

A task may die anywhere: an answer and what it cost are one transaction, and an answer is there once.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations import candidates
from annotations.candidates import Said, Sitting, Spent
from fairness.audits.finishing import audit_finish, candidate_measure
from fairness.audits.limits import (
    FAULT_PAUSE,
    FAULTS_BORNE,
    LONGEST_FAULT_PAUSE,
    MAX_UNANSWERED_IN_ROW,
    SITTINGS_KEPT,
)
from fairness.models import Audit, AuditAnswer, AuditCandidate, AuditStatus, CandidateStatus, Probe
from ledger.services import SYSTEM, record

logger = logging.getLogger(__name__)

USED = ("requests", "prompt_tokens", "completion_tokens", "cached_tokens", "seconds")


@dataclass(frozen=True)
class Next:
    """The task that should follow: for this generation, after so many seconds."""

    generation: int
    wait: float = 0.0


def audit_for_a_while(*, audit_id: int, generation: int) -> Next | None:
    """Work on an audit for a few seconds; None where no task need follow."""
    audit = _claimed(audit_id, generation)
    if audit is None:
        return None
    candidate = AuditCandidate.objects.filter(audit=audit, status=CandidateStatus.WAITING).order_by("position").first()
    if candidate is None:
        audit_finish(audit=audit)
        return None
    shift = Shift(audit, candidate)
    try:
        sitting = candidates.panel().ask(candidate.how, take=shift.take, keep=shift.keep, spend=shift.spend)
    except Exception:  # of this candidate alone: the others are still asked
        logger.exception("Asking candidate %s of audit %s failed.", candidate.pk, audit.pk)
        reason = _("Asking it failed in a way that was not expected. See the worker's log, then resume the audit.")
        sitting = Sitting(fault=reason, hopeless=True)
    if not _sat(shift, sitting):
        return None
    if sitting.fault:
        return Next(audit.generation, _fault(shift, sitting))
    if shift.is_through():
        candidate_measure(candidate=shift.candidate)
    return Next(audit.generation)


def _claimed(audit_id: int, generation: int) -> Audit | None:
    """Take the chain over from ``generation``; None where another task has it, or it has ended."""
    with transaction.atomic():
        rows = Audit.objects.select_for_update(of=("self",)).select_related("probe_set")
        audit = rows.filter(pk=audit_id, generation=generation, status=AuditStatus.RUNNING).first()
        if audit is not None:
            audit.generation, audit.touched_at = generation + 1, timezone.now()
            audit.save(update_fields=["generation", "touched_at"])
        return audit


@dataclass
class Shift:
    """What a task works on: probes go out in order, each once; answers come in as they come."""

    audit: Audit
    candidate: AuditCandidate
    last: int = -1  # number of the latest probe that went out
    tokens: int = 0

    def left(self) -> QuerySet[Probe]:
        said = AuditAnswer.objects.filter(candidate=self.candidate, probe=OuterRef("pk"))
        found = Probe.objects.filter(~Exists(said), probe_set_id=self.audit.probe_set_id, number__gt=self.last)
        return found.exclude(item_id__in=self.audit.left_out).order_by("number")

    def take(self, count: int) -> Sequence[candidates.Probe]:
        rows = list(self.left()[:count])
        self.last = rows[-1].number if rows else self.last
        return [candidates.Probe(row.pk, row.task, row.modality, row.payload, seat_of(row)) for row in rows]

    def keep(self, said: Sequence[Said]) -> bool:
        """Store answers that are not there yet, and what they cost; whether to go on. Answers that come too late, since
        somebody cancelled the audit or another task works on it now, are only counted: they are paid for too."""
        with transaction.atomic():
            own = Audit.objects.select_for_update(of=("self",)).filter(pk=self.audit.pk, status=AuditStatus.RUNNING)
            if own.filter(generation=self.audit.generation).first() is None:
                self._spend(said)
                return False
            there = AuditAnswer.objects.filter(candidate=self.candidate, probe__in=[one.key for one in said])
            known = set(there.values_list("probe_id", flat=True))
            new = [one for one in said if one.key not in known]
            AuditAnswer.objects.bulk_create(_answer(self.candidate, one) for one in new)
            self.candidate = _counted(self.candidate, new)
            Audit.objects.filter(pk=self.audit.pk).update(touched_at=timezone.now(), reason="")
            self.tokens += sum(one.prompt_tokens + one.completion_tokens for one in new)
            if self.candidate.unanswered_in_row < MAX_UNANSWERED_IN_ROW:
                return True
            last = next((one.problem for one in reversed(new) if one.problem), "")
            text = _("%(count)s probes in a row had no usable answer, the last one because: %(why)s")
            _give_up(self.candidate, text % {"count": self.candidate.unanswered_in_row, "why": last})
            return False

    def spend(self, spent: Spent) -> None:
        """Count what brought no answer, whoever works on the audit now: it was used, and is paid for."""
        with transaction.atomic():
            self._spend([spent])

    def _spend(self, used: Sequence[Said | Spent]) -> None:
        own = AuditCandidate.objects.select_for_update(of=("self",)).filter(pk=self.candidate.pk).first()
        if own is not None and used:
            self.candidate = _used(own, used)
            own.save(update_fields=USED)

    def is_through(self) -> bool:
        self.last = -1
        self.candidate.refresh_from_db()
        return self.candidate.status == CandidateStatus.WAITING and not self.left().exists()


def seat_of(probe: Probe) -> int:
    """What decides the order of the options: the same for a whole family, so that the order explains no flip. For a
    gold item its own number, so that a prompt which shows it leaves it out; never another item's."""
    if probe.item_id is not None:
        return probe.item_id
    if not probe.family:
        return -1 - probe.number
    return -10_000 - int.from_bytes(hashlib.blake2s(probe.family.encode(), digest_size=6).digest(), "big")


def _answer(candidate: AuditCandidate, said: Said) -> AuditAnswer:
    return AuditAnswer(
        candidate=candidate,
        probe_id=said.key,
        value=said.value,
        confidence=said.confidence,
        probabilities=dict(said.probabilities) if said.probabilities else None,
        votes=list(said.votes),
        problem=said.problem.replace("\x00", "")[:300],
        tokens=said.prompt_tokens + said.completion_tokens,
        seconds=said.seconds,
    )


def _counted(candidate: AuditCandidate, said: Sequence[Said]) -> AuditCandidate:
    own = AuditCandidate.objects.select_for_update(of=("self",)).get(pk=candidate.pk)
    answered = sum(one.value is not None for one in said)
    own.answered += answered
    own.unanswered += len(said) - answered
    if said:
        own.unanswered_in_row = 0 if answered else own.unanswered_in_row + len(said)
        own.failing_since, own.faults_in_row = None, 0
    _used(own, said).save()
    return own


def _used(own: AuditCandidate, used: Sequence[Said | Spent]) -> AuditCandidate:
    """With that on its counts, unsaved."""
    for name in USED:
        setattr(own, name, getattr(own, name) + sum(getattr(one, name) for one in used))
    return own


def _sat(shift: Shift, sitting: Sitting) -> bool:
    """Count the time that it took; whether the claim still holds."""
    with transaction.atomic():
        rows = Audit.objects.select_for_update(of=("self",))
        own = rows.filter(pk=shift.audit.pk, generation=shift.audit.generation, status=AuditStatus.RUNNING).first()
        if own is None:
            return False
        candidate = AuditCandidate.objects.select_for_update(of=("self",)).get(pk=shift.candidate.pk)
        candidate.server_seconds += sitting.server_seconds
        if shift.tokens and len(candidate.sittings) < SITTINGS_KEPT:
            candidate.sittings = [*candidate.sittings, [round(sitting.seconds, 4), shift.tokens]]
        for name in ("memory", "gpu_memory"):
            held = getattr(sitting, name)
            if held is not None:
                setattr(candidate, name, max(held, getattr(candidate, name) or 0))
        candidate.save(update_fields=["server_seconds", "sittings", "memory", "gpu_memory"])
        shift.candidate = candidate
        return True


def _fault(shift: Shift, sitting: Sitting) -> float:
    """No server could be used: the seconds after which to try again, or 0 where the next candidate has its turn."""
    now = timezone.now()
    with transaction.atomic():
        Audit.objects.select_for_update(of=("self",)).get(pk=shift.audit.pk)
        own = AuditCandidate.objects.select_for_update(of=("self",)).get(pk=shift.candidate.pk)
        if own.status != CandidateStatus.WAITING:
            return 0.0
        since = own.failing_since or now
        if sitting.hopeless or now - since >= FAULTS_BORNE:
            _give_up(own, sitting.fault)
            return 0.0
        wait = min(FAULT_PAUSE * 2**own.faults_in_row, LONGEST_FAULT_PAUSE)
        own.failing_since, own.faults_in_row = since, own.faults_in_row + 1
        own.save(update_fields=["failing_since", "faults_in_row"])
        reason = _("Waiting for a server, and trying again. %(why)s") % {"why": sitting.fault}
        Audit.objects.filter(pk=shift.audit.pk).update(touched_at=now + timedelta(seconds=wait), reason=reason[:500])
        return wait


def _give_up(candidate: AuditCandidate, reason: str) -> None:
    candidate.status, candidate.reason = CandidateStatus.FAILED, reason[:500]
    candidate.save(update_fields=["status", "reason"])
    Audit.objects.filter(pk=candidate.audit_id).update(reason="")
    data = {"model": candidate.model, "asked": candidate.asked}
    project_id = candidate.audit.project_id
    record(kind="audit.candidate_failed", actor=SYSTEM, subject=f"audit:{candidate.audit_id}", project_id=project_id,
           data=data)  # fmt: skip
