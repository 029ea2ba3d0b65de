"""REST of checking: rules, people, reviews, exclusions, one's own standing."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, READERS, WORKERS, annotator_of, project_access
from annotations.models import Exclusion, QualityRules, Review, Standing
from annotations.models.quality import LONGEST_TEXT
from annotations.quality.appeals import appeal
from annotations.quality.excluding import exclusion_lift, labels_exclude
from annotations.quality.reviews import person_pause, review_decide
from annotations.quality.rules import FIELDS, rules_change, rules_of
from annotations.quality.selectors import (
    described,
    exclusions_of,
    own_standing,
    people,
    reviews_of,
)
from annotations.tasks import exclusion_follow


class QualityRulesSerializer(serializers.ModelSerializer[QualityRules]):
    class Meta:
        model = QualityRules
        fields = FIELDS


class TrustSerializer(serializers.Serializer[Any]):
    right = serializers.IntegerField(help_text=_("Answers to hidden gold items that were as known."))
    wrong = serializers.IntegerField()
    mean = serializers.FloatField(help_text=_("Of the Beta posterior of the person's accuracy."))
    low = serializers.FloatField(help_text=_("Of its central 95 % interval."))
    high = serializers.FloatField()


class PersonSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField(source="annotator.pk")
    pseudonym = serializers.CharField(source="annotator.pseudonym")
    standing = serializers.ChoiceField(source="annotator.standing", choices=Standing.choices)
    trust = TrustSerializer()
    labels = serializers.IntegerField(help_text=_("That count."))
    excluded = serializers.IntegerField(help_text=_("That were taken out of the count."))
    waits = serializers.BooleanField(help_text=_("For the owner's decision."))


class ReviewSerializer(serializers.ModelSerializer[Review]):
    pseudonym = serializers.CharField(source="annotator.pseudonym", read_only=True)

    class Meta:
        model = Review
        fields = [
            "id", "annotator", "pseudonym", "cause", "status", "evidence", "note", "opened_at", "appeal",
            "appealed_at", "decided_at", "reason",
        ]  # fmt: skip


class ExclusionSerializer(serializers.ModelSerializer[Exclusion]):
    pseudonym = serializers.CharField(source="annotator.pseudonym", read_only=True)

    class Meta:
        model = Exclusion
        fields = ["id", "annotator", "pseudonym", "reason", "made_at", "lifted_at", "lift_reason", "done_at"]


class PauseSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField()
    note = serializers.CharField(max_length=LONGEST_TEXT, help_text=_("Why; the person reads it."))


class DecisionSerializer(serializers.Serializer[Any]):
    reinstate = serializers.BooleanField(help_text=_("False: the person stays paused."))
    reason = serializers.CharField(max_length=LONGEST_TEXT, help_text=_("The person reads it."))


class ExcludeSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField()
    reason = serializers.CharField(max_length=LONGEST_TEXT)


class LiftSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_TEXT)


class AppealSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST_TEXT)


class OwnReviewSerializer(serializers.ModelSerializer[Review]):
    class Meta:
        model = Review
        fields = ["id", "cause", "status", "evidence", "note", "opened_at", "appeal", "decided_at", "reason"]


class OwnStandingSerializer(serializers.Serializer[Any]):
    standing = serializers.ChoiceField(choices=Standing.choices)
    review = OwnReviewSerializer(allow_null=True)
    may_appeal = serializers.BooleanField()


class Pages(PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


class QualityView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="quality_rules", summary="How people are checked",
        responses=QualityRulesSerializer, tags=["quality"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        return Response(QualityRulesSerializer(rules_of(access.project)).data)

    @extend_schema(
        operation_id="quality_rules_change", summary="Change how people are checked",
        description="Only the fields given are changed; they hold for what is answered from now on.",
        request=QualityRulesSerializer, responses=QualityRulesSerializer, tags=["quality"],
    )  # fmt: skip
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given: QualityRulesSerializer = QualityRulesSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        rules = rules_change(project=access.project, actor=person(request), values=dict(given.validated_data))
        return Response(QualityRulesSerializer(rules).data)


class PeopleChecksView(APIView):
    read_scope = Scope.MANAGE

    @extend_schema(
        operation_id="people_checks", summary="People, and what they answered to hidden gold items",
        description="Who waits for a decision first, then the least trusted. `?page=` and `?page_size=` up to 500.",
        responses=PersonSerializer(many=True), tags=["quality"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        pages = Pages()
        annotators = pages.paginate_queryset(people(access.project), request, view=self) or []
        rows = described(access.project, list(annotators))
        return Response(PersonSerializer(rows, many=True).data)


class ReviewsView(APIView):
    token_scope = Scope.MANAGE
    read_scope = Scope.MANAGE

    @extend_schema(
        operation_id="reviews", summary="Reviews of people, newest first",
        responses=ReviewSerializer(many=True), tags=["quality"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        page = Pages().paginate_queryset(reviews_of(access.project), request, view=self) or []
        return Response(ReviewSerializer(page, many=True).data)

    @extend_schema(
        operation_id="review_open", summary="Pause a person, with a reason that they read",
        request=PauseSerializer, responses={201: ReviewSerializer}, tags=["quality"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = PauseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        review = person_pause(access=access, annotator_id=given["annotator"], note=given["note"])
        return Response(ReviewSerializer(review).data, status=201)


class ReviewView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="review_decide", summary="Reinstate a person, or keep them paused",
        request=DecisionSerializer, responses=ReviewSerializer, tags=["quality"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int, review_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = DecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        review = review_decide(access=access, review_id=review_id, **body.validated_data)
        return Response(ReviewSerializer(review).data)


class ExclusionsView(APIView):
    token_scope = Scope.MANAGE
    read_scope = Scope.MANAGE

    @extend_schema(
        operation_id="exclusions", summary="Whose labels were taken out of the count, newest first",
        responses=ExclusionSerializer(many=True), tags=["quality"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        page = Pages().paginate_queryset(exclusions_of(access.project), request, view=self) or []
        return Response(ExclusionSerializer(page, many=True).data)

    @extend_schema(
        operation_id="exclusion_make", summary="Take a person's labels out of the count; none is deleted",
        request=ExcludeSerializer, responses={201: ExclusionSerializer}, tags=["quality"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = ExcludeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        made = labels_exclude(access=access, annotator_id=given["annotator"], reason=given["reason"])
        exclusion_follow(made.pk)
        return Response(ExclusionSerializer(made).data, status=201)


class ExclusionLiftView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="exclusion_lift", summary="Let the labels count again",
        request=LiftSerializer, responses=ExclusionSerializer, tags=["quality"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int, exclusion_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = LiftSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        lifted = exclusion_lift(access=access, exclusion_id=exclusion_id, **body.validated_data)
        exclusion_follow(lifted.pk)
        return Response(ExclusionSerializer(lifted).data)


class StandingView(APIView):
    token_scope = Scope.LABEL
    read_scope = Scope.LABEL

    @extend_schema(
        operation_id="my_standing", summary="Your standing in a project",
        responses=OwnStandingSerializer, tags=["quality"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        return Response(OwnStandingSerializer(own_standing(annotator_of(access))).data)

    @extend_schema(
        operation_id="my_appeal", summary="Say what you think of being paused",
        request=AppealSerializer, responses={201: OwnReviewSerializer}, tags=["quality"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        body = AppealSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        review = appeal(annotator=annotator_of(access), **body.validated_data)
        return Response(OwnReviewSerializer(review).data, status=201)
