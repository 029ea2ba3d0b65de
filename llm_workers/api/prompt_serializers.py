"""What the API says of prompts and trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from llm_workers.estimates import Range
from llm_workers.models import ModelVersion, Prompt, PromptVersion, Trial
from llm_workers.models.prompts import Language, Thinking, Way
from llm_workers.recipe import COOLEST, HOTTEST, MAX_EXAMPLES, MAX_INSTRUCTIONS, MAX_ORDERS, MAX_SAMPLES, Recipe
from llm_workers.selectors.prompts import recipe_of
from llm_workers.selectors.trials import Estimate, Seen

BIGGEST = 2**63 - 1


class PickedSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField(min_value=1, max_value=BIGGEST, help_text=_("Id of the item."))
    value = serializers.JSONField(help_text=_("The label, as labels of the project are written."))


class RecipeSerializer(serializers.Serializer[Recipe]):
    """How a model is asked."""

    instructions = serializers.CharField(
        default="", allow_blank=True, max_length=MAX_INSTRUCTIONS, help_text=_("Empty: the project's guidelines.")
    )
    language = serializers.ChoiceField(
        choices=Language.choices, default=Language.EN, help_text=_("Of the fixed sentences.")
    )
    thinking = serializers.ChoiceField(
        choices=Thinking.choices,
        default=Thinking.OFF,
        help_text=_("No reason, a short one after the label, or step by step before it."),
    )
    stated = serializers.BooleanField(default=False, help_text=_("Also ask how sure the model is; kept apart."))
    orders = serializers.IntegerField(default=1, min_value=1, max_value=MAX_ORDERS)
    samples = serializers.IntegerField(
        default=1, min_value=1, max_value=MAX_SAMPLES, help_text=_("Requests per item = orders × samples.")
    )
    temperature = serializers.FloatField(
        default=0.7, min_value=COOLEST, max_value=HOTTEST, help_text=_("Counts with several samples only.")
    )
    way = serializers.ChoiceField(choices=Way.choices, default=Way.NONE, help_text=_("How examples are chosen."))
    count = serializers.IntegerField(default=4, min_value=1, max_value=MAX_EXAMPLES, help_text=_("Of examples."))
    attribute = serializers.CharField(
        default="", allow_blank=True, max_length=64, help_text=_("Balance examples over the groups of it.")
    )
    seed = serializers.IntegerField(default=0, min_value=-BIGGEST, max_value=BIGGEST)
    picked = PickedSerializer(many=True, default=list, help_text=_("The examples picked by hand."))


def recipe_given(data: Mapping[str, Any]) -> Recipe:
    """What a ``RecipeSerializer`` has validated."""
    chosen = {name: value for name, value in data.items() if name in Recipe.__dataclass_fields__}
    chosen["picked"] = tuple((row["item"], row["value"]) for row in chosen["picked"])
    return Recipe(**chosen)


class PromptWriteSerializer(RecipeSerializer):
    name = serializers.CharField(max_length=80)


class PromptSerializer(serializers.ModelSerializer[Prompt]):
    versions = serializers.IntegerField(source="version_count", help_text=_("How many were used."))

    class Meta:
        model = Prompt
        fields = [
            "id", "name", "language", "thinking", "stated", "orders", "samples", "temperature", "way", "count",
            "attribute", "seed", "versions", "created_at", "changed_at",
        ]  # fmt: skip


class PromptVersionSerializer(serializers.ModelSerializer[PromptVersion]):
    schema_version = serializers.IntegerField(source="schema.version")
    models_asked = serializers.IntegerField(source="annotator_count")
    examples = serializers.SerializerMethodField(help_text=_("Ids of the items."))

    class Meta:
        model = PromptVersion
        fields = ["number", "hash", "text", "schema_version", "examples", "models_asked", "created_at"]

    def get_examples(self, version: PromptVersion) -> list[int]:
        return [int(row[0]) for row in version.examples]


class PromptDetailSerializer(serializers.ModelSerializer[Prompt]):
    picked = serializers.SerializerMethodField()
    versions = PromptVersionSerializer(many=True, source="used")

    class Meta:
        model = Prompt
        fields = [
            "id", "name", "instructions", "language", "thinking", "stated", "orders", "samples", "temperature", "way",
            "count", "attribute", "seed", "picked", "versions", "created_at", "changed_at",
        ]  # fmt: skip

    @extend_schema_field(PickedSerializer(many=True))
    def get_picked(self, prompt: Prompt) -> list[dict[str, Any]]:
        return [{"item": item_id, "value": value} for item_id, value in recipe_of(prompt).picked]


class TrialStartSerializer(serializers.Serializer[Any]):
    model = serializers.PrimaryKeyRelatedField(queryset=ModelVersion.objects.all())
    prompt = serializers.IntegerField(default=None, allow_null=True, help_text=_("Id of a prompt of the project."))
    recipe = RecipeSerializer(
        required=False, help_text=_("An unsaved way to ask, in place of what the prompt says. Neither: the plain one.")
    )
    items = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=BIGGEST),
        default=list,
        max_length=10,
        help_text=_("Ids. Empty: ten at random."),
    )
    attribute = serializers.CharField(
        default="", allow_blank=True, max_length=64, help_text=_("Draw evenly over its groups.")
    )
    seed = serializers.IntegerField(default=0, min_value=-BIGGEST, max_value=BIGGEST)


class TrialSerializer(serializers.ModelSerializer[Trial]):
    items = serializers.IntegerField(source="item_count")
    tokens = serializers.IntegerField(source="token_count", help_text=_("Read and written; not part of any run."))

    class Meta:
        model = Trial
        fields = ["id", "model", "prompt", "status", "problem", "items", "tokens", "created_at", "finished_at"]


class RangeSerializer(serializers.Serializer[Range]):
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class TrialEstimateSerializer(serializers.Serializer[Estimate]):
    """A whole run, each group that items were drawn evenly over by its size, with a 95 % interval by Student's t."""

    items = serializers.IntegerField()
    n = serializers.IntegerField()
    tokens = RangeSerializer()
    seconds = RangeSerializer()
    money = RangeSerializer(allow_null=True)


class TrialAnswerSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField(source="row.item_id")
    messages = serializers.JSONField(source="row.messages", help_text=_("As sent first."))
    value = serializers.JSONField(source="row.value", allow_null=True)
    words = serializers.CharField()
    confidence = serializers.FloatField(source="row.confidence", allow_null=True)
    stated = serializers.FloatField(source="row.stated", allow_null=True)
    entropy = serializers.FloatField(source="row.entropy", allow_null=True)
    reason = serializers.CharField(source="row.reason")
    problem = serializers.CharField(source="row.problem")
    raw_answer = serializers.CharField(source="row.raw_answer")
    against_gold = serializers.BooleanField(allow_null=True)
    against_people = serializers.BooleanField(allow_null=True)
    requests = serializers.IntegerField(source="row.requests")
    prompt_tokens = serializers.IntegerField(source="row.prompt_tokens")
    completion_tokens = serializers.IntegerField(source="row.completion_tokens")
    cached_tokens = serializers.IntegerField(source="row.cached_tokens")
    seconds = serializers.FloatField(source="row.seconds")
    cost = serializers.DecimalField(max_digits=20, decimal_places=8, allow_null=True)


class TrialDetailSerializer(serializers.Serializer[Seen]):
    id = serializers.IntegerField(source="trial.pk")
    model = serializers.IntegerField(source="trial.model_id")
    prompt = serializers.IntegerField(source="trial.prompt_id", allow_null=True)
    status = serializers.CharField(source="trial.status")
    problem = serializers.CharField(source="trial.problem")
    requests_per_item = serializers.IntegerField(source="requests")
    estimate = TrialEstimateSerializer(allow_null=True)
    currency = serializers.CharField(
        source="money.currency", help_text=_("Of all costs here; empty: no price is known.")
    )
    answers = TrialAnswerSerializer(many=True, source="rows")
    created_at = serializers.DateTimeField(source="trial.created_at")
    finished_at = serializers.DateTimeField(source="trial.finished_at", allow_null=True)
