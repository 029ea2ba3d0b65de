"""REST of suspicions: the list, one with its evidence, the owner's decision."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import OWNER, READERS, project_access
from annotations.models import Suspicion, SuspicionStatus
from annotations.models.quality import LONGEST_TEXT
from annotations.quality.api import Pages
from annotations.suspicion.reading import context_of, sentence
from annotations.suspicion.selectors import people_of, schema_now, sights_of, suspicion_of, suspicions_of
from annotations.suspicion.services import ACTIONS, suspicion_decide
from annotations.tasks import check_project, exclusion_follow


class SuspectSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField(source="pk")
    pseudonym = serializers.CharField()


class SuspicionSerializer(serializers.ModelSerializer[Suspicion]):
    people = SuspectSerializer(source="annotators.all", many=True, read_only=True)
    reading = serializers.SerializerMethodField(help_text=_("What was seen, in a sentence."))
    p = serializers.FloatField(help_text=_("After correction for everybody who was tested."))
    telling = serializers.IntegerField(help_text=_("Labels (pairs of labels, for copying) that show it."))
    n = serializers.IntegerField(help_text=_("Labels that could have shown it."))
    figures = serializers.DictField(help_text=_("What else this kind has to say."))

    class Meta:
        model = Suspicion
        fields = [
            "id", "kind", "status", "people", "reading", "telling", "n", "p", "figures", "found_at", "seen_at",
            "closed_at", "action", "reason",
        ]  # fmt: skip

    def get_reading(self, one: Suspicion) -> str:
        return sentence(one, self.context["schema"])


class SightLabelSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField()
    value = serializers.JSONField()
    active_ms = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()


class SightSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField()
    external_id = serializers.CharField()
    others = serializers.CharField(allow_null=True, help_text=_("What everybody else agrees on; null: nothing."))
    least_seconds = serializers.FloatField(allow_null=True, help_text=_("The least plausible; null: not of this kind."))
    labels = SightLabelSerializer(many=True)


class SuspicionDetailSerializer(SuspicionSerializer):
    context_texts = serializers.SerializerMethodField(help_text=_("What speaks for and against it."))
    evidence = serializers.SerializerMethodField()

    class Meta(SuspicionSerializer.Meta):
        fields = [*SuspicionSerializer.Meta.fields, "context_texts", "evidence"]

    def get_context_texts(self, one: Suspicion) -> list[str]:
        return context_of(one, self.context["schema"])

    @extend_schema_field(SightSerializer(many=True))
    def get_evidence(self, one: Suspicion) -> Any:
        return SightSerializer(_sights(one), many=True).data


def _sights(one: Suspicion) -> list[dict[str, Any]]:
    return [
        {
            "item": sight.item.pk,
            "external_id": sight.item.external_id,
            "others": sight.others,
            "least_seconds": sight.least,
            "labels": [
                {
                    "annotator": label.annotator_id,
                    "value": label.value,
                    "active_ms": label.active_ms,
                    "created_at": label.created_at,
                }
                for label in sight.labels
                if label is not None
            ],
        }
        for sight in sights_of(one, people_of(one))
    ]


class SuspicionDecisionSerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=[(name, name) for name in ACTIONS])
    annotators = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        max_length=1000,
        help_text=_("Who is paused, or whose labels are not to count; not needed where it is about one person."),
    )
    reason = serializers.CharField(max_length=LONGEST_TEXT, help_text=_("Whom you pause or exclude reads it."))


class SuspicionsView(APIView):
    token_scope = Scope.MANAGE
    read_scope = Scope.MANAGE

    @extend_schema(
        operation_id="suspicions", summary="Patterns in people's labels that look like spam or copying",
        description="Those that wait for the owner first, then the newest. `?page=` and `?page_size=` up to 500.",
        parameters=[OpenApiParameter("status", enum=list(SuspicionStatus.values))],
        responses=SuspicionSerializer(many=True), tags=["quality"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        found = suspicions_of(access.project, request.query_params.get("status", ""))
        page = Pages().paginate_queryset(found, request, view=self) or []
        context = {"schema": schema_now(access.project)}
        return Response(SuspicionSerializer(page, many=True, context=context).data)

    @extend_schema(
        operation_id="suspicions_check", summary="Look through the labels anew now", request=None,
        responses={202: None}, tags=["quality"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        project_access(request.user, project_id, OWNER)
        check_project.delay(project_id)
        return Response(status=202)


class SuspicionView(APIView):
    token_scope = Scope.MANAGE
    read_scope = Scope.MANAGE

    @extend_schema(
        operation_id="suspicion", summary="One of them, with the labels to look at",
        responses=SuspicionDetailSerializer, tags=["quality"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int, suspicion_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        one = suspicion_of(access, suspicion_id)
        context = {"schema": schema_now(access.project)}
        return Response(SuspicionDetailSerializer(one, context=context).data)

    @extend_schema(
        operation_id="suspicion_decide", summary="Dismiss it, pause people, or take their labels out of the count",
        request=SuspicionDecisionSerializer, responses=SuspicionSerializer, tags=["quality"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int, suspicion_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = SuspicionDecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        decided = suspicion_decide(
            access=access,
            suspicion_id=suspicion_id,
            action=given["action"],
            reason=given["reason"],
            annotator_ids=given.get("annotators", []),
        )
        for made in decided.exclusions:
            exclusion_follow(made.pk)
        context = {"schema": schema_now(access.project)}
        return Response(SuspicionSerializer(suspicion_of(access, suspicion_id), context=context).data)
