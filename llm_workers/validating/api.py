"""REST of validation."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, READERS, STAFF, project_access
from annotations.models import Project
from llm_workers.models import ModelVersion
from llm_workers.validating.models import LabelScore, Rating, ValidatorRules, Verdict, VerifierFit, VerifierRules
from llm_workers.validating.recommending import recommended_validator
from llm_workers.validating.rules import FIELDS as VERIFIER_FIELDS
from llm_workers.validating.rules import verifier_rules_update
from llm_workers.validating.scores import scores_lowest
from llm_workers.validating.selectors import Compared, Share, ratings_of, validator_shown
from llm_workers.validating.services import FIELDS as VALIDATOR_FIELDS
from llm_workers.validating.services import (
    validator_pause,
    validator_resume,
    validator_rules_of,
    validator_rules_update,
)
from llm_workers.validating.tasks import verify_labels, verify_soon
from llm_workers.validating.verifying import verifier_rules_of


class ValidatorRulesSerializer(serializers.ModelSerializer[ValidatorRules]):
    model = serializers.PrimaryKeyRelatedField(queryset=ModelVersion.objects.all(), allow_null=True, required=False)

    class Meta:
        model = ValidatorRules
        fields = VALIDATOR_FIELDS


class ShareSerializer(serializers.Serializer[Share]):
    count = serializers.IntegerField()
    total = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True, help_text=_("null: insufficient data."))
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True)


class ComparedSerializer(serializers.Serializer[Compared]):
    attribute = serializers.CharField(help_text=_("Empty: all items."))
    group = serializers.CharField()
    passed = ShareSerializer(help_text=_("Right labels that it agreed with."))
    caught = ShareSerializer(help_text=_("Wrong labels that it disagreed with."))


class RecommendedSerializer(serializers.Serializer[Any]):
    model = serializers.IntegerField(source="model.pk")
    name = serializers.CharField(source="model.name")
    agreed = serializers.IntegerField()
    compared = serializers.IntegerField()
    labels_here = serializers.BooleanField(help_text=_("This model has labelled the project itself."))
    why = serializers.CharField()


class ValidatorSerializer(serializers.Serializer[Any]):
    rules = ValidatorRulesSerializer()
    status = serializers.CharField(allow_null=True, help_text=_("idle, rating or paused; null: no turn yet."))
    reason = serializers.CharField()
    prompt = serializers.CharField()
    rated = serializers.IntegerField()
    left = serializers.IntegerField(help_text=_("Labels that wait or are being asked about."))
    unanswered = serializers.IntegerField()
    verdicts = serializers.DictField(child=serializers.IntegerField())
    tokens = serializers.IntegerField(help_text=_("Of every validator that the project had, as the limits count."))
    seconds = serializers.FloatField()
    cost = serializers.DecimalField(max_digits=16, decimal_places=6, allow_null=True)
    currency = serializers.CharField()
    compared = ComparedSerializer(many=True, help_text=_("Against settlements and gold: all items, then each group."))
    compared_at = serializers.DateTimeField(
        allow_null=True, help_text=_("What `compared` is as of: counted with the scores; null: not yet.")
    )
    recommended = RecommendedSerializer(allow_null=True)


def _validator(project: Project) -> dict[str, Any]:
    shown = validator_shown(project)
    own, used = shown.validator, shown.used
    return ValidatorSerializer(
        {
            "rules": shown.rules,
            "status": own.status if own else None,
            "reason": own.reason if own else "",
            "prompt": own.prompt if own else "",
            "rated": own.rated if own else 0,
            "left": shown.left,
            "unanswered": own.unanswered if own else 0,
            "verdicts": shown.verdicts,
            "tokens": used.tokens,
            "seconds": used.seconds,
            "cost": None if used.cost is None else round(used.cost, 6),
            "currency": used.currency,
            "compared": [shown.overall, *shown.groups],
            "compared_at": shown.compared_at,
            "recommended": recommended_validator(project),
        }
    ).data


class ValidatorView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="validator", summary="The model that rates people's labels", responses=ValidatorSerializer,
        tags=["validation"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        return Response(_validator(project_access(request.user, project_id, STAFF).project))

    @extend_schema(
        operation_id="validator_change", summary="Switch the validator on or off, choose its model and limits",
        description=(
            "Only the fields given are changed. Switched on without a model it is the recommended one, the fairest of "
            "the audit. Rating follows in the background."
        ),
        request=ValidatorRulesSerializer, responses=ValidatorSerializer, tags=["validation"],
    )  # fmt: skip
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = ValidatorRulesSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        if values.get("enabled") and "model" not in values and validator_rules_of(access.project).model_id is None:
            best = recommended_validator(access.project)
            values |= {"model": best.model} if best else {}
        validator_rules_update(project=access.project, by=person(request), values=values)
        return Response(_validator(access.project))


class ValidatorPauseView(APIView):
    token_scope = Scope.RUN

    @extend_schema(
        operation_id="pause_validator", summary="Rate no more; answers under way still count", request=None,
        responses=ValidatorSerializer, tags=["validation"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        validator_pause(project=access.project, by=person(request))
        return Response(_validator(access.project))


class ValidatorResumeView(APIView):
    token_scope = Scope.RUN

    @extend_schema(
        operation_id="resume_validator", summary="Go on with a paused validator", request=None,
        responses=ValidatorSerializer, tags=["validation"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        validator_resume(project=access.project, by=person(request))
        return Response(_validator(access.project))


class RatingSerializer(serializers.ModelSerializer[Rating]):
    external_id = serializers.CharField(source="item.external_id")
    value = serializers.JSONField()
    probabilities = serializers.DictField(child=serializers.FloatField(), allow_null=True)

    class Meta:
        model = Rating
        fields = [
            "id", "item", "external_id", "value", "status", "verdict", "confidence", "probabilities", "reason",
            "problem", "finished_at",
        ]  # fmt: skip


class RatingFilter(django_filters.FilterSet):
    item = django_filters.NumberFilter(field_name="item_id")
    verdict = django_filters.ChoiceFilter(choices=Verdict.choices)

    class Meta:
        model = Rating
        fields = ["item", "verdict"]


class RatingsView(GenericAPIView[Rating]):
    token_scope = Scope.MANAGE
    serializer_class = RatingSerializer
    filterset_class = RatingFilter
    queryset = Rating.objects.none()

    @extend_schema(
        operation_id="ratings", summary="What the validator says of each label of an item, newest first",
        description="One for each label that people gave an item, whoever and however many did.", tags=["validation"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        found: QuerySet[Rating] = self.filter_queryset(ratings_of(access.project))
        page: Any = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class VerifierRulesSerializer(serializers.ModelSerializer[VerifierRules]):
    class Meta:
        model = VerifierRules
        fields = VERIFIER_FIELDS


class VerifierFitSerializer(serializers.ModelSerializer[VerifierFit]):
    figures = serializers.DictField(
        help_text=_(
            "`overall`, `people`, `models`, `rule` and each of `groups`: labels, right, items, auroc with low and high,"
            " ece, brier, bins; null where data are insufficient. `worth` of each signal, of how many labels each is"
            " `known`, `loss` of each method."
        )
    )

    class Meta:
        model = VerifierFit
        fields = ["method", "labels", "learnt", "right", "items", "ratings", "cases", "figures", "seconds", "fitted_at"]


class VerifierSerializer(serializers.Serializer[Any]):
    rules = VerifierRulesSerializer()
    fit = VerifierFitSerializer(allow_null=True, help_text=_("null: nothing scored yet."))


def _verifier(project: Project) -> dict[str, Any]:
    fit = VerifierFit.objects.filter(project=project).first()
    return VerifierSerializer({"rules": verifier_rules_of(project), "fit": fit}).data


class VerifierView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="verifier", summary="How labels are scored, and how good the scores are",
        responses=VerifierSerializer, tags=["validation"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        return Response(_verifier(project_access(request.user, project_id, STAFF).project))

    @extend_schema(
        operation_id="verifier_change", summary="Choose when low scores open cases",
        description="Only the fields given are changed. Scores and cases follow in the background.",
        request=VerifierRulesSerializer, responses=VerifierSerializer, tags=["validation"],
    )  # fmt: skip
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = VerifierRulesSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        _rules, changed = verifier_rules_update(project=access.project, by=person(request), values=values)
        if changed:
            verify_soon(project_id)
        return Response(_verifier(access.project))

    @extend_schema(
        operation_id="verifier_run", summary="Score all labels anew now", request=None, responses={202: None},
        tags=["validation"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        project_access(request.user, project_id, OWNER)
        verify_labels.delay(project_id)
        return Response(status=202)


class LabelScoreSerializer(serializers.ModelSerializer[LabelScore]):
    item = serializers.IntegerField(source="annotation.item_id")
    external_id = serializers.CharField(source="annotation.item.external_id")
    value = serializers.JSONField(source="annotation.value")
    annotator = serializers.SerializerMethodField(help_text=_("A pseudonym; a model's name."))
    kind = serializers.CharField(source="annotation.annotator.kind")
    why = serializers.ListField(child=serializers.CharField(), help_text=_("Signals against it, weightiest first."))

    class Meta:
        model = LabelScore
        fields = ["annotation", "item", "external_id", "value", "annotator", "kind", "score", "why"]

    @extend_schema_field(str)
    def get_annotator(self, row: LabelScore) -> str:
        annotator = row.annotation.annotator
        return annotator.name if annotator.kind == "model" and annotator.name else annotator.pseudonym


class LowestFirst(CursorPagination):
    ordering = ("score", "annotation_id")
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000


class ScoresView(GenericAPIView[LabelScore]):
    token_scope = Scope.MANAGE
    serializer_class = LabelScoreSerializer
    pagination_class = LowestFirst
    queryset = LabelScore.objects.none()

    @extend_schema(
        operation_id="label_scores", summary="How probably each label is right, the lowest first",
        description="For owners and auditors: an expert judges labels without their givers.", tags=["validation"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        page = self.paginate_queryset(scores_lowest(access.project))
        return self.get_paginated_response(LabelScoreSerializer(page, many=True).data)
