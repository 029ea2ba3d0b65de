"""REST of costs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.access import READERS, project_access
from llm_workers.costs.selectors import costs_of

RUNS_LISTED = 100
_MONEY: dict[str, Any] = {"max_digits": 24, "decimal_places": 10, "allow_null": True}


class RightSerializer(serializers.Serializer[Any]):
    right = serializers.IntegerField()
    compared = serializers.IntegerField()
    share = serializers.FloatField()
    interval = serializers.ListField(child=serializers.FloatField(), help_text=_("Wilson's, 95 %."))
    reference = serializers.CharField(
        help_text=_("known: gold, or settled by an expert; agreed: what people agreed on themselves.")
    )


class PerCorrectSerializer(serializers.Serializer[Any]):
    value = serializers.DecimalField(**_MONEY)
    low = serializers.DecimalField(**_MONEY)
    high = serializers.DecimalField(**_MONEY, help_text=_("Null: the interval reaches down to no correct label."))


class UsedSerializer(serializers.Serializer[Any]):
    money = serializers.DecimalField(source="money.amount", **_MONEY, help_text=_("Null: unknown, never 0."))
    currency = serializers.CharField(source="money.currency")
    counted_by = serializers.CharField(source="money.by", help_text=_("tokens, server time or pay; empty: unknown."))
    unknown_because = serializers.CharField(source="money.why")
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField(help_text=_("Of the prompt tokens."))
    model_seconds = serializers.FloatField(help_text=_("Seconds of requests, added up."))
    server_seconds = serializers.FloatField(
        allow_null=True, help_text=_("The servers' time that was taken; null: not measured.")
    )
    joules = serializers.FloatField(allow_null=True, help_text=_("Of the GPUs; null: not measured."))


class EachSerializer(serializers.Serializer[Any]):
    per_label = serializers.FloatField(allow_null=True)
    per_correct_label = serializers.FloatField(
        source="per_correct", allow_null=True, help_text=_("Null: nothing to compare with, or none is correct.")
    )


class FiguresSerializer(UsedSerializer):
    """Of a group, the servers' time and energy are as large a part of the model's as its model time is."""

    labels = serializers.IntegerField()
    per_label = serializers.DecimalField(**_MONEY, help_text=_("Money."))
    correct = RightSerializer(source="right", allow_null=True)
    per_correct_label = PerCorrectSerializer(source="per_correct", allow_null=True, help_text=_("Money."))
    tokens_each = EachSerializer(help_text=_("Tokens read and written."))
    cached_tokens_each = EachSerializer(source="cached_each")
    model_seconds_each = EachSerializer(source="seconds_each")
    server_seconds_each = EachSerializer(help_text=_("Null: not measured."))
    joules_each = EachSerializer(help_text=_("Null: not measured."))


class LineSerializer(UsedSerializer):
    items = serializers.IntegerField(
        help_text=_("Items that were asked about; of ratings, labels that were rated; of audits, probes.")
    )


class UsesSerializer(serializers.Serializer[Any]):
    runs = LineSerializer(allow_null=True, help_text=_("All runs, probes included; null: there was none."))
    trials = LineSerializer(allow_null=True, help_text=_("Trials of prompts, which give no labels."))
    ratings = LineSerializer(allow_null=True, help_text=_("Ratings of people's labels by validators."))
    audits = LineSerializer(allow_null=True, help_text=_("Audits of models, which give no labels."))
    together = LineSerializer(allow_null=True, help_text=_("All that models used: the sum of the four."))


class ModelUsesSerializer(UsesSerializer):
    model = serializers.IntegerField(help_text=_("As in `models/`; an audit may have outlived its model."))
    name = serializers.CharField()


class GroupCostSerializer(serializers.Serializer[Any]):
    attribute = serializers.CharField()
    group = serializers.CharField()
    figures = FiguresSerializer()


class RunCostSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField(source="run.pk")
    status = serializers.CharField(source="run.status")
    figures = FiguresSerializer()


class ModelCostSerializer(serializers.Serializer[Any]):
    annotator = serializers.CharField(source="pseudonym")
    name = serializers.CharField()
    model = serializers.IntegerField(source="model.pk")
    figures = FiguresSerializer()
    groups = GroupCostSerializer(many=True)
    runs = serializers.SerializerMethodField(help_text=_("The latest hundred."))

    @extend_schema_field(RunCostSerializer(many=True))
    def get_runs(self, one: Any) -> Any:
        return RunCostSerializer(one.runs[:RUNS_LISTED], many=True).data


class CostsSerializer(UsesSerializer):
    counted_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When correct labels and groups were counted last; null: not yet.")
    )
    reference = serializers.CharField(allow_null=True, help_text=_("What models' labels are compared with."))
    models = ModelCostSerializer(many=True)
    by_model = ModelUsesSerializer(many=True, help_text=_("The same, model by model."))
    people = FiguresSerializer(source="crowd", allow_null=True, help_text=_("At the project's pay per label."))
    people_groups = GroupCostSerializer(source="crowd_groups", many=True)
    pay_adjustments = serializers.DecimalField(source="adjustments", max_digits=14, decimal_places=2)


class CostView(APIView):
    @extend_schema(
        operation_id="project_cost",
        summary="What labels cost: models and people, per label, per correct label, per group; trials, ratings, audits",
        responses=CostsSerializer,
        tags=["runs"],
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        return Response(CostsSerializer(costs_of(access.project)).data)
