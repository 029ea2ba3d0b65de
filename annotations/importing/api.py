"""REST of imports: upload, map, start, watch, cancel, read the report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import BaseParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import OWNER, READERS, import_access, project_access
from annotations.api.negotiation import AnswerAsIs
from annotations.exporting.streaming import download
from annotations.importing.dispatch import send_import
from annotations.importing.mapping import ColumnMapping
from annotations.importing.report import report_csv
from annotations.importing.selectors import imports_of, preview, row_errors_of
from annotations.importing.services import import_cancel, import_discard, import_receive, import_start
from annotations.importing.storing import chunks_of
from annotations.models import ImportJob, ImportRowError, ImportStatus, OnExisting, RowProblemKind
from ledger.errors import DomainError, invalid

MAPPING_HEADER = "Evenhand-Mapping"


class ImportSerializer(serializers.ModelSerializer[ImportJob]):
    mapping = serializers.JSONField(help_text=gettext_lazy("Empty until it is chosen."))

    class Meta:
        model = ImportJob
        fields = [
            "id", "project", "dataset", "dataset_name", "filename", "format", "sha256", "status", "error", "mapping",
            "bytes_total", "bytes_read", "rows_read", "rows_added", "rows_bad", "rows_duplicate", "items_added",
            "labels_added", "items_corrected", "on_existing", "change_gold", "cancel_requested", "created_at",
            "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class RowErrorSerializer(serializers.ModelSerializer[ImportRowError]):
    kind = serializers.CharField(help_text=gettext_lazy("bad or duplicate"))

    class Meta:
        model = ImportRowError
        fields = ["id", "row_number", "kind", "reason", "excerpt"]


class PreviewSerializer(serializers.Serializer[Any]):
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.DictField(), help_text=gettext_lazy("The first rows."))
    guess = serializers.JSONField(allow_null=True, help_text=gettext_lazy("The mapping that the names suggest."))


class StartSerializer(serializers.Serializer[Any]):
    mapping = serializers.JSONField(
        required=False, allow_null=True, default=None, help_text=gettext_lazy("Left out: the guessed one is used.")
    )
    dataset_name = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    on_existing = serializers.ChoiceField(
        OnExisting.choices,
        required=False,
        default=OnExisting.REPORT,
        help_text=gettext_lazy("update: add labels, gold and groups to items that are there, and no new items."),
    )
    change_gold = serializers.BooleanField(
        required=False, default=False, help_text=gettext_lazy("With update: replace gold labels that differ.")
    )


class UploadFormSerializer(serializers.Serializer[Any]):
    """The multipart form; a raw body takes the same as query parameters."""

    file = serializers.FileField()
    format = serializers.ChoiceField(choices=["csv", "jsonl", "parquet"], required=False)
    mapping = serializers.CharField(required=False, help_text=gettext_lazy("JSON."))
    dataset_name = serializers.CharField(required=False)
    on_existing = serializers.ChoiceField(OnExisting.choices, default=OnExisting.REPORT)
    change_gold = serializers.BooleanField(default=False)
    start = serializers.BooleanField(default=True)


class RawParser(BaseParser):
    """Any body is taken as it comes: the view reads the stream itself."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return {}


_UPLOAD_QUERY = [
    OpenApiParameter("filename", str, description="Name of the file, for a raw body."),
    OpenApiParameter("format", str, enum=["csv", "jsonl", "parquet"], description="Left out: from the file's name."),
    OpenApiParameter("mapping", str, description=f"JSON of the column mapping; or send it as header {MAPPING_HEADER}."),
    OpenApiParameter("dataset_name", str, description="Name of the new dataset; left out: the file's name."),
    OpenApiParameter(
        "on_existing",
        str,
        enum=OnExisting.values,
        description="update: add labels, gold and groups to items that are there; report (usual): add new items.",
    ),
    OpenApiParameter("change_gold", bool, description="With update: replace gold labels that differ."),
    OpenApiParameter("start", bool, description="false: only upload; preview and start are calls of their own."),
]


