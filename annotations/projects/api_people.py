"""REST: members, invitations, joining and leaving."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import (
    InvitationCreateSerializer,
    InvitationMadeSerializer,
    InvitationSerializer,
    MemberChangeSerializer,
    MemberSerializer,
    MembershipSerializer,
)
from accounts.models import Invitation, Membership, Scope
from accounts.people import person
from accounts.selectors import live_invitations, members_of
from accounts.services.invitations import invitation_create, invitation_revoke
from accounts.services.members import member_remove, member_role_change
from annotations.access import OWNER, project_access, project_open_to
from annotations.projects.api import checked
from annotations.projects.status import project_join, project_leave


class MembersView(ListAPIView[Membership]):
    read_scope = Scope.MANAGE  # names and addresses are for those who manage people
    serializer_class = MemberSerializer
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Membership]:
        if "project_id" not in self.kwargs:  # the schema generator looks at the view without a request
            return Membership.objects.none()
        access = project_access(self.request.user, self.kwargs["project_id"], OWNER)
        return members_of(access.project.pk)

    @extend_schema(operation_id="members_list", summary="A project's members", tags=["people"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class MemberView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="members_update",
        summary="Give a member another role",
        request=MemberChangeSerializer,
        responses=MemberSerializer,
        tags=["people"],
    )
    def patch(self, request: Request, project_id: int, member_id: int) -> Response:
        project_access(request.user, project_id, OWNER)
        role = checked(MemberChangeSerializer, request)["role"]
        member = member_role_change(project_id=project_id, member_id=member_id, role=role, actor=person(request))
        return Response(MemberSerializer(member).data)

    @extend_schema(operation_id="members_remove", summary="Remove a member", responses={204: None}, tags=["people"])
    def delete(self, request: Request, project_id: int, member_id: int) -> Response:
        project_access(request.user, project_id, OWNER)
        member_remove(project_id=project_id, member_id=member_id, actor=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationsView(ListAPIView[Invitation]):
    token_scope = Scope.MANAGE
    read_scope = Scope.MANAGE
    serializer_class = InvitationSerializer
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Invitation]:
        if "project_id" not in self.kwargs:  # the schema generator looks at the view without a request
            return Invitation.objects.none()
        access = project_access(self.request.user, self.kwargs["project_id"], OWNER)
        return live_invitations(access.project.pk)

    @extend_schema(operation_id="invitations_list", summary="Invitation links that still work", tags=["people"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="invitations_create",
        summary="Make an invitation link",
        description="The link is in this answer and never again.",
        request=InvitationCreateSerializer,
        responses={201: InvitationMadeSerializer},
        tags=["people"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        project_access(request.user, project_id, OWNER)
        given = checked(InvitationCreateSerializer, request)
        invitation, secret = invitation_create(project_id=project_id, actor=person(request), **given)
        link = request.build_absolute_uri(reverse("join", args=[secret]))
        shown = InvitationSerializer(invitation).data | {"token": secret, "url": link}
        return Response(shown, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class InvitationView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="invitations_revoke", summary="Withdraw an invitation link", responses={204: None}, tags=["people"]
    )
    def delete(self, request: Request, project_id: int, invitation_id: int) -> Response:
        project_access(request.user, project_id, OWNER)
        invitation_revoke(project_id=project_id, invitation_id=invitation_id, actor=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class JoinView(APIView):
    token_scope = Scope.LABEL

    @extend_schema(
        operation_id="projects_join",
        summary="Join an open project as a worker",
        request=None,
        responses=MembershipSerializer,
        tags=["people"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        project = project_open_to(request.user, project_id)
        membership, created = project_join(project=project, user=person(request))
        return Response(MembershipSerializer(membership).data | {"created": created})


class LeaveView(APIView):
    token_scope = Scope.LABEL

    @extend_schema(
        operation_id="projects_leave", summary="Leave a project", request=None, responses={204: None}, tags=["people"]
    )
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id)
        project_leave(project=access.project, user=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
