"""REST of a worker's own labels."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import WORKERS, annotator_of, project_access
from annotations.labelling.api import AssignmentSerializer
from annotations.models import Annotation, AnnotationStatus
from annotations.working.changing import change_answer, own_label, take_back
from annotations.working.selectors import given, history_of


class GivenSerializer(serializers.Serializer[Any]):
    """A label of one's own and the item as it was shown: no group, no gold label, no consensus, nobody else's label."""

    id = serializers.IntegerField(source="annotation.pk")
    item = serializers.IntegerField(source="annotation.item_id")
    modality = serializers.CharField(source="annotation.item.modality")
    payload = serializers.JSONField(source="annotation.item.payload")
    schema_version = serializers.IntegerField(source="annotation.schema.version")
    value = serializers.JSONField(source="annotation.value")
    status = serializers.ChoiceField(choices=AnnotationStatus.choices, source="annotation.status")
    created_at = serializers.DateTimeField(source="annotation.created_at")
    first_given_at = serializers.DateTimeField(source="given_at", help_text=_("Your first label of this item."))
    can_change = serializers.BooleanField()
    change_until = serializers.DateTimeField(source="until")
    fixed_because = serializers.CharField(source="fixed", help_text=_("Why it cannot be changed; else empty."))


class HistoryQuerySerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=AnnotationStatus.choices, required=False)


class ChangeSerializer(serializers.Serializer[Any]):
    value = serializers.JSONField(help_text=_("Single choice: a label key. Multiple choice: a list of label keys."))


class HistoryView(GenericAPIView[Annotation]):
    read_scope = Scope.LABEL
    serializer_class = GivenSerializer
    queryset = Annotation.objects.none()

    @extend_schema(
        operation_id="my_labels", summary="Your labels, newest first", parameters=[HistoryQuerySerializer],
        tags=["labelling"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        query = HistoryQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        page = self.paginate_queryset(history_of(annotator_of(access), query.validated_data.get("status", "")))
        return self.get_paginated_response(GivenSerializer(given(access.project, page or []), many=True).data)


class HistoryLabelView(APIView):
    token_scope = Scope.LABEL
    read_scope = Scope.LABEL

    @extend_schema(operation_id="my_label", summary="One of your labels", responses=GivenSerializer, tags=["labelling"])
    def get(self, request: Request, project_id: int, annotation_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        annotator = annotator_of(access)
        own_label(annotator, annotation_id)
        (row,) = given(access.project, history_of(annotator).filter(pk=annotation_id))
        return Response(GivenSerializer(row).data)

    @extend_schema(
        operation_id="change_my_label", summary="Change one of your labels",
        request=ChangeSerializer, responses=GivenSerializer, tags=["labelling"],
    )  # fmt: skip
    def put(self, request: Request, project_id: int, annotation_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        annotator = annotator_of(access)
        body = ChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = change_answer(annotator=annotator, annotation_id=annotation_id, **body.validated_data)
        (row,) = given(access.project, history_of(annotator).filter(pk=made.pk))
        return Response(GivenSerializer(row).data)


class TakeBackView(APIView):
    token_scope = Scope.LABEL

    @extend_schema(
        operation_id="take_back_my_label", summary="Take one of your labels back: its item is leased to you again",
        request=None, responses=AssignmentSerializer, tags=["labelling"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int, annotation_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        again = take_back(annotator=annotator_of(access), annotation_id=annotation_id)
        return Response(AssignmentSerializer(again).data)
