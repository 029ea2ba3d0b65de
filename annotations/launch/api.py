"""REST of the checklist."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, READERS, project_access
from annotations.launch.selectors import Row, checklist
from annotations.launch.services import MAX_NOTE, Answer, checklist_answer
from annotations.models import Bias, Project, Verdict


class BiasSerializer(serializers.Serializer[Any]):
    bias = serializers.ChoiceField(choices=Bias.choices)
    question = serializers.CharField()
    measures = serializers.ListField(child=serializers.CharField(), help_text="What the platform does already.")
    verdict = serializers.ChoiceField(choices=Verdict.choices, allow_null=True, help_text="null: not answered yet.")
    note = serializers.CharField()
    answered_at = serializers.DateTimeField(allow_null=True)


class ChecklistSerializer(serializers.Serializer[Any]):
    unanswered = serializers.IntegerField()
    biases = BiasSerializer(many=True)


class BiasAnswerSerializer(serializers.Serializer[Any]):
    bias = serializers.ChoiceField(choices=Bias.choices)
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    note = serializers.CharField(max_length=MAX_NOTE)


class ChecklistAnswersSerializer(serializers.Serializer[Any]):
    answers = BiasAnswerSerializer(many=True, allow_empty=False)


class ChecklistView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="bias_checklist", summary="The bias checklist of a project",
        responses=ChecklistSerializer, tags=["projects"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        return Response(_as_data(access.project))

    @extend_schema(
        operation_id="bias_checklist_answer", summary="Answer some or all of the bias checklist",
        request=ChecklistAnswersSerializer, responses=ChecklistSerializer, tags=["projects"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = ChecklistAnswersSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        answers = {one["bias"]: Answer(one["verdict"], one["note"]) for one in body.validated_data["answers"]}
        checklist_answer(project=access.project, actor=person(request), answers=answers)
        return Response(_as_data(access.project))


def _as_data(project: Project) -> dict[str, Any]:
    rows = checklist(project)
    return {"unanswered": sum(row.answer is None for row in rows), "biases": [_row(row) for row in rows]}


def _row(row: Row) -> dict[str, Any]:
    answer = row.answer
    return {
        "bias": row.bias.value,
        "question": str(row.question),
        "measures": [str(text) for text in row.measures],
        "verdict": answer.verdict if answer else None,
        "note": answer.note if answer else "",
        "answered_at": answer.answered_at if answer else None,
    }
