"""Reading audits: lists, examples of flips, what was chosen, what audits used up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum

from annotations.candidates import Usage, Used
from annotations.models import ModelChoice, ModelRole, Project
from annotations.task_types import task_type
from fairness.audits.limits import STALE
from fairness.models import (
    Audit,
    AuditAnswer,
    AuditCandidate,
    AuditRules,
    AuditStatus,
    CandidateStatus,
    Probe,
    ProbeSet,
)

SHOWN_FAMILIES = 6


def audits_of(project: Project) -> QuerySet[Audit]:
    """A project's audits, newest first, with their sets and the ``total`` and ``measured`` candidates."""
    found = Audit.objects.filter(project=project).select_related("probe_set")
    done = Count("candidates", filter=Q(candidates__status=CandidateStatus.DONE))
    return found.annotate(total=Count("candidates"), measured=done).order_by("-id")


def sets_of(project: Project) -> QuerySet[ProbeSet]:
    return ProbeSet.objects.filter(project=project).annotate(used=Count("audits")).order_by("-id")


def has_standing_set(project: Project) -> bool:
    """Whether the project says which set new models are held to."""
    return AuditRules.objects.filter(project=project, probe_set__isnull=False).exists()


def by_itself(audit: Audit) -> bool:
    """Whether new models are audited on this audit's set by themselves."""
    return AuditRules.objects.filter(
        project_id=audit.project_id, probe_set_id=audit.probe_set_id, automatic=True
    ).exists()


def choices_of(project: Project) -> list[ModelChoice]:
    """What holds now: a person's choice, or an audit's proposal, for each role."""
    found = ModelChoice.objects.filter(project=project, is_current=True)
    return sorted(found, key=lambda one: ModelRole.values.index(one.role))


def choices_from(audit: Audit) -> list[ModelChoice]:
    """All choices that rest on this audit, in order."""
    return list(ModelChoice.objects.filter(project_id=audit.project_id, audit=audit.pk).order_by("id"))


@dataclass(frozen=True)
class Member:
    """One of a family: who it is about, the text, what the model said, whether that is right."""

    groups: str
    text: str
    label: str
    right: bool
    answered: bool


@dataclass(frozen=True)
class FamilyShown:
    name: str
    task: str
    truth: str
    members: Sequence[Member]


def flipped_families(candidate: AuditCandidate, attribute: str = "") -> list[FamilyShown]:
    """Some of the families that got several labels; for one ``attribute`` alone where one is named. One query."""
    results = candidate.results or {}
    part = results.get("attributes", {}).get(attribute) if attribute else results
    names = (part or {}).get("flips", {}).get("families", [])[:SHOWN_FAMILIES]
    answers = AuditAnswer.objects.filter(candidate=candidate, probe__probe_set=candidate.audit.probe_set_id)
    rows = answers.filter(probe__family__in=names).select_related("probe").order_by("probe__number")
    by_family: dict[str, list[AuditAnswer]] = {name: [] for name in names}
    for answer in rows:
        by_family[answer.probe.family].append(answer)
    return [_family(name, own, candidate.audit.tasks) for name, own in by_family.items() if own]


def _family(name: str, answers: Sequence[AuditAnswer], tasks: dict[str, Any]) -> FamilyShown:
    probe = answers[0].probe
    task = tasks[probe.task]
    kind, truth = task_type(task["task_type"]), truth_of(probe, task)

    def words(value: Any) -> str:
        return "" if value is None else kind.describe(task["config"], value)

    return FamilyShown(
        name=name,
        task=task["name"],
        truth=words(truth),
        members=[
            Member(
                groups=" · ".join(answer.probe.groups.values()),
                text=answer.probe.payload.get("text", ""),
                label=words(answer.value),
                right=answer.value == truth,
                answered=answer.value is not None,
            )
            for answer in answers
        ],
    )


def truth_of(probe: Probe, task: dict[str, Any]) -> Any:
    """The true label in the words of the question that was asked."""
    return task["labels"][probe.truth] if task.get("labels") else probe.truth


def audit_usage(project: Project) -> list[Usage]:
    """What audits of the project used up, by model."""
    rows = AuditCandidate.objects.filter(audit__project=project).values("model").order_by("model")
    sums = rows.annotate(
        audits=Count("audit", distinct=True),
        probes=Sum(F("answered") + F("unanswered")),
        read=Sum("prompt_tokens"),
        written=Sum("completion_tokens"),
        cached=Sum("cached_tokens"),
        model_seconds=Sum("seconds"),
        servers=Sum("server_seconds"),
    )
    if not sums:
        return []
    names = dict(AuditCandidate.objects.filter(audit__project=project).order_by("id").values_list("model", "name"))
    return [
        Usage(
            used=Used(row["model"], row["read"], row["written"], row["servers"]),
            name=names[row["model"]],
            audits=row["audits"],
            asked=row["probes"],
            cached_tokens=row["cached"],
            seconds=row["model_seconds"],
        )
        for row in sums
    ]


def audit_asked(models: Collection[int], since: datetime) -> bool:
    """Whether an audit asks one of these models, or has since then. One that has lost its task asks nothing; a
    candidate that was given up may have been just before."""
    goes_on = Q(audit__status=AuditStatus.RUNNING) | Q(audit__finished_at__gte=since)
    rows = AuditCandidate.objects.filter(goes_on, audit__touched_at__gte=since - STALE, model__in=models)
    return rows.filter(~Q(status=CandidateStatus.DONE) | Q(measured_at__gte=since)).exists()


def audit_with_candidates(audit_id: int) -> Audit:
    """For the card: the audit with all that it says."""
    return _with_candidates(Audit.objects.all()).get(pk=audit_id)


def audits_with_candidates(project: Project) -> QuerySet[Audit]:
    """For all cards, the earliest first."""
    return _with_candidates(Audit.objects.filter(project=project)).order_by("pk")


def _with_candidates(audits: QuerySet[Audit]) -> QuerySet[Audit]:
    candidates = Prefetch("candidates", AuditCandidate.objects.order_by("position"))
    return audits.select_related("probe_set", "project").prefetch_related(candidates)
