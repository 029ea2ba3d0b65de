"""REST of probe sets and templates."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, READERS, project_access
from annotations.models import Project
from fairness.access import probe_file_access
from fairness.api.audit_serializers import (
    ProbeFileAddSerializer,
    ProbeFileSerializer,
    ProbeSetMakeSerializer,
    ProbeSetSerializer,
    TemplatesSerializer,
)
from fairness.audits.files import decoded, probe_file_add, probe_file_remove, project_catalogue
from fairness.audits.selectors import sets_of
from fairness.audits.sets import set_from_templates, set_from_upload
from fairness.audits.starting import FAMILIES
from fairness.models import ProbeFile, ProbeSet


class ProbeSetsView(GenericAPIView[ProbeSet]):
    serializer_class = ProbeSetSerializer
    queryset: QuerySet[ProbeSet] = ProbeSet.objects.none()
    parser_classes = (JSONParser, MultiPartParser, FormParser)
    token_scope = Scope.MANAGE

    @extend_schema(operation_id="list_probe_sets", summary="Probe sets of a project", tags=["audits"])
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        page = self.paginate_queryset(sets_of(access.project))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="make_probe_set",
        summary="Make a probe set of templates, or upload one",
        description="Equal content gives the set that is there already. A set never changes.",
        request=ProbeSetMakeSerializer,
        responses={201: ProbeSetSerializer},
        tags=["audits"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = ProbeSetMakeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        name = values.get("name", "")
        if "file" in values:
            upload = values["file"]
            made = set_from_upload(
                project=access.project,
                by=person(request),
                stream=upload,
                filename=upload.name,
                format_name=values.get("format", ""),
                name=name,
            )
        else:
            made = set_from_templates(
                project=access.project,
                by=person(request),
                tasks=values.get("tasks", []),
                attributes=values.get("attributes", []),
                families=values.get("families", FAMILIES),
                seed=values.get("seed", 0),
                name=name,
            )
        return Response(ProbeSetSerializer(made).data, status=201)


class TemplatesView(APIView):
    parser_classes = (MultiPartParser,)
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="list_probe_templates", summary="Tasks and attributes that sets can be made of",
        responses=TemplatesSerializer, tags=["audits"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        return Response(TemplatesSerializer(_templates(access.project)).data)

    @extend_schema(
        operation_id="add_probe_templates",
        summary="Add a YAML file of templates",
        description="400 names the line at fault: `error.data.line`.",
        request=ProbeFileAddSerializer,
        responses={201: ProbeFileSerializer},
        tags=["audits"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = ProbeFileAddSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        upload = given.validated_data["file"]
        made = probe_file_add(project=access.project, by=person(request), name=upload.name, text=decoded(upload.read()))
        return Response(ProbeFileSerializer(made).data, status=201)


def _templates(project: Project) -> dict[str, Any]:
    catalogue = project_catalogue(project)
    return {
        "tasks": [
            {
                "key": task.key,
                "name": task.name,
                "guidelines": task.guidelines,
                "labels": [label["key"] for label in task.config["labels"]],
                "favourable": task.favourable,
                "templates": len(task.templates),
            }
            for task in catalogue.tasks.values()
        ],
        "attributes": [
            {"key": one.key, "name": one.name, "identities": [identity.key for identity in one.identities]}
            for one in catalogue.attributes.values()
        ],
        "files": list(ProbeFile.objects.filter(project=project).defer("text")),
    }


class TemplateFileView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="remove_probe_templates", summary="Remove a file; sets that were made with it stay",
        responses={204: None}, tags=["audits"],
    )  # fmt: skip
    def delete(self, request: Request, project_id: int, file_id: int) -> Response:
        _access, found = probe_file_access(request.user, project_id, file_id, OWNER)
        probe_file_remove(probe_file=found, by=person(request))
        return Response(status=204)
