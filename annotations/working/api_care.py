"""REST of care."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import MEMBERS, OWNER, project_access
from annotations.models import CareRules, WorkerPreferences
from annotations.working.care import preferences_of, rules_of, shown_today
from annotations.working.services import care_change, preferences_change


class CareSerializer(serializers.ModelSerializer[CareRules]):
    class Meta:
        model = CareRules
        fields = ["change_minutes", "break_minutes", "warned_items_per_day", "warned_minutes_per_day", "blur"]


class ShownSerializer(serializers.Serializer[Any]):
    items = serializers.IntegerField()
    minutes = serializers.IntegerField()


class PreferencesSerializer(serializers.ModelSerializer[WorkerPreferences]):
    shown_today = serializers.SerializerMethodField(
        help_text=_("Items and minutes with content that is warned of, in all projects.")
    )

    class Meta:
        model = WorkerPreferences
        fields = ["break_minutes", "warned_items_per_day", "warned_minutes_per_day", "blur", "shown_today"]

    @extend_schema_field(ShownSerializer)
    def get_shown_today(self, own: WorkerPreferences) -> Any:
        return ShownSerializer(shown_today(own.user, timezone.now())).data


class CareView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="project_care", summary="Rules of care for workers", responses=CareSerializer, tags=["care"]
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, MEMBERS)
        return Response(CareSerializer(rules_of(access.project)).data)

    @extend_schema(
        operation_id="project_care_change", summary="Change the rules of care",
        request=CareSerializer, responses=CareSerializer, tags=["care"],
    )  # fmt: skip
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = CareSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        return Response(
            CareSerializer(care_change(project=access.project, actor=person(request), **body.validated_data)).data
        )


class PreferencesView(APIView):
    token_scope = Scope.LABEL
    read_scope = Scope.LABEL

    @extend_schema(
        operation_id="my_preferences", summary="Your preferences for work", responses=PreferencesSerializer,
        tags=["care"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(PreferencesSerializer(preferences_of(person(request))).data)

    @extend_schema(
        operation_id="my_preferences_change", summary="Change your preferences for work",
        request=PreferencesSerializer, responses=PreferencesSerializer, tags=["care"],
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        body = PreferencesSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        return Response(PreferencesSerializer(preferences_change(user=person(request), **body.validated_data)).data)
