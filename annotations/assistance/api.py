"""REST of assistance."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, STAFF, project_access
from annotations.assistance.effect import Insufficient
from annotations.assistance.selectors import ModelEffect, assistance_of
from annotations.assistance.services import assistance_change
from annotations.models.assistance import LEAST_HELD_OUT, MOST_HELD_OUT


class ArmSerializer(serializers.Serializer[Any]):
    labels = serializers.IntegerField()
    agreeing = serializers.IntegerField(help_text=_("Labels that equal the model's."))
    share = serializers.FloatField(allow_null=True)


class ModelEffectSerializer(serializers.Serializer[Any]):
    """Agreement with the model when its label was shown, less agreement when it was held out."""

    annotator = serializers.IntegerField(source="annotator_id")
    name = serializers.CharField()
    people = serializers.IntegerField(source="effect.people")
    shown = ArmSerializer(source="effect.shown")
    held_out = ArmSerializer(source="effect.held_out")
    effect = serializers.FloatField(source="effect.value", allow_null=True)
    low = serializers.FloatField(
        source="effect.low", allow_null=True, help_text=_("95 % interval, by a bootstrap of people.")
    )
    high = serializers.FloatField(source="effect.high", allow_null=True)
    insufficient = serializers.ChoiceField(
        choices=[reason.value for reason in Insufficient], source="effect.insufficient", allow_null=True
    )
    explanation = serializers.SerializerMethodField(help_text=_("Why there is no effect; empty where there is one."))

    def get_explanation(self, found: ModelEffect) -> str:
        why = found.effect.insufficient
        return "" if why is None else gettext(why.sentence)


class AssistanceSerializer(serializers.Serializer[Any]):
    is_on = serializers.BooleanField()
    model = serializers.CharField(help_text=_("The version whose labels are shown; else empty."))
    holdout_share = serializers.FloatField()
    effects = ModelEffectSerializer(many=True)


class AssistanceChangeSerializer(serializers.Serializer[Any]):
    is_on = serializers.BooleanField(required=False)
    model = serializers.IntegerField(required=False, allow_null=True, help_text=_("Id of a model's annotator."))
    holdout_share = serializers.FloatField(required=False, min_value=LEAST_HELD_OUT, max_value=MOST_HELD_OUT)


class AssistanceView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="project_assistance",
        summary="Are people shown a model's label first, and what does that do?",
        description=(
            "The anchoring effect of each model that was ever shown: agreement with its label where it was shown, less "
            "agreement where it was held out at random, with an interval that draws whole people with replacement."
        ),
        responses=AssistanceSerializer,
        tags=["assistance"],
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        return Response(AssistanceSerializer(assistance_of(access.project)).data)

    @extend_schema(
        operation_id="project_assistance_change", summary="Switch assistance",
        request=AssistanceChangeSerializer, responses=AssistanceSerializer, tags=["assistance"],
    )  # fmt: skip
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = AssistanceChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        assistance_change(project=access.project, actor=person(request), **body.validated_data)
        return Response(AssistanceSerializer(assistance_of(access.project)).data)
