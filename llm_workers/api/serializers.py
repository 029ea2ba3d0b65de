"""What the API says of models and runs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.models import Checkpoint, Run
from llm_workers.models import Endpoint, ModelVersion, RunItem
from llm_workers.registry.forms import CURRENCY, SHA256
from llm_workers.selectors.runs import run_speed


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    class Meta:
        model = Endpoint
        fields = ["url", "enabled", "dialect", "healthy", "problem", "answer_ms", "checked_at", "breaker"]


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    endpoints = EndpointSerializer(many=True, help_text=_("The servers that offer it now; empty: none does."))

    class Meta:
        model = ModelVersion
        fields = [
            "id", "name", "base", "adapter", "quantization", "parameters", "context_tokens", "stated_base",
            "stated_adapter", "stated_quantization", "stated_context_tokens", "license", "source", "file_hash",
            "price_per_million_prompt", "price_per_million_completion", "price_per_hour", "currency", "first_seen_at",
            "last_seen_at", "endpoints",
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
    figures = serializers.DictField(help_text=_("Counts, tokens, seconds; agreed of compared labels equal people's."))

    class Meta:
        model = Checkpoint
        fields = ["number", "labelled", "figures", "created_at"]


class RunSerializer(serializers.ModelSerializer[Run]):
    model = serializers.SerializerMethodField(help_text=_("Id and name of the model."))
    annotator = serializers.CharField(source="annotator.pseudonym", help_text=_("As exports name it."))
    schema_version = serializers.IntegerField(source="schema.version")
    prompt_hash = serializers.CharField(source="annotator.model_annotator.prompt.hash")
    with_reason = serializers.BooleanField(source="annotator.model_annotator.prompt.with_reason")
    orders = serializers.IntegerField(source="annotator.model_annotator.prompt.orders")
    seed = serializers.IntegerField(source="plan.seed")
    cached_tokens = serializers.IntegerField(source="plan.cached_tokens")

    class Meta:
        model = Run
        fields = [
            "id", "project", "status", "reason", "model", "annotator", "schema_version", "prompt_hash", "with_reason",
            "orders", "seed", "step_size", "max_items", "total", "labelled", "unanswered", "prompt_tokens",
            "completion_tokens", "cached_tokens", "model_seconds", "created_at", "started_at", "finished_at",
        ]  # fmt: skip

    @extend_schema_field({"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}})
    def get_model(self, run: Run) -> dict[str, Any]:
        model = run.annotator.model_annotator.model
        return {"id": model.pk, "name": model.name}


class RunDetailSerializer(RunSerializer):
    labels_per_minute = serializers.SerializerMethodField(help_text=_("Over the last minute; null where it stands."))
    prompt = serializers.CharField(source="annotator.model_annotator.prompt.text")
    checkpoints = CheckpointSerializer(many=True)

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "labels_per_minute", "prompt", "checkpoints"]

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


class RunItemSerializer(serializers.ModelSerializer[RunItem]):
    class Meta:
        model = RunItem
        fields = [
            "id", "item", "status", "reason", "attempts", "rotations", "prompt_hash", "prompt_tokens",
            "completion_tokens", "cached_tokens", "seconds", "raw_answer", "finished_at",
        ]  # fmt: skip
