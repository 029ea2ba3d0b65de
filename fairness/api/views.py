"""REST of the live fairness numbers."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import READERS, STAFF, project_access
from fairness.api.chosen import chosen_row
from fairness.api.errors import errors_row
from fairness.api.parameters import SHARED
from fairness.api.people import people_row
from fairness.api.serializers import FairnessSerializer, fairness_row
from fairness.api.tables import AnswersSerializer, answers_row
from fairness.api.truth import AgainstTruthSerializer, truth_row
from fairness.selectors.behind import people_of
from fairness.selectors.chosen import chosen_view
from fairness.selectors.errors import errors_view
from fairness.selectors.live import live_view
from fairness.selectors.truth import against_truth
from fairness.selectors.wanted import Wanted


class FairnessWithTruthSerializer(FairnessSerializer):
    answers = AnswersSerializer(allow_null=True, help_text="Null: there is no protected attribute to ask about.")
    counting_truth = serializers.BooleanField(
        help_text="Whether labels against the truth are being counted by dataset and time, and not given until then."
    )
    against_truth = AgainstTruthSerializer(many=True, help_text="Labels against gold, settlements and the consensus.")


class FairnessView(APIView):
    read_scope = Scope.READ

    @extend_schema(
        operation_id="project_fairness",
        summary="Live fairness of the labels",
        description=(
            "Selection rates per group of people, consensus and each model, demographic parity difference and ratio, "
            "the gap between each model and people, Cohen's κ between them, errors and odds against the truth, "
            "completeness and pace. Computed from live counters, which follow a label within a second."
        ),
        parameters=SHARED,
        responses=FairnessWithTruthSerializer,
        tags=["fairness"],
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        view = live_view(access.project, wanted=Wanted.of(request.query_params))
        row = fairness_row(view) | {
            "answers": answers_row(access, view),
            "chosen": chosen_row(chosen_view(access.project, view.question)),
            "errors_found": errors_row(errors_view(access.project, view.question.attribute if view.question else "")),
            "counting_truth": view.counting_truth,
            "against_truth": truth_row(against_truth(access.project, view)),
            "groups_of_people": people_row(people_of(access.project, view)) if access.role in READERS else None,
        }
        return Response(FairnessWithTruthSerializer(row, context={"min_group": view.min_group}).data)
