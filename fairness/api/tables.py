"""REST of what the fairness page shows beside the live numbers: its answers in words, and the table of each chart."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import READERS, STAFF, Access, project_access
from fairness.api.parameters import FILTER
from fairness.presenting.doing import because_of_whom, what_now
from fairness.presenting.glance import since_briefly, where_not
from fairness.presenting.reading import headline
from fairness.presenting.sheets import SHEETS
from fairness.selectors.live import LiveView, live_view
from fairness.selectors.wanted import Wanted
from ledger.errors import not_found


class ActionSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    url = serializers.CharField(help_text="Where to do it; empty where you may not.")


class AnswersSerializer(serializers.Serializer[Any]):
    """What the page says first, in the reader's language; nothing here is called certain that is not so always."""

    verdict = serializers.CharField(help_text="different, equal, unclear or missing.")
    answer = serializers.CharField()
    certainty = serializers.CharField()
    where = serializers.CharField()
    since = serializers.CharField()
    whom = serializers.CharField()
    shifts = serializers.ListField(child=serializers.CharField())
    now = ActionSerializer(many=True)


def answers_row(access: Access, view: LiveView) -> dict[str, Any] | None:
    """None where the project has no protected attribute to ask about."""
    if view.question is None:
        return None
    (_source, answer), whom = headline(view), because_of_whom(view)
    return {
        "verdict": answer.verdict.value,
        "answer": answer.answer,
        "certainty": answer.certainty,
        "where": where_not(view),
        "since": since_briefly(access.project, view),
        "whom": whom.answer,
        "shifts": whom.shifts,
        "now": what_now(access.project, view, access.role),
    }


class TableSerializer(serializers.Serializer[Any]):
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField(), help_text="A value for each column.")


class FairnessTableView(APIView):
    read_scope = Scope.READ

    @extend_schema(
        operation_id="project_fairness_table",
        summary="The table behind a chart of the fairness page",
        description=(
            "The numbers of one chart, unrounded, with their counts: the same as its CSV. Groups of people who label, "
            "and what models took, are for owners and auditors."
        ),
        parameters=[OpenApiParameter("chart", str, OpenApiParameter.PATH, enum=list(SHEETS)), *FILTER],
        responses=TableSerializer,
        tags=["fairness"],
    )
    def get(self, request: Request, project_id: int, chart: str) -> Response:
        sheet = SHEETS.get(chart)
        access = project_access(request.user, project_id, READERS if sheet is not None and sheet.private else STAFF)
        if sheet is None:
            raise not_found("The table")
        view = live_view(access.project, wanted=Wanted.of(request.query_params))
        rows = [list(row) for row in sheet.rows(access.project, view)]
        return Response(TableSerializer({"columns": sheet.columns, "rows": rows}).data)