class ImportsView(GenericAPIView[ImportJob]):
    serializer_class = ImportSerializer
    parser_classes = (MultiPartParser, RawParser)
    content_negotiation_class = AnswerAsIs
    token_scope = Scope.IMPORT
    queryset = ImportJob.objects.none()

    @extend_schema(operation_id="list_imports", summary="Uploads of a project", tags=["imports"])
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        page = self.paginate_queryset(imports_of(access.project))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="create_import",
        summary="Upload a file, and start reading it",
        description=(
            "Send the file as the raw body (streamed; any content type but multipart) with its name or format in the"
            " query, or as multipart/form-data with the part `file`. Answers 202 once the reading is queued, 201 where"
            " `start` is false. Without a mapping the columns are guessed from their names; where that is not clear the"
            " answer is 400 with code `mapping_needed` and the list of columns, and the upload is dropped."
        ),
        parameters=_UPLOAD_QUERY,
        request={
            "multipart/form-data": UploadFormSerializer,
            "application/octet-stream": OpenApiTypes.BINARY,
        },
        responses={201: ImportSerializer, 202: ImportSerializer},
        tags=["imports"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        said, filename, source = _upload(request)
        mapping = _mapping(said.get("mapping") or request.headers.get(MAPPING_HEADER))
        start, change_gold = _is_true(said, "start", True), _is_true(said, "change_gold", False)
        job = import_receive(
            access=access, filename=filename, format_name=said.get("format", ""), chunks=chunks_of(source)
        )
        if start:
            try:
                job = import_start(
                    access=access,
                    job_id=job.pk,
                    mapping=mapping,
                    dataset_name=said.get("dataset_name", ""),
                    on_existing=said.get("on_existing", OnExisting.REPORT),
                    change_gold=change_gold,
                )
            except DomainError:
                import_discard(job=job)
                raise
            send_import(job)
        headers = {"Location": reverse("api_import", args=[job.pk])}
        return Response(ImportSerializer(job).data, status=202 if start else 201, headers=headers)


def _upload(request: Request) -> tuple[dict[str, Any], str, Any]:
    """What was said about the file, its name, and the file: from a multipart form or from query and raw body."""
    said = {name: request.query_params[name] for name in request.query_params}
    if (request.content_type or "").startswith("multipart/form-data"):
        said |= {name: text for name, text in request.POST.items() if isinstance(text, str)}
        file = request.FILES.get("file")
        if file is None:
            raise invalid(_("Send the file as the part “file”."), fields={"file": [_("This part is missing.")]})
        return said, said.get("filename") or file.name or "upload", file
    filename = said.get("filename") or f"upload.{said.get('format', '')}"
    return said, filename, request


def _is_true(said: dict[str, Any], name: str, usual: bool) -> bool:
    return bool(serializers.BooleanField().run_validation(said.get(name, usual)))


def _mapping(text: str | None) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        message = _("The mapping is not JSON: %(why)s.") % {"why": error}
        raise invalid(message, fields={"mapping": [message]}, code="invalid_mapping") from None


class ImportView(APIView):
    @extend_schema(
        operation_id="get_import", summary="How far an import is", responses=ImportSerializer, tags=["imports"]
    )
    def get(self, request: Request, job_id: int) -> Response:
        _access, job = import_access(request.user, job_id, READERS)
        return Response(ImportSerializer(job).data)


class ImportPreviewView(APIView):
    @extend_schema(
        operation_id="preview_import", summary="Columns and first rows", responses=PreviewSerializer, tags=["imports"]
    )
    def get(self, request: Request, job_id: int) -> Response:
        _access, job = import_access(request.user, job_id, READERS)
        if job.status != ImportStatus.MAPPING:
            raise DomainError("import_not_waiting", _("This upload does not wait for a mapping any more."))
        head = preview(job)
        guess = head.guess.as_json() if isinstance(head.guess, ColumnMapping) else None
        rows = [{column: _shown(cell) for column, cell in row.items()} for row in head.rows]
        return Response({"columns": head.columns, "rows": rows, "guess": guess})


def _shown(cell: Any) -> Any:
    if cell is None or isinstance(cell, bool | int):
        return cell
    text = str(cell)
    return text if len(text) <= 200 else text[:199] + "…"


class ImportStartView(APIView):
    token_scope = Scope.IMPORT
    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="start_import", summary="Start an upload with its column mapping", request=StartSerializer,
        responses={202: ImportSerializer}, tags=["imports"],
    )  # fmt: skip
    def post(self, request: Request, job_id: int) -> Response:
        access, job = import_access(request.user, job_id, OWNER)
        body = StartSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        job = import_start(access=access, job_id=job.pk, **body.validated_data)
        send_import(job)
        return Response(ImportSerializer(job).data, status=202)


class ImportCancelView(APIView):
    token_scope = Scope.IMPORT

    @extend_schema(
        operation_id="cancel_import", summary="Stop an import; nothing of it is kept", request=None,
        responses=ImportSerializer, tags=["imports"],
    )  # fmt: skip
    def post(self, request: Request, job_id: int) -> Response:
        access, job = import_access(request.user, job_id, OWNER)
        return Response(ImportSerializer(import_cancel(access=access, job_id=job.pk)).data)


class RowOrderPagination(CursorPagination):
    """In the order of the file."""

    ordering = "pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


class ImportErrorsView(GenericAPIView[ImportRowError]):
    serializer_class = RowErrorSerializer
    pagination_class = RowOrderPagination
    queryset = ImportRowError.objects.none()

    @extend_schema(
        operation_id="list_import_errors",
        summary="Rows that were not taken, with the reason",
        parameters=[OpenApiParameter("kind", str, enum=RowProblemKind.values)],
        tags=["imports"],
    )
    def get(self, request: Request, job_id: int) -> Response:
        _access, job = import_access(request.user, job_id, READERS)
        kind = request.query_params.get("kind", "")
        if kind and kind not in RowProblemKind.values:
            raise invalid(_("The kind is bad or duplicate."), fields={"kind": [_("bad or duplicate")]})
        page = self.paginate_queryset(row_errors_of(job, kind=kind))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ImportErrorsCsvView(APIView):
    content_negotiation_class = AnswerAsIs

    @extend_schema(
        operation_id="download_import_errors",
        summary="The rows that were not taken, as CSV",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
        tags=["imports"],
    )
    def get(self, request: Request, job_id: int) -> StreamingHttpResponse:
        _access, job = import_access(request.user, job_id, READERS)
        blocks: Iterator[bytes] = report_csv(job)
        return download(
            blocks,
            filename=f"import-{job.pk}-rows-not-taken.csv",
            content_type="text/csv; charset=utf-8",
        )
