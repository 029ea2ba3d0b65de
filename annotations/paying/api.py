"""REST of pay."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import OWNER, project_access
from annotations.models import PayAdjustment
from annotations.paying.selectors import fair_pay, payments
from annotations.paying.services import pay_adjust

_MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}


class FairPaySerializer(serializers.Serializer[Any]):
    wage = serializers.DecimalField(**_MONEY, help_text=_("Stated, per hour."))
    currency = serializers.CharField()
    expected_seconds = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True, help_text=_("Active seconds a label, over all people."))
    per_hour = serializers.DecimalField(**_MONEY, allow_null=True, help_text=_("A label's pay at the median time."))
    timed = serializers.IntegerField(help_text=_("Labels whose time is known."))
    short = serializers.BooleanField(help_text=_("Pay falls short of the wage."))


class PaymentSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField(source="annotator_id")
    pseudonym = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField()
    simulated = serializers.BooleanField()
    labels = serializers.IntegerField()
    timed = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    per_hour = serializers.DecimalField(**_MONEY, allow_null=True)
    base = serializers.DecimalField(**_MONEY, help_text=_("Labels × pay per label, whatever the labels say."))
    adjustments = serializers.DecimalField(**_MONEY)
    total = serializers.DecimalField(**_MONEY)
    short = serializers.BooleanField()


class PaySerializer(serializers.Serializer[Any]):
    fair = FairPaySerializer()
    people = PaymentSerializer(many=True)


class AdjustmentSerializer(serializers.ModelSerializer[PayAdjustment]):
    annotator = serializers.IntegerField(source="annotator_id")
    request_key = serializers.UUIDField(help_text=_("A new UUID for each adjustment; sent again, it counts once."))

    class Meta:
        model = PayAdjustment
        fields = ["id", "annotator", "amount", "reason", "request_key", "created_at"]
        read_only_fields = ["id", "created_at"]


class PayView(APIView):
    read_scope = Scope.MANAGE

    @extend_schema(operation_id="project_pay", summary="What people earned", responses=PaySerializer, tags=["pay"])
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        return Response(PaySerializer({"fair": fair_pay(access.project), "people": payments(access.project)}).data)


class PayAdjustmentsView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="pay_adjust", summary="Add to, or take from, what a person is paid",
        request=AdjustmentSerializer, responses={201: AdjustmentSerializer}, tags=["pay"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = AdjustmentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = pay_adjust(access=access, **body.validated_data)
        return Response(AdjustmentSerializer(made).data, status=201)
