"""What the API says of models and runs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.models import Checkpoint, Run
from llm_workers.limits import PROBE_ITEMS
from llm_workers.models import Endpoint, ModelVersion, RuleAction, RuleKind, RunItem, Throughput
from llm_workers.policy import Asked
from llm_workers.registry.forms import CURRENCY, SHA256
from llm_workers.selectors.runs import run_speed, run_steps
from llm_workers.services.clock import worked_seconds


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    class Meta:
        model = Endpoint
        fields = ["url", "enabled", "dialect", "healthy", "problem", "answer_ms", "checked_at", "breaker"]


class SpeedSerializer(serializers.ModelSerializer[Throughput]):
    class Meta:
        model = Throughput
        fields = [
            "labels_per_second", "prompt_tokens_per_second", "completion_tokens_per_second", "whole", "seconds",
            "seen_at",
        ]  # fmt: skip


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    endpoints = EndpointSerializer(many=True, help_text=_("The servers that offer it now; empty: none does."))
    throughputs = SpeedSerializer(many=True, help_text=_("How fast each of its servers was when it was last asked."))

    class Meta:
        model = ModelVersion
        fields = [
            "id", "name", "revision", "base", "adapter", "quantization", "parameters", "context_tokens", "stated_base",
            "stated_adapter", "stated_quantization", "stated_context_tokens", "license", "source", "file_hash",
            "price_per_million_prompt", "price_per_million_completion", "price_per_hour", "currency", "first_seen_at",
            "last_seen_at", "endpoints", "throughputs",
        ]  # fmt: skip


class ModelFactsSerializer(serializers.ModelSerializer[ModelVersion]):
    """What no server says of its model; ``stated_…`` where it does not say it, or says it wrongly."""

    class Meta:
        model = ModelVersion
        fields = [
            "license", "source", "file_hash", "stated_base", "stated_adapter", "stated_quantization",
            "stated_context_tokens", "price_per_million_prompt", "price_per_million_completion", "price_per_hour",
            "currency",
        ]  # fmt: skip
        extra_kwargs = {
            "file_hash": {"max_length": 71, "validators": [SHA256]},
            "currency": {"validators": [CURRENCY]},
            "price_per_hour": {"min_value": 0},
            "price_per_million_prompt": {"min_value": 0},
            "price_per_million_completion": {"min_value": 0},
        }


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    figures = serializers.DictField(
        help_text=_(
            "Counts, tokens, cost; agreed of compared labels equal people's; `calibration` of these: labels, mean"
            " confidence, ECE, Brier score; `groups`: the same for every group of every attribute, the figures null"
            " below 30 compared labels."
        )
    )

    class Meta:
        model = Checkpoint
        fields = ["number", "labelled", "figures", "decision", "reason", "created_at"]


class RuleSerializer(serializers.Serializer[Any]):
    """One rule of a run's policy."""

    kind = serializers.ChoiceField(choices=RuleKind.choices)
    bound = serializers.DecimalField(
        max_digits=16, decimal_places=4, help_text=_("A limit, or for agreement and unanswered a share from 0 to 1.")
    )
    least = serializers.IntegerField(
        default=1, min_value=1, max_value=2**31 - 1, help_text=_("Shares count from so many labels or items on.")
    )
    action = serializers.ChoiceField(choices=RuleAction.choices, default=RuleAction.PAUSE)


class RulesSerializer(serializers.Serializer[Any]):
    rules = RuleSerializer(many=True, help_text=_("All of them: they take the place of those that the run has."))

    def asked(self) -> list[Asked]:
        return [Asked(**rule) for rule in self.validated_data["rules"]]


class RunEstimateSerializer(serializers.Serializer[Any]):
    """What the rest of a run would take; each figure as low, expected and high of a 95 % interval."""

    items = serializers.IntegerField()
    probed = serializers.IntegerField()
    tokens = serializers.ListField(child=serializers.FloatField())
    minutes = serializers.ListField(child=serializers.FloatField())
    money = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    currency = serializers.CharField()


