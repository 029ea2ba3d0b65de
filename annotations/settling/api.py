"""REST of cases and consensus."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import EXPERTS, STAFF, case_access, project_access
from annotations.modalities import modality
from annotations.models import Case, CaseCause, Consensus, Settlement
from annotations.settling import services
from annotations.settling.selectors import (
    cases_of,
    consensus_of,
    shown_sides,
    similar_cases,
    who_said_what,
    why_open,
    words_of,
)

KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Text of your choice, new for each settlement: sent again, it gives the same answer.",
)


class PriorityPagination(CursorPagination):
    """Most at stake first; among equals the oldest."""

    ordering = ("-at_stake", "pk")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


class CaseSerializer(serializers.ModelSerializer[Case]):
    external_id = serializers.CharField(source="item.external_id")
    excerpt = serializers.SerializerMethodField()
    taken = serializers.SerializerMethodField(help_text=_("An expert is working on it now."))
    mine = serializers.SerializerMethodField(help_text=_("That expert is you."))

    class Meta:
        model = Case
        fields = [
            "id",
            "project",
            "item",
            "external_id",
            "excerpt",
            "kind",
            "status",
            "priority",
            "minutes",
            "opened_at",
            "closed_at",
            "taken",
            "mine",
            "claim_expires_at",
        ]

    def get_excerpt(self, case: Case) -> str:
        return modality(case.item.modality).excerpt(case.item.payload)

    def get_taken(self, case: Case) -> bool:
        return bool(case.claim_expires_at and case.claimed_by_id and case.claim_expires_at > timezone.now())

    def get_mine(self, case: Case) -> bool:
        return self.get_taken(case) and case.claimed_by_id == self.context["request"].user.pk


class TallySerializer(serializers.Serializer[Any]):
    value = serializers.JSONField()
    words = serializers.CharField()
    count = serializers.IntegerField()


class ModelAnswerSerializer(serializers.Serializer[Any]):
    value = serializers.JSONField()
    words = serializers.CharField()
    confidence = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()


class SettlementSerializer(serializers.ModelSerializer[Settlement]):
    words = serializers.SerializerMethodField(help_text=_("The label in words."))
    schema_version = serializers.IntegerField(source="schema.version")

    class Meta:
        model = Settlement
        fields = ["id", "case", "value", "words", "cause", "recurrent", "reason", "schema_version", "created_at"]

    def get_words(self, settlement: Settlement) -> str:
        return words_of(settlement.schema, settlement.value)


class SimilarSerializer(serializers.Serializer[Any]):
    settlement = SettlementSerializer()
    excerpt = serializers.CharField()
    overlap = serializers.FloatField(help_text=_("Share of words in common, 0–1."))


class SaidSerializer(serializers.Serializer[Any]):
    who = serializers.CharField(help_text=_("A person's pseudonym, or a model's name."))
    kind = serializers.CharField()
    words = serializers.CharField()


class CaseDetailSerializer(CaseSerializer):
    modality = serializers.CharField(source="item.modality")
    payload = serializers.JSONField(source="item.payload")
    why = serializers.SerializerMethodField(help_text=_("The disagreement in words."))
    people = serializers.SerializerMethodField(help_text=_("How many people gave each label."))
    models = serializers.SerializerMethodField(help_text=_("What models said, without their names."))
    similar = serializers.SerializerMethodField(help_text=_("Settled cases with the same labels in dispute."))
    settlement = serializers.SerializerMethodField()
    who_said_what = serializers.SerializerMethodField(help_text=_("Empty until the case is settled."))

    class Meta(CaseSerializer.Meta):
        fields = [
            *CaseSerializer.Meta.fields,
            "modality",
            "payload",
            "why",
            "people",
            "models",
            "similar",
            "settlement",
            "who_said_what",
        ]

    def to_representation(self, case: Case) -> dict[str, Any]:
        self.sides = shown_sides([case])[case.item_id]
        return super().to_representation(case)

    def get_why(self, case: Case) -> str:
        return why_open(case, self.sides)

    @extend_schema_field(TallySerializer(many=True))
    def get_people(self, case: Case) -> Any:
        return TallySerializer(self.sides.people, many=True).data

    @extend_schema_field(ModelAnswerSerializer(many=True))
    def get_models(self, case: Case) -> Any:
        return ModelAnswerSerializer(self.sides.models, many=True).data

    @extend_schema_field(SimilarSerializer(many=True))
    def get_similar(self, case: Case) -> Any:
        return SimilarSerializer(similar_cases(case, self.sides), many=True).data

    @extend_schema_field(SettlementSerializer(allow_null=True))
    def get_settlement(self, case: Case) -> Any:
        settlement = Settlement.objects.select_related("schema").filter(case=case).first()
        return SettlementSerializer(settlement).data if settlement else None

    @extend_schema_field(SaidSerializer(many=True))
    def get_who_said_what(self, case: Case) -> Any:
        return SaidSerializer(who_said_what(case), many=True).data


class NextCaseSerializer(serializers.Serializer[Any]):
    after = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text=_("A case to leave out this time.")
    )


class NextCaseAnswerSerializer(serializers.Serializer[Any]):
    case = CaseDetailSerializer(allow_null=True)


class SettleSerializer(serializers.Serializer[Any]):
    value = serializers.JSONField(
        required=False, allow_null=True, default=None, help_text=_("A label; null only for a bad item.")
    )
    cause = serializers.ChoiceField(choices=CaseCause.choices)
    recurrent = serializers.BooleanField(help_text=_("A mistake to learn from, not a one-off."))
    reason = serializers.CharField(
        max_length=services.MAX_REASON,
        allow_blank=True,
        default="",
        help_text=_("Needed unless the cause is “checked”, which is for cases of the kind “check” alone."),
    )
    claim_next = serializers.BooleanField(required=False, default=False)


class SettleAnswerSerializer(serializers.Serializer[Any]):
    settlement = SettlementSerializer()
    next = CaseDetailSerializer(allow_null=True)


class ConsensusSerializer(serializers.ModelSerializer[Consensus]):
    external_id = serializers.CharField(source="item.external_id")
    words = serializers.SerializerMethodField(help_text=_("The label in words."))
    schema_version = serializers.IntegerField(source="schema.version")
    evidence = serializers.SerializerMethodField(
        help_text=_("votes and models: label → how many; annotations: their ids; settlement: its id or null.")
    )

    class Meta:
        model = Consensus
        fields = [
            "item",
            "external_id",
            "value",
            "words",
            "method",
            "support",
            "evidence",
            "schema_version",
            "decided_at",
        ]

    def get_words(self, consensus: Consensus) -> str:
        return words_of(consensus.schema, consensus.value)

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_evidence(self, consensus: Consensus) -> Any:
        return consensus.evidence


class ConsensusFilter(django_filters.FilterSet):
    min_support = django_filters.NumberFilter(field_name="support", lookup_expr="gte")

    class Meta:
        model = Consensus
        fields = ["method", "item"]


@extend_schema_view(
    get=extend_schema(operation_id="list_cases", summary="Disagreements, most at stake first", tags=["cases"])
)
class CaseListView(ListAPIView[Case]):
    serializer_class = CaseSerializer
    pagination_class = PriorityPagination
    filterset_fields = ["status", "kind"]
    queryset = Case.objects.none()

    def get_queryset(self) -> QuerySet[Case]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset  # type: ignore[return-value]
        access = project_access(self.request.user, self.kwargs["project_id"], STAFF)
        return cases_of(access.project.pk)


class CaseNextView(APIView):
    token_scope = Scope.SETTLE

    @extend_schema(
        operation_id="next_case", summary="Take the case where most is at stake",
        request=NextCaseSerializer, responses=NextCaseAnswerSerializer, tags=["cases"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, EXPERTS)
        body = NextCaseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        case = services.claim_next(expert=access.user, project=access.project, after=body.validated_data["after"])
        return Response(NextCaseAnswerSerializer({"case": case}, context={"request": request}).data)


class CaseView(APIView):
    @extend_schema(
        operation_id="read_case", summary="A case with both sides", responses=CaseDetailSerializer, tags=["cases"]
    )
    def get(self, request: Request, case_id: int) -> Response:
        _access, case = case_access(request.user, case_id, STAFF)
        return Response(CaseDetailSerializer(case, context={"request": request}).data)


class CaseClaimView(APIView):
    token_scope = Scope.SETTLE

    @extend_schema(
        operation_id="claim_case", summary="Take a case", request=None, responses=CaseSerializer, tags=["cases"]
    )
    def post(self, request: Request, case_id: int) -> Response:
        access, case = case_access(request.user, case_id, EXPERTS)
        claimed = services.claim(expert=access.user, case_id=case.pk)
        return Response(CaseSerializer(claimed, context={"request": request}).data)


class CaseReleaseView(APIView):
    token_scope = Scope.SETTLE

    @extend_schema(
        operation_id="release_case", summary="Give a case back", request=None, responses=CaseSerializer, tags=["cases"]
    )
    def post(self, request: Request, case_id: int) -> Response:
        access, case = case_access(request.user, case_id, EXPERTS)
        released = services.release(expert=access.user, case_id=case.pk)
        return Response(CaseSerializer(released, context={"request": request}).data)


class CaseSettleView(APIView):
    token_scope = Scope.SETTLE

    @extend_schema(
        operation_id="settle_case", summary="Settle a case, and take the next if asked",
        request=SettleSerializer, responses=SettleAnswerSerializer, parameters=[KEY_HEADER], tags=["cases"],
    )  # fmt: skip
    def post(self, request: Request, case_id: int) -> Response:
        access, case = case_access(request.user, case_id, EXPERTS)
        body = SettleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        claim_next = fields.pop("claim_next")
        key = request.headers.get("Idempotency-Key", "")
        settlement = services.settle(expert=access.user, case_id=case.pk, idempotency_key=key, **fields)
        following = services.claim_next(expert=access.user, project=access.project) if claim_next else None
        answer = {"settlement": settlement, "next": following}
        return Response(SettleAnswerSerializer(answer, context={"request": request}).data)


@extend_schema_view(
    get=extend_schema(operation_id="list_consensus", summary="The label of each item, and why", tags=["consensus"])
)
class ConsensusListView(ListAPIView[Consensus]):
    serializer_class = ConsensusSerializer
    filterset_class = ConsensusFilter
    queryset = Consensus.objects.none()

    def get_queryset(self) -> QuerySet[Consensus]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset  # type: ignore[return-value]
        access = project_access(self.request.user, self.kwargs["project_id"], STAFF)
        return consensus_of(access.project.pk)
