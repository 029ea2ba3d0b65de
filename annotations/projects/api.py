"""REST: projects, their settings, label schemas, status."""

from __future__ import annotations

from typing import Any, cast

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounts.models import Role, Scope
from accounts.people import person
from annotations.access import MEMBERS, OWNER, project_access
from annotations.models import LabelSchema, Project, ProjectStatus
from annotations.projects.inputs import SchemaInput
from annotations.projects.schemas import schema_change
from annotations.projects.selectors import projects_seen
from annotations.projects.serializers import (
    ProjectChangeSerializer,
    ProjectCreateSerializer,
    ProjectSerializer,
    ProjectStatusAnswerSerializer,
    SchemaChangeSerializer,
    SchemaSerializer,
    StatusSerializer,
)
from annotations.projects.services import project_create, project_update
from annotations.projects.status import project_set_status, status_warnings
from annotations.tasks import demand_soon


def checked(serializer: type[BaseSerializer[Any]], request: Request, **options: Any) -> dict[str, Any]:
    """The request's body, parsed and checked; a 400 names the fields at fault."""
    body = serializer(data=request.data, **options)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def seen(request: Request, project_id: int) -> Project:
    """The project with the person's role and its current schema, for the answer."""
    return projects_seen(request.user).get(pk=project_id)


class ProjectFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=ProjectStatus.choices)
    role = django_filters.ChoiceFilter(choices=Role.choices, label="Your role")
    name = django_filters.CharFilter(lookup_expr="icontains", label="Part of the name")
    simulated = django_filters.BooleanFilter()
    joinable = django_filters.BooleanFilter(
        field_name="role", lookup_expr="isnull", label="Projects that you may join; otherwise yours"
    )

    class Meta:
        model = Project
        fields: list[str] = []


class ProjectsView(ListAPIView[Project]):
    token_scope = Scope.MANAGE
    serializer_class = ProjectSerializer
    filterset_class = ProjectFilter

    def get_queryset(self) -> QuerySet[Project]:
        if not self.request.user.is_authenticated:
            return Project.objects.none()
        rows = projects_seen(self.request.user)
        return rows if "joinable" in self.request.query_params else rows.filter(memberships__user=self.request.user)

    @extend_schema(operation_id="projects_list", summary="Your projects", tags=["projects"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="projects_create",
        summary="Make a project",
        request=ProjectCreateSerializer,
        responses={201: ProjectSerializer},
        tags=["projects"],
    )
    def post(self, request: Request) -> Response:
        project = project_create(owner=person(request), **checked(ProjectCreateSerializer, request))
        return Response(ProjectSerializer(seen(request, project.pk)).data, status=status.HTTP_201_CREATED)


class ProjectView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(operation_id="projects_get", summary="A project", responses=ProjectSerializer, tags=["projects"])
    def get(self, request: Request, project_id: int) -> Response:
        project_access(request.user, project_id, MEMBERS)
        return Response(ProjectSerializer(seen(request, project_id)).data)

    @extend_schema(
        operation_id="projects_update",
        summary="Change a project's settings",
        description=(
            "Another number of labels per item, or of labels that must agree, holds at once for items that are "
            "labelled from now on; the others follow in the background, until `demand_changed_at` is null."
        ),
        request=ProjectChangeSerializer,
        responses=ProjectSerializer,
        tags=["projects"],
    )
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        changes = checked(ProjectChangeSerializer, request, partial=True)
        changed = project_update(project=access.project, actor=person(request), **changes)
        if changed.demand_version != access.project.demand_version:
            demand_soon(project_id)
        return Response(ProjectSerializer(seen(request, project_id)).data)


class SchemasView(ListAPIView[LabelSchema]):
    token_scope = Scope.MANAGE
    serializer_class = SchemaSerializer
    filter_backends = ()

    def get_queryset(self) -> QuerySet[LabelSchema]:
        if "project_id" not in self.kwargs:  # the schema generator looks at the view without a request
            return LabelSchema.objects.none()
        access = project_access(self.request.user, self.kwargs["project_id"], MEMBERS)
        return LabelSchema.objects.filter(project=access.project)

    @extend_schema(operation_id="schemas_list", summary="Versions of the label schema", tags=["projects"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="schemas_create",
        summary="Change labels, task type or guidelines",
        description="Makes a new version, or answers with the current one where nothing differs (200).",
        request=SchemaChangeSerializer,
        responses={200: SchemaSerializer, 201: SchemaSerializer},
        tags=["projects"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = checked(SchemaChangeSerializer, request)
        options = {name: given.pop(name) for name in ("favourable_label", "expected_version") if name in given}
        made, is_new = schema_change(
            project=access.project,
            actor=person(request),
            schema=cast(SchemaInput, given),
            **options,  # type: ignore[arg-type]
        )
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(SchemaSerializer(made).data, status=code)


class ProjectStatusView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="projects_status",
        summary="Activate, pause, close or reopen a project",
        request=StatusSerializer,
        responses=ProjectStatusAnswerSerializer,
        tags=["projects"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        wanted = checked(StatusSerializer, request)["status"]
        project_set_status(project=access.project, actor=person(request), status=wanted)
        project = seen(request, project_id)
        project.warnings = status_warnings(project)  # type: ignore[attr-defined]
        return Response(ProjectStatusAnswerSerializer(project).data)