class RunSerializer(serializers.ModelSerializer[Run]):
    model = serializers.SerializerMethodField(help_text=_("Id and name of the model."))
    annotator = serializers.CharField(source="annotator.pseudonym", help_text=_("As exports name it."))
    schema_version = serializers.IntegerField(source="schema.version")
    prompt_hash = serializers.CharField(source="annotator.model_annotator.prompt.hash")
    with_reason = serializers.BooleanField(source="annotator.model_annotator.prompt.with_reason")
    orders = serializers.IntegerField(source="annotator.model_annotator.prompt.orders")
    seed = serializers.IntegerField(source="plan.seed")
    cached_tokens = serializers.IntegerField(source="plan.cached_tokens")
    probe = serializers.IntegerField(source="plan.probe", help_text=_("Items after which it waits for its owner."))

    class Meta:
        model = Run
        fields = [
            "id", "project", "status", "reason", "model", "annotator", "schema_version", "prompt_hash", "with_reason",
            "orders", "seed", "probe", "step_size", "max_items", "total", "labelled", "unanswered", "prompt_tokens",
            "completion_tokens", "cached_tokens", "model_seconds", "created_at", "started_at", "finished_at",
        ]  # fmt: skip

    @extend_schema_field({"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}})
    def get_model(self, run: Run) -> dict[str, Any]:
        model = run.annotator.model_annotator.model
        return {"id": model.pk, "name": model.name}


class RunDetailSerializer(RunSerializer):
    labels_per_minute = serializers.SerializerMethodField(help_text=_("Over the last minute; null where it stands."))
    prompt = serializers.CharField(source="annotator.model_annotator.prompt.text")
    checkpoints = serializers.SerializerMethodField(help_text=_("The latest, in order."))
    rules = RuleSerializer(many=True)
    estimate = RunEstimateSerializer(source="plan.estimate", allow_null=True)
    minutes = serializers.SerializerMethodField(help_text=_("Of work, pauses not counted."))

    class Meta(RunSerializer.Meta):
        fields = [
            *RunSerializer.Meta.fields, "labels_per_minute", "minutes", "prompt", "rules", "estimate", "checkpoints",
        ]  # fmt: skip

    @extend_schema_field(CheckpointSerializer(many=True))
    def get_checkpoints(self, run: Run) -> Any:
        return CheckpointSerializer(run_steps(run), many=True).data

    def get_minutes(self, run: Run) -> float:
        return round(worked_seconds(run.plan) / 60, 2)

    def get_labels_per_minute(self, run: Run) -> float | None:
        return run_speed(run).per_minute


class RunStartSerializer(serializers.Serializer[Any]):
    model = serializers.PrimaryKeyRelatedField(
        queryset=ModelVersion.objects.all(), help_text=_("Id of a model that a server offers now.")
    )
    step_size = serializers.IntegerField(default=100, min_value=1, max_value=100_000)
    max_items = serializers.IntegerField(default=None, allow_null=True, min_value=1)
    with_reason = serializers.BooleanField(default=False)
    orders = serializers.IntegerField(
        default=1, min_value=1, max_value=50, help_text=_("Orders of the options asked per item and averaged.")
    )
    seed = serializers.IntegerField(default=0, min_value=-(2**63), max_value=2**63 - 1)
    prompt = serializers.IntegerField(
        default=None,
        allow_null=True,
        help_text=_("Id of a prompt of the project; it decides reasons and orders. None: the plain prompt."),
    )
    probe = serializers.IntegerField(
        default=PROBE_ITEMS,
        min_value=0,
        max_value=500,
        help_text=_(
            "After so many items the run waits, with an estimate of the rest; resume it to go on. 0: it starts at once."
        ),
    )
    rules = RuleSerializer(many=True, default=list)


class RunItemSerializer(serializers.ModelSerializer[RunItem]):
    class Meta:
        model = RunItem
        fields = [
            "id", "item", "status", "reason", "attempts", "rotations", "prompt_hash", "prompt_tokens",
            "completion_tokens", "cached_tokens", "seconds", "raw_answer", "finished_at",
        ]  # fmt: skip
