"""REST of consensus by a fitted method."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, STAFF, project_access
from annotations.deciding.selectors import FIELDS, fit_of, least_certain, rules_of, skills_of_project
from annotations.deciding.services import rules_update
from annotations.models import ConsensusFit, ConsensusRules, ItemPosterior, Project
from annotations.tasks import refit_consensus, refit_soon


class ConsensusRulesSerializer(serializers.ModelSerializer[ConsensusRules]):
    class Meta:
        model = ConsensusRules
        fields = FIELDS


class FitSerializer(serializers.ModelSerializer[ConsensusFit]):
    tokens = serializers.ListField(child=serializers.CharField(), help_text=_("Labels, in the order of the matrices."))
    prior = serializers.ListField(child=serializers.FloatField())

    class Meta:
        model = ConsensusFit
        fields = [
            "method", "count_models", "note", "tokens", "prior", "items", "labels", "annotators", "anchors",
            "iterations", "converged", "seconds", "fitted_at",
        ]  # fmt: skip


class AnnotatorSkillSerializer(serializers.Serializer[Any]):
    annotator = serializers.CharField(source="name", help_text=_("A pseudonym; a model's name."))
    kind = serializers.CharField()
    labels = serializers.IntegerField()
    skill = serializers.FloatField(allow_null=True, help_text=_("Probability to be right; null: too few labels."))
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class FittedSerializer(serializers.Serializer[Any]):
    rules = ConsensusRulesSerializer()
    fit = FitSerializer(allow_null=True, help_text=_("null: nothing fitted yet."))
    decided = serializers.IntegerField(help_text=_("Items with a consensus that are in the fit."))
    expected_errors = serializers.FloatField(help_text=_("Wrong labels to expect among the decided."))
    disputed = serializers.IntegerField(help_text=_("Decided items where another label is more probable."))
    annotators = AnnotatorSkillSerializer(many=True)


def _as_data(project: Project) -> dict[str, Any]:
    shown = fit_of(project)
    return FittedSerializer(
        {
            "rules": rules_of(project),
            "fit": shown and shown.fit,
            "decided": shown.decided if shown else 0,
            "expected_errors": shown.errors if shown else 0.0,
            "disputed": shown.disputed if shown else 0,
            "annotators": skills_of_project(shown.fit) if shown else [],
        }
    ).data


class FitView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="consensus_fit", summary="What the fitted method of consensus found",
        responses=FittedSerializer, tags=["consensus"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        return Response(_as_data(access.project))

    @extend_schema(
        operation_id="consensus_fit_change", summary="Choose the method of consensus",
        description="Only the fields given are changed. The fit follows in the background.",
        request=ConsensusRulesSerializer, responses=FittedSerializer, tags=["consensus"],
    )  # fmt: skip
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = ConsensusRulesSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        _rules, changed = rules_update(project=access.project, actor=person(request), values=dict(given.validated_data))
        if changed:
            refit_soon(project_id)
        return Response(_as_data(access.project))

    @extend_schema(
        operation_id="consensus_refit", summary="Fit the labels anew now", request=None, responses={202: None},
        tags=["consensus"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        project_access(request.user, project_id, OWNER)
        refit_consensus.delay(project_id)
        return Response(status=202)


class PosteriorSerializer(serializers.ModelSerializer[ItemPosterior]):
    item = serializers.IntegerField(source="item_id")
    external_id = serializers.CharField(source="item.external_id")
    value = serializers.JSONField()
    probabilities = serializers.DictField(child=serializers.FloatField())

    class Meta:
        model = ItemPosterior
        fields = ["item", "external_id", "value", "certainty", "probabilities"]


class CertaintyPagination(CursorPagination):
    """The least certain first; among equals the oldest item."""

    ordering = ("certainty", "item_id")
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000


class PosteriorsView(GenericAPIView[ItemPosterior]):
    token_scope = Scope.MANAGE
    serializer_class = PosteriorSerializer
    pagination_class = CertaintyPagination
    queryset = ItemPosterior.objects.none()

    @extend_schema(
        operation_id="posteriors", summary="Posteriors of items, the least certain first", tags=["consensus"]
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        page = self.paginate_queryset(least_certain(access.project))
        return self.get_paginated_response(PosteriorSerializer(page, many=True).data)
