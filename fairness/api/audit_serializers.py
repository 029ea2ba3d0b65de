"""Shapes of the audit API."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from annotations.candidates import Candidate
from annotations.models import ModelChoice, ModelRole
from fairness.audits.leaderboard import Limits, leaderboard
from fairness.audits.limits import MAX_CANDIDATES, MAX_PROBES
from fairness.audits.measuring import MEASURES, worst
from fairness.audits.services import MAX_ORDERS
from fairness.models import Audit, AuditCandidate, AuditRules, AuditStatus, CandidateStatus, ProbeFile, ProbeSet


class AuditSerializer(serializers.ModelSerializer[Audit]):
    set_name = serializers.CharField(source="probe_set.name")
    candidates = serializers.IntegerField(source="total")
    measured = serializers.IntegerField()
    automatic = serializers.SerializerMethodField(help_text=_("It was started by itself for a new model or prompt."))

    class Meta:
        model = Audit
        fields = ("id", "probe_set", "set_name", "orders", "status", "candidates", "measured", "automatic",
                  "created_at", "finished_at")  # fmt: skip

    def get_automatic(self, audit: Audit) -> bool:
        return audit.created_by_id is None


class AuditStartSerializer(serializers.Serializer[Any]):
    candidates = serializers.ListField(child=serializers.CharField(max_length=60), max_length=MAX_CANDIDATES)
    about = serializers.CharField(default="templates", max_length=40, help_text=_("templates, gold, or set:ID"))
    families = serializers.IntegerField(
        required=False, min_value=1, max_value=1000, help_text=_("For templates: families for each task and attribute.")
    )
    count = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_PROBES, help_text=_("For gold: items at most.")
    )
    orders = serializers.IntegerField(default=2, min_value=1, max_value=MAX_ORDERS)


class CandidateSerializer(serializers.Serializer[Any]):
    """A model that can be audited, asked in one way."""

    key = serializers.CharField()
    model = serializers.IntegerField()
    prompt = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    prompt_name = serializers.CharField()
    signature = serializers.CharField()
    audited = serializers.BooleanField(allow_null=True)


def candidate_row(one: Candidate, new: Set[str] | None) -> dict[str, Any]:
    names = ("key", "model", "prompt", "name", "prompt_name", "signature")
    row = {name: getattr(one, name) for name in names}
    return row | {"audited": None if new is None else one.signature not in new}


class AuditEstimateSerializer(serializers.Serializer[Any]):
    """A figure with its 95 % interval; null where there is none, for the ``reason``."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    reason = serializers.CharField(allow_null=True)


class DisparitySerializer(AuditEstimateSerializer):
    attribute = serializers.CharField(help_text=_("The attribute whose groups differ most."))


class DisparitiesSerializer(serializers.Serializer[Any]):
    odds = DisparitySerializer(allow_null=True)
    opportunity = DisparitySerializer(allow_null=True)
    parity = DisparitySerializer(allow_null=True)
    flips = DisparitySerializer(allow_null=True)


class AuditCandidateSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    model = serializers.IntegerField()
    prompt = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    prompt_name = serializers.CharField()
    status = serializers.ChoiceField(choices=CandidateStatus.choices)
    reason = serializers.CharField(help_text=_("Why it could not be asked."))
    answered = serializers.IntegerField()
    unanswered = serializers.IntegerField()
    requests = serializers.IntegerField()
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    seconds = serializers.FloatField(help_text=_("Of model time, added up."))
    memory_bytes = serializers.IntegerField(allow_null=True, help_text=_("Of the server's process, where it says so."))
    gpu_memory_bytes = serializers.IntegerField(
        allow_null=True, help_text=_("That a server on this machine holds on its GPUs, where it can be read.")
    )
    cost_per_1000_labels = serializers.FloatField(allow_null=True)
    currency = serializers.CharField()
    accuracy = AuditEstimateSerializer(allow_null=True)
    disparities = DisparitiesSerializer(allow_null=True)
    on_front = serializers.BooleanField(help_text=_("No other has both a smaller error and smaller equalized odds."))
    results = serializers.JSONField(
        allow_null=True,
        help_text=_(
            "overall, attributes (groups, parity, opportunity, odds, flips), intersections, tasks, flips, consistency "
            "(overall, of the right labels, of each group), speed, change since the last audit of the same model."
        ),
    )


class ModelChoiceSerializer(serializers.ModelSerializer[ModelChoice]):
    by_person = serializers.SerializerMethodField(help_text=_("false: an audit proposes it."))

    class Meta:
        model = ModelChoice
        fields = ("id", "role", "model", "prompt", "name", "audit", "figures", "reason", "by_person", "chosen_at",
                  "is_current")  # fmt: skip

    def get_by_person(self, choice: ModelChoice) -> bool:
        return choice.chosen_by_id is not None


class ChooseSerializer(serializers.Serializer[Any]):
    candidate = serializers.IntegerField(help_text=_("Id of a candidate of this audit."))
    role = serializers.ChoiceField(choices=ModelRole.choices)
    reason = serializers.CharField(max_length=2000)


class AuditDetailSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    project = serializers.IntegerField()
    probe_set = serializers.IntegerField()
    set_hash = serializers.CharField(help_text=_("SHA-256 over the questions and probes."))
    probes = serializers.IntegerField(help_text=_("Asked of each candidate: those left out are not counted."))
    orders = serializers.IntegerField()
    status = serializers.ChoiceField(choices=AuditStatus.choices)
    reason = serializers.CharField(help_text=_("What it waits for."))
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    candidates = AuditCandidateSerializer(many=True)


def audit_row(audit: Audit) -> dict[str, Any]:
    """What ``AuditDetailSerializer`` reads, of an audit with its candidates."""
    candidates = list(audit.candidates.all())
    entries = {one.candidate.pk: one for one in leaderboard(candidates, Limits())}
    return {
        "id": audit.pk,
        "project": audit.project_id,
        "probe_set": audit.probe_set_id,
        "set_hash": audit.probe_set.content_hash,
        "probes": audit.probe_set.size - len(audit.left_out),
        "orders": audit.orders,
        "status": audit.status,
        "reason": audit.reason,
        "created_at": audit.created_at,
        "finished_at": audit.finished_at,
        "candidates": [_candidate(one, entries.get(one.pk)) for one in candidates],
    }


def _candidate(one: AuditCandidate, entry: Any) -> dict[str, Any]:
    names = ("model", "prompt", "name", "prompt_name", "status", "reason", "answered", "unanswered", "requests",
             "prompt_tokens", "completion_tokens", "cached_tokens", "seconds", "results")  # fmt: skip
    row = {name: getattr(one, name) for name in names}
    row |= {"id": one.pk, "memory_bytes": one.memory, "gpu_memory_bytes": one.gpu_memory}
    results = one.results or None
    return row | {
        "cost_per_1000_labels": entry.cost.value if entry else None,
        "currency": entry.currency if entry else "",
        "accuracy": results["overall"]["accuracy"] if results else None,
        "disparities": {name: worst(results, name) for name in MEASURES} if results else None,
        "on_front": bool(entry and entry.on_front),
    }


class AuditRulesSerializer(serializers.ModelSerializer[AuditRules]):
    probe_set = serializers.PrimaryKeyRelatedField(queryset=ProbeSet.objects.none(), allow_null=True, required=False)
    choices = ModelChoiceSerializer(many=True, read_only=True, required=False)  # what holds now, for each role

    class Meta:
        model = AuditRules
        fields = ("probe_set", "orders", "automatic", "monthly_requests", "monthly_cost", "choices")

    def get_fields(self) -> dict[str, Any]:
        found = super().get_fields()
        if "project" in self.context:
            found["probe_set"].queryset = ProbeSet.objects.filter(project=self.context["project"])  # type: ignore[attr-defined]
        if self.instance is not None:
            found.pop("choices")
        return found


class ProbeSetSerializer(serializers.ModelSerializer[ProbeSet]):
    class Meta:
        model = ProbeSet
        fields = ("id", "name", "kind", "spec", "content_hash", "size", "families", "created_at")


class ProbeSetMakeSerializer(serializers.Serializer[Any]):
    """Either a ``file`` (CSV or JSON Lines, multipart), or ``tasks`` and ``attributes`` of the templates."""

    file = serializers.FileField(required=False)
    format = serializers.ChoiceField(choices=["csv", "jsonl"], required=False)
    tasks = serializers.ListField(child=serializers.CharField(max_length=64), required=False, max_length=100)
    attributes = serializers.ListField(child=serializers.CharField(max_length=64), required=False, max_length=100)
    families = serializers.IntegerField(required=False, min_value=1, max_value=1000)
    seed = serializers.IntegerField(required=False, min_value=0, max_value=2**31)
    name = serializers.CharField(required=False, allow_blank=True, max_length=120)


class ProbeFileSerializer(serializers.ModelSerializer[ProbeFile]):
    class Meta:
        model = ProbeFile
        fields = ("id", "name", "created_at")


class ProbeFileAddSerializer(serializers.Serializer[Any]):
    file = serializers.FileField()


class TemplateTaskSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    guidelines = serializers.CharField()
    labels = serializers.ListField(child=serializers.CharField())
    favourable = serializers.CharField()
    templates = serializers.IntegerField()


class TemplateAttributeSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    identities = serializers.ListField(child=serializers.CharField())


class TemplatesSerializer(serializers.Serializer[Any]):
    """What probe sets can be made of: the shipped templates, and those of the project's files."""

    tasks = TemplateTaskSerializer(many=True)
    attributes = TemplateAttributeSerializer(many=True)
    files = ProbeFileSerializer(many=True)


class CardSerializer(serializers.Serializer[Any]):
    """See docs/how-to/audit-a-model.md."""

    project = serializers.CharField()
    audit = serializers.IntegerField()
    status = serializers.ChoiceField(choices=AuditStatus.choices)
    started = serializers.DateTimeField()
    finished = serializers.DateTimeField(allow_null=True)
    orders = serializers.IntegerField()
    probe_set = serializers.JSONField()
    tasks = serializers.JSONField()
    candidates = serializers.JSONField()
    choices = serializers.JSONField()
    caveats = serializers.ListField(child=serializers.CharField())

    def get_fields(self) -> dict[str, Any]:
        # "format" is a method of every serializer's parent, so it cannot be declared as a field.
        return {"format": serializers.CharField(), **super().get_fields()}
