"""REST: one's own account, one's API tokens, accepting an invitation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import (
    AcceptSerializer,
    MembershipSerializer,
    MeSerializer,
    TokenCreateSerializer,
    TokenMadeSerializer,
    TokenSerializer,
)
from accounts.models import ApiToken, Scope
from accounts.people import person
from accounts.selectors import tokens_of
from accounts.services import invitations, profile, tokens


class MeView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(operation_id="me", summary="Your account", responses=MeSerializer, tags=["account"])
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(person(request)).data)

    @extend_schema(
        operation_id="me_update",
        summary="Change your name",
        request=MeSerializer,
        responses=MeSerializer,
        tags=["account"],
    )
    def patch(self, request: Request) -> Response:
        body = MeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = profile.profile_update(user=person(request), display_name=body.validated_data["display_name"])
        return Response(MeSerializer(user).data)


class TokensView(ListAPIView[ApiToken]):
    token_scope = Scope.MANAGE
    serializer_class = TokenSerializer

    def get_queryset(self) -> Any:
        return tokens_of(person(self.request)) if self.request.user.is_authenticated else ApiToken.objects.none()

    @extend_schema(operation_id="tokens_list", summary="Your tokens", tags=["account"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="tokens_create",
        summary="Make a token",
        description="Shown in this answer and never again. Asked for with a token, it can do no more than that one.",
        request=TokenCreateSerializer,
        responses={201: TokenMadeSerializer},
        tags=["account"],
    )
    def post(self, request: Request) -> Response:
        body = TokenCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        within = request.auth if isinstance(request.auth, ApiToken) else None
        token, secret = tokens.token_create(user=person(request), within=within, **body.validated_data)
        token.token = secret  # type: ignore[attr-defined]  # for this one answer
        answer = Response(TokenMadeSerializer(token).data, status=status.HTTP_201_CREATED)
        answer["Cache-Control"] = "no-store"
        return answer


class TokenView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(operation_id="tokens_revoke", summary="Revoke a token", responses={204: None}, tags=["account"])
    def delete(self, request: Request, token_id: int) -> Response:
        tokens.token_revoke(user=person(request), token_id=token_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AcceptView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="invitations_accept",
        summary="Accept an invitation",
        request=AcceptSerializer,
        responses=MembershipSerializer,
        tags=["people"],
    )
    def post(self, request: Request) -> Response:
        body = AcceptSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        membership, created = invitations.invitation_accept(user=person(request), raw=body.validated_data["token"])
        membership.created = created  # type: ignore[attr-defined]
        return Response(MembershipSerializer(membership).data)
