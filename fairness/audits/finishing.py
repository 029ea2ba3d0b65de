"""From stored answers to results, and what an audit proposes at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.modalities import modality
from annotations.modalities.text import MAX_CHARACTERS
from annotations.models import ModelChoice, ModelRole
from annotations.task_types import task_type
from fairness.audits.budget import first_limit
from fairness.audits.choosing import choice_store
from fairness.audits.comparing import change_since
from fairness.audits.limits import GOOD_ENOUGH
from fairness.audits.measuring import Row, figure, measure, worst
from fairness.audits.sampling import mean_of, ratio_of
from fairness.models import Audit, AuditAnswer, AuditCandidate, AuditRules, AuditStatus, CandidateStatus
from ledger.hashing import digest_hex
from ledger.services import SYSTEM, record

DISPARITIES = ("odds", "parity")  # the first that exists says who is fairest


def candidate_measure(*, candidate: AuditCandidate) -> None:
    """Compute a candidate's results from its answers and store them. A second time does no harm: they are the same."""
    results = results_of(candidate)
    with transaction.atomic():
        audit = Audit.objects.select_for_update(of=("self",)).get(pk=candidate.audit_id)
        waiting = AuditCandidate.objects.filter(pk=candidate.pk, status=CandidateStatus.WAITING)
        if not waiting.update(status=CandidateStatus.DONE, results=results, measured_at=timezone.now()):
            return
        Audit.objects.filter(pk=audit.pk).update(touched_at=timezone.now())
        candidate.refresh_from_db(fields=["results"])  # as they are stored is how they can be read and hashed again
        data = {"candidate": candidate.pk, "model": candidate.model, "prompt": candidate.prompt,
                "answers": candidate.asked, "accuracy": results["overall"]["accuracy"]["value"],
                "results_sha256": digest_hex(candidate.results)}  # fmt: skip
        record(kind="audit.candidate_measured", actor=SYSTEM, subject=f"audit:{audit.pk}",
               project_id=audit.project_id, data=data)  # fmt: skip


def results_of(candidate: AuditCandidate) -> dict[str, Any]:
    """Quality, disparities, speed and tokens of a candidate, and the change since the last audit of the same model."""
    tokens, seconds = [], []
    for count, passed in AuditAnswer.objects.filter(candidate=candidate).values_list("tokens", "seconds"):
        tokens.append(count)
        seconds.append(passed)
    sittings = np.array(candidate.sittings, float).reshape(-1, 2)
    results = measure([row for _pk, row in rows_of(candidate)])
    results["speed"] = {
        "tokens_per_second": figure(ratio_of(sittings[:, 1], sittings[:, 0])),
        "seconds_per_answer": figure(mean_of(np.array(seconds, float))),
        "tokens_per_answer": figure(mean_of(np.array(tokens, float))),
    }
    results["change"] = change_since(candidate, results)
    return results


def rows_of(candidate: AuditCandidate) -> list[tuple[int, Row]]:
    """Its answers with their ids, as they are measured, in the order of the probes."""
    answers = AuditAnswer.objects.filter(candidate=candidate).select_related("probe").order_by("probe__number")
    numbers: dict[str, int] = {}
    return [
        (answer.pk, _row(answer, candidate.audit.tasks[answer.probe.task], numbers))
        for answer in answers.iterator(chunk_size=2000)
    ]


def _row(answer: AuditAnswer, task: Mapping[str, Any], numbers: dict[str, int]) -> Row:
    probe = answer.probe
    kind = task_type(task["task_type"])

    def labels(value: Any) -> frozenset[str]:
        return frozenset(kind.decisions(kind.token(value)))

    truth = task["labels"][probe.truth] if task.get("labels") else probe.truth
    cluster = numbers.setdefault(probe.family or f"#{probe.number}", len(numbers))
    return Row(
        task=probe.task,
        family=probe.family,
        cluster=cluster,
        groups=probe.groups,
        truth=labels(truth),
        given=None if answer.value is None else labels(answer.value),
        favourable=task["favourable"],
        confidence=None if answer.value is None else answer.confidence,
        votes=tuple(labels(vote) for vote in answer.votes),
        text=modality(probe.modality).excerpt(probe.payload, MAX_CHARACTERS),
    )


