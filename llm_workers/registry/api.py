"""REST of servers, for operators."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from llm_workers.limits import LONGEST_ANSWER
from llm_workers.models import Endpoint, Throughput
from llm_workers.registry.access import operator, server_access
from llm_workers.registry.forms import CURRENCY
from llm_workers.registry.selectors import servers_listed
from llm_workers.services.servers import server_add, server_change, server_remove


class ThroughputSerializer(serializers.ModelSerializer[Throughput]):
    model_name = serializers.CharField(source="model.name")
    whole = serializers.BooleanField(help_text=_("By the server's own counters; else by one process's requests."))

    class Meta:
        model = Throughput
        fields = [
            "model", "model_name", "prompt_tokens_per_second", "completion_tokens_per_second", "labels_per_second",
            "whole", "seconds", "seen_at",
        ]  # fmt: skip


class ServerSerializer(serializers.ModelSerializer[Endpoint]):
    has_key = serializers.BooleanField(help_text=_("A key of its own is stored; no answer ever contains it."))
    models: Any = serializers.PrimaryKeyRelatedField(source="model_versions", many=True, read_only=True)
    throughputs = ThroughputSerializer(many=True)

    class Meta:
        model = Endpoint
        fields = [
            "id", "url", "added", "enabled", "notes", "has_key", "price_per_hour", "currency", "answer_seconds",
            "dialect", "healthy", "problem", "answer_ms", "checked_at", "breaker", "opens", "retry_at", "fault",
            "models", "throughputs",
        ]  # fmt: skip


class ServerWriteSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=300, help_text=_("http or https, without a password, ending in /v1."))
    api_key = serializers.CharField(
        max_length=500, required=False, allow_blank=True, write_only=True,
        help_text=_("Stored encrypted, never shown again. Empty takes it away."),
    )  # fmt: skip
    notes = serializers.CharField(max_length=500, required=False, allow_blank=True)
    price_per_hour = serializers.DecimalField(
        max_digits=10, decimal_places=4, min_value=0, required=False, allow_null=True
    )
    currency = serializers.CharField(max_length=3, required=False, validators=[CURRENCY])
    answer_seconds = serializers.IntegerField(
        min_value=1, max_value=LONGEST_ANSWER, required=False, allow_null=True,
        help_text=_("How long it may take for one answer; null: as long as LLM_ANSWER_SECONDS says."),
    )  # fmt: skip


class ServerChangeSerializer(ServerWriteSerializer):
    enabled = serializers.BooleanField(required=False, help_text=_("False: runs stop asking it within seconds."))


class ServersView(GenericAPIView[Endpoint]):
    serializer_class = ServerSerializer
    queryset = Endpoint.objects.none()
    token_scope = Scope.MANAGE
    read_scope = Scope.MANAGE

    @extend_schema(operation_id="list_servers", summary="Servers of language models", tags=["models"])
    def get(self, request: Request) -> Response:
        operator(request.user)
        page = self.paginate_queryset(servers_listed())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="add_server",
        summary="Add a server while everything runs",
        description="For operators. It is asked at once what it serves; runs of its models use it within seconds.",
        request=ServerWriteSerializer,
        responses={201: ServerSerializer},
        tags=["models"],
    )
    def post(self, request: Request) -> Response:
        operator(request.user)
        body = ServerWriteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = server_add(by=request.user, **body.validated_data)
        headers = {"Location": reverse("api_server", args=[made.pk])}
        return Response(ServerSerializer(server_access(request.user, made.pk)).data, status=201, headers=headers)


class ServerView(APIView):
    token_scope = Scope.MANAGE
    read_scope = Scope.MANAGE

    @extend_schema(operation_id="get_server", summary="A server", responses=ServerSerializer, tags=["models"])
    def get(self, request: Request, endpoint_id: int) -> Response:
        return Response(ServerSerializer(server_access(request.user, endpoint_id)).data)

    @extend_schema(
        operation_id="change_server",
        summary="Change, disable or enable a server",
        request=ServerChangeSerializer,
        responses=ServerSerializer,
        tags=["models"],
    )
    def patch(self, request: Request, endpoint_id: int) -> Response:
        endpoint = server_access(request.user, endpoint_id)
        body = ServerChangeSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        server_change(endpoint=endpoint, by=request.user, **body.validated_data)
        return Response(ServerSerializer(server_access(request.user, endpoint_id)).data)

    @extend_schema(operation_id="remove_server", summary="Remove a server", responses={204: None}, tags=["models"])
    def delete(self, request: Request, endpoint_id: int) -> Response:
        server_remove(endpoint=server_access(request.user, endpoint_id), by=request.user)
        return Response(status=204)
