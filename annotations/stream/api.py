"""REST of the audit stream."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, STAFF, project_access
from annotations.models.stream import MOST
from annotations.stream.rules import stream_rules_change
from annotations.stream.selectors import StreamView, stream_view
from annotations.tasks import stream_follow


class DrawnSerializer(serializers.Serializer[Any]):
    drawn = serializers.IntegerField(help_text=_("Items that an expert is to check."))
    checked = serializers.IntegerField(help_text=_("Of these, how many an expert has settled."))
    waiting = serializers.IntegerField()


class StreamSerializer(serializers.Serializer[Any]):
    share = serializers.FloatField(source="rules.share", help_text=_("Of finished items drawn uniformly; 0 is off."))
    models_alone = serializers.BooleanField(
        source="rules.models_alone", help_text=_("A model's label alone finishes an item.")
    )
    chosen_share = serializers.FloatField(
        source="rules.chosen_share", help_text=_("Of finished items drawn where errors are likely; 0 is off.")
    )
    walking = serializers.SerializerMethodField(help_text=_("Items that were finished before are being drawn from."))
    uniform = DrawnSerializer()
    chosen = DrawnSerializer()
    judged = serializers.IntegerField(
        source="rules.judged", help_text=_("Items that might have been drawn where errors are likely.")
    )

    def get_walking(self, view: StreamView) -> bool:
        return view.rules.walk_since is not None


class StreamChangeSerializer(serializers.Serializer[Any]):
    share = serializers.FloatField(required=False, min_value=0, max_value=MOST)
    models_alone = serializers.BooleanField(required=False)
    chosen_share = serializers.FloatField(required=False, min_value=0, max_value=MOST)


class AuditStreamView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="project_audit_stream",
        summary="Which share of finished items is drawn for a blind check by an expert",
        description=(
            "Uniformly, whatever was said of them, and where errors are likely, with chances that are logged. What the "
            "checks found is among the fairness numbers (`errors_found`). Which items were drawn is not told "
            "while they wait."
        ),
        responses=StreamSerializer,
        tags=["fairness"],
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        return Response(StreamSerializer(stream_view(access.project)).data)

    @extend_schema(
        operation_id="project_audit_stream_change", summary="Change what is drawn",
        description="Only the fields given are changed, for what is finished from now on. What was drawn stays.",
        request=StreamChangeSerializer, responses=StreamSerializer, tags=["fairness"],
    )  # fmt: skip
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = StreamChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rules, _changed = stream_rules_change(project=access.project, actor=person(request), values=body.validated_data)
        stream_follow(rules)
        return Response(StreamSerializer(stream_view(access.project)).data)
