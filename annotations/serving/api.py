"""REST of the serving rules."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, READERS, project_access
from annotations.models import ServingRules
from annotations.serving.selectors import FIELDS, rules_of
from annotations.serving.services import rules_update
from annotations.tasks import queue_follow


class ServingRulesSerializer(serializers.ModelSerializer[ServingRules]):
    class Meta:
        model = ServingRules
        fields = FIELDS


class ServingView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="serving_rules", summary="How items are given out",
        responses=ServingRulesSerializer, tags=["projects"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        return Response(ServingRulesSerializer(rules_of(access.project)).data)

    @extend_schema(
        operation_id="serving_rules_change", summary="Change how items are given out",
        description="Only the fields given are changed. What waits in the queue follows in the background.",
        request=ServingRulesSerializer, responses=ServingRulesSerializer, tags=["projects"],
    )  # fmt: skip
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given: ServingRulesSerializer = ServingRulesSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(given.validated_data)
        rules, changed = rules_update(project=access.project, actor=person(request), values=values)
        if changed:
            queue_follow(project_id)
        return Response(ServingRulesSerializer(rules).data)
