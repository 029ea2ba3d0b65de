"""REST of exports."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import READERS, project_access
from annotations.api.negotiation import AnswerAsIs
from annotations.exporting.services import export_make
from annotations.exporting.streaming import download
from annotations.exporting.tables import TABLES
from annotations.exporting.writers import WRITERS


class ExportQuerySerializer(serializers.Serializer[Any]):
    what = serializers.ChoiceField(choices=list(TABLES), help_text=_("Which table."))
    format = serializers.ChoiceField(choices=list(WRITERS), default="jsonl")
    dataset = serializers.IntegerField(required=False, min_value=1, help_text=_("Only what belongs to this dataset."))
    history = serializers.BooleanField(
        default=False, help_text=_("Annotations: superseded and withdrawn ones too (see the column status).")
    )


class ExportView(APIView):
    http_method_names = ("get", "options")  # type: ignore[assignment]  # each GET is recorded, so no silent HEAD
    content_negotiation_class = AnswerAsIs
    read_scope = Scope.EXPORT

    @extend_schema(
        operation_id="export_table",
        summary="Download items, annotations, cases or consensus",
        description=(
            "Streamed from one snapshot of the database. Annotators appear by pseudonym only. In CSV, text that a"
            " spreadsheet would take for a formula gets a ' before it."
        ),
        parameters=[ExportQuerySerializer],
        responses={
            (200, "application/x-ndjson"): OpenApiResponse(OpenApiTypes.STR),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR),
            (200, "application/vnd.apache.parquet"): OpenApiResponse(OpenApiTypes.BINARY),
        },
        tags=["exports"],
    )
    def get(self, request: Request, project_id: int) -> StreamingHttpResponse:
        access = project_access(request.user, project_id, READERS)
        query = ExportQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        export = export_make(
            access=access,
            what=wanted["what"],
            format_name=wanted["format"],
            dataset_id=wanted.get("dataset"),
            history=wanted["history"],
        )
        return download(export.blocks, filename=export.filename, content_type=export.content_type)
