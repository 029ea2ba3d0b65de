"""REST of models and runs."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import OWNER, READERS, project_access, run_access
from annotations.models import Run, RunStatus
from ledger.services import actor_of
from llm_workers.access import prompt_access
from llm_workers.api.serializers import (
    ModelFactsSerializer,
    ModelSerializer,
    RulesSerializer,
    RunDetailSerializer,
    RunItemSerializer,
    RunSerializer,
    RunStartSerializer,
)
from llm_workers.models import ModelVersion, RunItem, RunItemStatus
from llm_workers.policy import Asked
from llm_workers.registry.access import model_found, operator
from llm_workers.registry.selectors import models_known
from llm_workers.selectors.runs import items_of, run_with_model, runs_of
from llm_workers.services.models import model_describe, models_refresh
from llm_workers.services.rules import run_rules_set
from llm_workers.services.runs import run_cancel, run_pause, run_resume, run_start


class ModelsView(GenericAPIView[ModelVersion]):
    serializer_class = ModelSerializer
    queryset = ModelVersion.objects.none()

    @extend_schema(operation_id="list_models", summary="Models that servers offer or offered", tags=["models"])
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(models_known())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ModelsRefreshView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="refresh_models",
        summary="Ask the servers what they serve",
        description="For operators of the installation. The servers are asked every minute in any case.",
        request=None,
        responses=ModelSerializer(many=True),
        tags=["models"],
    )
    def post(self, request: Request) -> Response:
        operator(request.user)
        models_refresh(actor=actor_of(request.user))
        return Response(ModelSerializer(models_known(), many=True).data)


class ModelView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(operation_id="get_model", summary="A model", responses=ModelSerializer, tags=["models"])
    def get(self, request: Request, model_id: int) -> Response:
        return Response(ModelSerializer(model_found(model_id)).data)

    @extend_schema(
        operation_id="describe_model",
        summary="Say what no server says: licence, source, hash, prices",
        description="For operators of the installation. Prices make the cost of runs appear. Another hash, base,"
        " adapter or quantization than was written, where there are labels, is another model: the answer is that one.",
        request=ModelFactsSerializer,
        responses=ModelSerializer,
        tags=["models"],
    )
    def patch(self, request: Request, model_id: int) -> Response:
        operator(request.user)
        model = model_found(model_id)
        facts = ModelFactsSerializer(model, data=request.data, partial=True)
        facts.is_valid(raise_exception=True)
        described = model_describe(model=model, by=request.user, **facts.validated_data)
        return Response(ModelSerializer(model_found(described.pk)).data)


class RunFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=RunStatus.choices)

    class Meta:
        model = Run
        fields = ["status"]


class RunsView(GenericAPIView[Run]):
    serializer_class = RunSerializer
    filterset_class = RunFilter
    token_scope = Scope.RUN
    queryset = Run.objects.none()

    @extend_schema(operation_id="list_runs", summary="Model runs of a project", tags=["runs"])
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        page = self.paginate_queryset(self.filter_queryset(runs_of(access.project)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="start_run",
        summary="Let a model label what it has not labelled yet",
        request=RunStartSerializer,
        responses={201: RunDetailSerializer},
        tags=["runs"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        asked = RunStartSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        facts = dict(asked.validated_data)
        if facts["prompt"] is not None:
            facts["prompt"] = prompt_access(request.user, project_id, facts["prompt"], OWNER)[1]
        facts["rules"] = [Asked(**rule) for rule in facts["rules"]]
        run = run_start(project=access.project, started_by=request.user, **facts)
        headers = {"Location": reverse("api_run", args=[run.pk])}
        return Response(RunDetailSerializer(run_with_model(run.pk)).data, status=201, headers=headers)


class RunView(APIView):
    @extend_schema(operation_id="get_run", summary="How far a run is", responses=RunDetailSerializer, tags=["runs"])
    def get(self, request: Request, run_id: int) -> Response:
        _access, run = run_access(request.user, run_id, READERS)
        return Response(RunDetailSerializer(run_with_model(run.pk)).data)


class RunPauseView(APIView):
    token_scope = Scope.RUN

    @extend_schema(
        operation_id="pause_run",
        summary="Take no more items; answers under way still count",
        request=None,
        responses=RunDetailSerializer,
        tags=["runs"],
    )
    def post(self, request: Request, run_id: int) -> Response:
        _access, run = run_access(request.user, run_id, OWNER)
        run_pause(run=run, by=request.user)
        return Response(RunDetailSerializer(run_with_model(run.pk)).data)


class RunResumeView(APIView):
    token_scope = Scope.RUN

    @extend_schema(
        operation_id="resume_run",
        summary="Go on with a paused run",
        request=None,
        responses=RunDetailSerializer,
        tags=["runs"],
    )
    def post(self, request: Request, run_id: int) -> Response:
        _access, run = run_access(request.user, run_id, OWNER)
        run_resume(run=run, by=request.user)
        return Response(RunDetailSerializer(run_with_model(run.pk)).data)


class RunCancelView(APIView):
    token_scope = Scope.RUN

    @extend_schema(
        operation_id="cancel_run",
        summary="End a run; its labels stay",
        request=None,
        responses=RunDetailSerializer,
        tags=["runs"],
    )
    def post(self, request: Request, run_id: int) -> Response:
        _access, run = run_access(request.user, run_id, OWNER)
        run_cancel(run=run, by=request.user)
        return Response(RunDetailSerializer(run_with_model(run.pk)).data)


class RunRulesView(APIView):
    token_scope = Scope.RUN

    @extend_schema(
        operation_id="set_run_rules",
        summary="Give a run other limits",
        description="They count from the next answer on. A run that a limit has paused goes on when it is resumed.",
        request=RulesSerializer,
        responses=RunDetailSerializer,
        tags=["runs"],
    )
    def put(self, request: Request, run_id: int) -> Response:
        _access, run = run_access(request.user, run_id, OWNER)
        asked = RulesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        run_rules_set(run=run, rules=asked.asked(), by=request.user)
        return Response(RunDetailSerializer(run_with_model(run.pk)).data)


class RunItemFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=RunItemStatus.choices)

    class Meta:
        model = RunItem
        fields = ["status"]


class RunItemsView(GenericAPIView[RunItem]):
    serializer_class = RunItemSerializer
    filterset_class = RunItemFilter
    queryset = RunItem.objects.none()

    @extend_schema(
        operation_id="list_run_items",
        summary="What became of each item of a run",
        description="`?status=unanswered` gives the items without a usable answer, with the reasons.",
        tags=["runs"],
    )
    def get(self, request: Request, run_id: int) -> Response:
        _access, run = run_access(request.user, run_id, READERS)
        found: QuerySet[RunItem] = self.filter_queryset(items_of(run))
        page: Any = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
