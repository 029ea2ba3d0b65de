"""REST of agreement."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import STAFF, project_access
from annotations.agreement import Coefficient, CoefficientName, Reason
from annotations.agreement.trend import NoTrend, Trend
from annotations.measuring.breakdown import Unit
from annotations.measuring.selectors import project_agreement

REASONS = [reason.value for reason in Reason]


class CoefficientSerializer(serializers.Serializer[Coefficient]):
    """A coefficient with its 95 % interval, or the reason why it is undefined."""

    name = serializers.ChoiceField(choices=[name.value for name in CoefficientName])
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n_items = serializers.IntegerField(help_text=_("Items compared."))
    n_pairs = serializers.IntegerField(help_text=_("Pairs of labels compared."))
    reason = serializers.ChoiceField(choices=REASONS, allow_null=True, source="undefined_reason")
    explanation = serializers.SerializerMethodField(help_text=_("The reason in words; empty where there is a value."))

    def get_explanation(self, coefficient: Coefficient) -> str:
        reason = coefficient.undefined_reason
        return "" if reason is None else gettext(reason.sentence)


class _WithCoefficients(serializers.Serializer[Any]):
    coefficients = serializers.SerializerMethodField()

    @extend_schema_field(CoefficientSerializer(many=True))
    def get_coefficients(self, part: Any) -> list[dict[str, Any]]:
        return [CoefficientSerializer(one).data for one in part.coefficients.values()]


class ScopeAgreementSerializer(_WithCoefficients):
    attribute = serializers.CharField(help_text=_("Empty for the whole project."))
    group = serializers.CharField(help_text=_("Empty for the whole project."))


class ModelAgreementSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField(source="annotator_id")
    name = serializers.CharField()
    consensus = ScopeAgreementSerializer(
        many=True, help_text=_("The people's own consensus with the model's label; an item counts once.")
    )
    labels = ScopeAgreementSerializer(many=True, help_text=_("Each person's label with the model's."))


class LabelAgreementSerializer(_WithCoefficients):
    key = serializers.CharField(help_text=_("Key of the label."))
    labels = serializers.IntegerField(help_text=_("How often people gave it."))


class PeriodAgreementSerializer(_WithCoefficients):
    start = serializers.DateTimeField(help_text=_("Begin of the period, UTC."))
    unit = serializers.ChoiceField(choices=[unit.value for unit in Unit], help_text=_("How long the period is."))
    items = serializers.IntegerField(help_text=_("Items whose newest label by a person came in this period."))


class TrendSerializer(serializers.Serializer[Trend]):
    """Whether people's raw agreement rises or falls over these periods."""

    direction = serializers.ChoiceField(
        choices=["rising", "falling", "none", "unknown"],
        help_text=_("none: the interval holds no change; unknown: see the reason."),
    )
    change = serializers.FloatField(
        allow_null=True, help_text=_("Of raw agreement, from the first period to the last.")
    )
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    before = serializers.FloatField(allow_null=True, help_text=_("Raw agreement in the first period, by the trend."))
    after = serializers.FloatField(allow_null=True, help_text=_("The same at the last."))
    n_items = serializers.IntegerField(help_text=_("Items compared."))
    reason = serializers.ChoiceField(choices=[reason.value for reason in NoTrend], allow_null=True)
    explanation = serializers.SerializerMethodField(help_text=_("The reason in words; empty where there is a value."))

    def get_explanation(self, found: Trend) -> str:
        return "" if found.reason is None else gettext(found.reason.sentence)


class PairAgreementSerializer(_WithCoefficients):
    first = serializers.CharField(help_text=_("Pseudonym."))
    second = serializers.CharField(help_text=_("Pseudonym."))
    shared = serializers.IntegerField(help_text=_("Items that both labelled."))
    enough = serializers.BooleanField(help_text=_("They share enough items to be compared."))


class AgreementSerializer(serializers.Serializer[Any]):
    raters = serializers.IntegerField(help_text=_("People who labelled."))
    items = serializers.IntegerField(help_text=_("Items with at least one person's label."))
    labels = serializers.IntegerField(help_text=_("People's current labels."))
    people = ScopeAgreementSerializer(many=True, help_text=_("Among people, no model's label in it: overall first."))
    by_label = LabelAgreementSerializer(many=True, help_text=_("Among people: has an item this label or not?"))
    over_time = PeriodAgreementSerializer(many=True, help_text=_("Among people, the earliest period first."))
    trend = TrendSerializer()
    models = ModelAgreementSerializer(many=True)
    pairs = PairAgreementSerializer(many=True, help_text=_("Every two of the people who labelled most."))


class AgreementView(APIView):
    read_scope = Scope.READ

    @extend_schema(
        operation_id="project_agreement",
        summary="How much annotators agree",
        description=(
            "Among people: raw agreement, Fleiss' κ, Krippendorff's α and Gwet's AC1. Between people and each model: "
            "raw agreement, Cohen's κ, α and AC1. Overall and for each group of each protected attribute; among people "
            "also label by label and over time, with a test of whether it rises or falls. Of two sides with three or "
            "more labels, linear and quadratic κ take the labels in the order of the schema: they mean something only "
            "where the labels have an order. For "
            "several labels per answer, two answers agree where their sets are equal."
        ),
        responses=AgreementSerializer,
        tags=["agreement"],
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        return Response(AgreementSerializer(project_agreement(access.project)).data)