# --- the end of an audit --------------------------------------------------------------------------------------------


def audit_finish(*, audit: Audit) -> None:
    """End an audit whose candidates have all been asked, and propose a validator. Does nothing a second time."""
    with transaction.atomic():
        rows = Audit.objects.select_for_update(of=("self",)).filter(pk=audit.pk, status=AuditStatus.RUNNING)
        own = rows.first()
        if own is None or own.candidates.filter(status=CandidateStatus.WAITING).exists():
            return
        own.status, own.finished_at, own.reason = AuditStatus.DONE, timezone.now(), ""
        own.save(update_fields=["status", "finished_at", "reason"])
        measured = list(own.candidates.filter(status=CandidateStatus.DONE))
        record(kind="audit.finished", actor=SYSTEM, subject=f"audit:{own.pk}", project_id=own.project_id,
               data={"measured": len(measured), "failed": own.candidates.count() - len(measured)})  # fmt: skip
        if measured:
            hold_to_set(own)
        fairest = fairest_of(measured)
        if fairest is not None:
            _propose(own, fairest)


def hold_to_set(audit: Audit) -> None:
    """After a project's first audit, audit new models, adapters and prompts on the same set by themselves; where models
    cost money, within a limit. What an owner has set before stays, and whatever they set after counts."""
    if audit.created_by_id is None:
        return
    if AuditRules.objects.filter(project_id=audit.project_id).exists():
        return
    limit = first_limit(audit)
    values = {"probe_set": audit.probe_set, "orders": audit.orders, "automatic": True, "by_owner": False,
              "monthly_cost": limit}  # fmt: skip
    rules, made = AuditRules.objects.get_or_create(project_id=audit.project_id, defaults=values)
    if made:
        data = {"set": audit.probe_set_id, "orders": audit.orders, "automatic": True, "audit": audit.pk,
                "monthly_requests": rules.monthly_requests,
                "monthly_cost": None if limit is None else str(limit)}  # fmt: skip
        record(kind="audit.rules_changed", actor=SYSTEM, subject=f"project:{audit.project_id}",
               project_id=audit.project_id, data=data)  # fmt: skip


def fairest_of(measured: list[AuditCandidate]) -> AuditCandidate | None:
    """The candidate with the smallest disparity, judged by the upper end of its interval, among those whose accuracy is
    good enough: within ``GOOD_ENOUGH`` of the best. None where nothing can be compared."""
    accurate = {one.pk: one.figures["overall"]["accuracy"]["value"] for one in measured}
    best = max((value for value in accurate.values() if value is not None), default=None)
    if best is None:
        return None
    good = [one for one in measured if accurate[one.pk] is not None and accurate[one.pk] >= best - GOOD_ENOUGH]
    for disparity in DISPARITIES:
        found = [(one, own) for one in good if (own := worst(one.figures, disparity)) is not None]
        if found:
            return min(found, key=lambda pair: (_upper(pair[1]), pair[0].position))[0]
    return None


def _upper(estimate: Mapping[str, Any]) -> float:
    return float(estimate["value"] if estimate["high"] is None else estimate["high"])


def _propose(audit: Audit, fairest: AuditCandidate) -> None:
    """Put the fairest forward as validator, unless a person has chosen one."""
    current = ModelChoice.objects.filter(project_id=audit.project_id, role=ModelRole.VALIDATOR, is_current=True)
    if current.filter(chosen_by__isnull=False).exists():
        return
    text = _("Of the models within %(points)s points of the best accuracy, it treats the groups most alike.")
    choice_store(
        candidate=fairest,
        project_id=audit.project_id,
        role=ModelRole.VALIDATOR,
        reason=text % {"points": round(100 * GOOD_ENOUGH)},
        by=None,
    )
