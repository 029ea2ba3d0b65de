"""REST of webhooks."""

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
from accounts.people import person
from annotations.access import OWNER, project_access
from annotations.models import Webhook, WebhookDelivery, WebhookEvent
from annotations.webhooks.addresses import LONGEST
from annotations.webhooks.selectors import deliveries_of, webhook_access, webhooks_of
from annotations.webhooks.services import webhook_add, webhook_change, webhook_remove


class WebhookChangeSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=LONGEST, required=False)
    events = serializers.ListField(child=serializers.ChoiceField(choices=WebhookEvent.choices), required=False)
    enabled = serializers.BooleanField(required=False)


class WebhookNewSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField(min_value=1)
    url = serializers.CharField(max_length=LONGEST)
    events = serializers.ListField(child=serializers.ChoiceField(choices=WebhookEvent.choices))


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    events = serializers.ListField(child=serializers.ChoiceField(choices=WebhookEvent.choices))

    class Meta:
        model = Webhook
        fields = ["id", "project", "url", "events", "enabled", "created_at"]


class WebhookMadeSerializer(WebhookSerializer):
    """With the secret, which is told this once."""

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    body = serializers.DictField()
    status = serializers.IntegerField(allow_null=True, help_text=_("Of the last answer; null: there was none."))

    class Meta:
        model = WebhookDelivery
        fields = ["id", "event", "body", "made_at", "attempts", "tried_at", "done_at", "taken", "status", "note"]


class WebhooksView(GenericAPIView[Webhook]):
    read_scope = token_scope = Scope.MANAGE
    serializer_class = WebhookSerializer
    queryset = Webhook.objects.none()

    @extend_schema(operation_id="list_webhooks", summary="Webhooks of the projects that you own", tags=["webhooks"])
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(webhooks_of(request.user))
        return self.get_paginated_response(WebhookSerializer(page, many=True).data)

    @extend_schema(
        operation_id="add_webhook", summary="Have an address told what happens",
        description="The answer holds the secret that signs the messages, this once. 409: the address is told already.",
        request=WebhookNewSerializer, responses={201: WebhookMadeSerializer}, tags=["webhooks"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        given = WebhookNewSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        access = project_access(request.user, values["project"], OWNER)
        webhook = webhook_add(project=access.project, actor=person(request), url=values["url"], events=values["events"])
        return Response(WebhookMadeSerializer(webhook).data, status=201)


class WebhookView(APIView):
    read_scope = token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="webhook", summary="A webhook", responses=WebhookSerializer, tags=["webhooks"]
    )  # fmt: skip
    def get(self, request: Request, webhook_id: int) -> Response:
        return Response(WebhookSerializer(webhook_access(request.user, webhook_id)[1]).data)

    @extend_schema(
        operation_id="change_webhook", summary="Change a webhook", description="The secret stays.",
        request=WebhookChangeSerializer, responses=WebhookSerializer, tags=["webhooks"],
    )  # fmt: skip
    def patch(self, request: Request, webhook_id: int) -> Response:
        _access, webhook = webhook_access(request.user, webhook_id)
        given = WebhookChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        changed = webhook_change(webhook=webhook, actor=person(request), values=given.validated_data)
        return Response(WebhookSerializer(changed).data)

    @extend_schema(
        operation_id="remove_webhook", summary="Tell an address nothing any more", responses={204: None},
        tags=["webhooks"],
    )  # fmt: skip
    def delete(self, request: Request, webhook_id: int) -> Response:
        webhook_remove(webhook=webhook_access(request.user, webhook_id)[1], actor=person(request))
        return Response(status=204)


class DeliveriesView(GenericAPIView[WebhookDelivery]):
    read_scope = token_scope = Scope.MANAGE
    serializer_class = DeliverySerializer
    queryset = WebhookDelivery.objects.none()

    @extend_schema(operation_id="webhook_deliveries", summary="What a webhook was told", tags=["webhooks"])
    def get(self, request: Request, webhook_id: int) -> Response:
        page = self.paginate_queryset(deliveries_of(webhook_access(request.user, webhook_id)[1]))
        return self.get_paginated_response(DeliverySerializer(page, many=True).data)
