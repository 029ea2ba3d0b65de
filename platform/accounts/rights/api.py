"""REST of one's own data."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from accounts.rights.selectors import prospect, stored
from accounts.rights.views import download_of, erase_confirmed


class StoredSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="part.name", help_text=_("Its file in the download, without “.json”."))
    title = serializers.CharField(source="part.title")
    count = serializers.IntegerField(allow_null=True, help_text=_("Null where there is nothing to count."))
    erased = serializers.BooleanField(source="part.goes", help_text=_("Erasing the account leaves nothing of it."))
    afterwards = serializers.CharField(source="part.afterwards", help_text=_("What erasing the account does to it."))


class NoticeSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    project = serializers.IntegerField(source="project_id", allow_null=True)
    project_name = serializers.CharField()


class ProspectSerializer(serializers.Serializer[Any]):
    hindrances = NoticeSerializer(many=True, help_text=_("Why the account cannot be erased yet."))
    warnings = NoticeSerializer(many=True, help_text=_("What to know before: confirmed by “paid”."))
    confirm_with = serializers.ChoiceField(choices=["password", "email"])


class EraseSerializer(serializers.Serializer[Any]):
    understood = serializers.BooleanField(default=False, help_text=_("True: you know what goes and what stays."))
    paid = serializers.BooleanField(default=False, help_text=_("True where there are warnings."))
    password = serializers.CharField(default="", trim_whitespace=False, allow_blank=True)
    email = serializers.CharField(
        default="", allow_blank=True, help_text=_("Instead of the password, for an account without one.")
    )


class DataView(APIView):
    @extend_schema(
        operation_id="account_data", summary="What is stored about you", responses=StoredSerializer(many=True),
        tags=["account"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(StoredSerializer(stored(person(request)), many=True).data)


class DataDownloadView(APIView):
    read_scope = Scope.MANAGE

    @extend_schema(
        operation_id="account_data_download", summary="Everything that is stored about you, as a ZIP of JSON files",
        responses={(200, "application/zip"): OpenApiTypes.BINARY}, tags=["account"],
    )  # fmt: skip
    def get(self, request: Request) -> Any:
        return download_of(person(request))


class EraseView(APIView):
    read_scope = Scope.MANAGE
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="account_erase_ahead", summary="What stands against erasing your account, and how to confirm it",
        responses=ProspectSerializer, tags=["account"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(ProspectSerializer(prospect(person(request))).data)

    @extend_schema(
        operation_id="account_erase", summary="Erase your account, for good",
        request=EraseSerializer, responses={204: None}, tags=["account"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        user = person(request)
        body = EraseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        erase_confirmed(request._request, user, prospect(user), body.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)
