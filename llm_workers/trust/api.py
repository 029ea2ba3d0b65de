"""REST of trust: calibration and the alternative-annotator test."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, STAFF, project_access
from annotations.models import LabelSchema, Project
from llm_workers.calibration import reading as calibrated
from llm_workers.models import StandInRules
from llm_workers.replacing import reading as replacing
from llm_workers.tasks import compute_trust, trust_soon
from llm_workers.trust.selectors import ModelTrust, model_trust, pseudonyms, trust_of
from llm_workers.trust.services import judges_set

TAGS = ["trust"]


class JudgesSerializer(serializers.ModelSerializer[StandInRules]):
    class Meta:
        model = StandInRules
        fields = ["judges"]


class MeasuredSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class BinSerializer(serializers.Serializer[Any]):
    low = serializers.FloatField()
    high = serializers.FloatField()
    n = serializers.IntegerField()
    confidence = serializers.FloatField(help_text=_("Mean of the labels in it."))
    accuracy = serializers.FloatField(help_text=_("Share of right labels, with Wilson's 95 % interval."))
    accuracy_low = serializers.FloatField()
    accuracy_high = serializers.FloatField()


class AssessmentSerializer(serializers.Serializer[Any]):
    n = serializers.IntegerField()
    accuracy = serializers.FloatField()
    confidence = serializers.FloatField()
    ece = MeasuredSerializer(help_text=_("Expected calibration error, ten bins of equal width."))
    ece_mass = MeasuredSerializer(help_text=_("The same, bins of equal mass."))
    brier = MeasuredSerializer()
    chance = serializers.FloatField(help_text=_("The error that a perfectly calibrated model would show."))
    bins = BinSerializer(many=True)


class CalibrationScopeSerializer(serializers.Serializer[Any]):
    attribute = serializers.CharField(help_text=_("Empty for all items."))
    group = serializers.CharField(help_text=_("Empty for all items."))
    n = serializers.IntegerField()
    before = AssessmentSerializer(allow_null=True, help_text=_("null: too few labels."))
    after = AssessmentSerializer(allow_null=True, help_text=_("By curves that have not seen the items."))


class CurveSerializer(serializers.Serializer[Any]):
    method = serializers.CharField()
    temperature = serializers.FloatField()
    classes = serializers.IntegerField()
    x = serializers.ListField(child=serializers.FloatField())
    y = serializers.ListField(child=serializers.FloatField())


class CalibrationSerializer(serializers.Serializer[Any]):
    method = serializers.CharField(help_text=_("none, temperature, isotonic; empty: too few checked labels."))
    curve = CurveSerializer(allow_null=True)
    checked = serializers.IntegerField(help_text=_("Labels with a confidence, of items that people checked."))
    without = serializers.IntegerField(help_text=_("Checked labels without a confidence."))
    sources = serializers.DictField(child=serializers.IntegerField(), help_text=_("What they were held against."))
    losses = serializers.DictField(child=serializers.FloatField(), help_text=_("Cross-validated log loss."))
    scopes = CalibrationScopeSerializer(many=True, help_text=_("All items first."))
    fitted_at = serializers.DateTimeField()


class StandInScopeSerializer(serializers.Serializer[Any]):
    attribute = serializers.CharField(help_text=_("Empty for all items."))
    group = serializers.CharField(help_text=_("Empty for all items."))
    items = serializers.IntegerField()
    people = serializers.IntegerField(help_text=_("People compared."))
    left_out = serializers.IntegerField(help_text=_("People with too few shared items, or too few such people."))
    winning_rate = serializers.FloatField(allow_null=True, help_text=_("ω; null: insufficient data."))
    advantage = serializers.FloatField(allow_null=True, help_text=_("ρ"))
    passes = serializers.BooleanField(allow_null=True)


class StandInPersonSerializer(serializers.Serializer[Any]):
    annotator = serializers.CharField(help_text=_("Pseudonym."))
    items = serializers.IntegerField()
    model = serializers.FloatField(help_text=_("How often the model is at least as near to the others."))
    human = serializers.FloatField(help_text=_("How often the person is."))
    p = serializers.FloatField(help_text=_("Corrected after Benjamini and Yekutieli."))
    wins = serializers.BooleanField(help_text=_("The model is shown to do at least as well, ε granted."))


class ConstantSerializer(serializers.Serializer[Any]):
    answer = serializers.CharField(help_text=_("The people's commonest answer."))
    winning_rate = serializers.FloatField(allow_null=True)
    advantage = serializers.FloatField(allow_null=True)


class StandInSerializer(serializers.Serializer[Any]):
    allowance = serializers.FloatField(help_text=_("ε"))
    winning_rate = serializers.FloatField(allow_null=True)
    advantage = serializers.FloatField(allow_null=True)
    constant = ConstantSerializer(allow_null=True, help_text=_("What always giving one answer would reach."))
    too_many_answers = serializers.BooleanField()
    scopes = StandInScopeSerializer(many=True, help_text=_("All items first."))
    people = StandInPersonSerializer(many=True)
    tested_at = serializers.DateTimeField()


class ModelCalibrationSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField()
    name = serializers.CharField()
    calibration = CalibrationSerializer(allow_null=True, help_text=_("null before the first look."))


class ModelStandInSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField()
    name = serializers.CharField()
    stand_in = StandInSerializer(allow_null=True, help_text=_("null before the first look."))


class ModelTrustSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField()
    name = serializers.CharField()
    may_stand_in = serializers.BooleanField(allow_null=True, help_text=_("null: insufficient data."))
    winning_rate = serializers.FloatField(allow_null=True)
    advantage = serializers.FloatField(allow_null=True)
    calibration = serializers.CharField(help_text=_("Method; empty: too few checked labels."))
    reading = serializers.ListField(child=serializers.CharField(), help_text=_("The same in sentences."))


class ModelsTrustSerializer(serializers.Serializer[Any]):
    judges = serializers.CharField(help_text=_("Whom models are held against."))
    computed_at = serializers.DateTimeField(allow_null=True)
    models = ModelTrustSerializer(many=True, help_text=_("The highest ρ first."))


def _model(model: ModelTrust, schema: LabelSchema) -> dict[str, Any]:
    stand_in, calibration = model.stand_in, model.calibration
    said = [replacing.answer(model.name, stand_in), *replacing.where(stand_in), replacing.caution(stand_in, schema)]
    said.append(calibrated.answer(model.name, calibration))
    return {
        "annotator": model.annotator.pk,
        "name": model.name,
        "may_stand_in": stand_in.scopes[0]["passes"] if stand_in is not None and stand_in.scopes else None,
        "winning_rate": stand_in and stand_in.winning_rate,
        "advantage": stand_in and stand_in.advantage,
        "calibration": calibration.method if calibration is not None else "",
        "reading": [one for one in said if one],
    }


def _as_data(project: Project) -> dict[str, Any]:
    found = trust_of(project)
    schema = project.schemas.get(is_current=True)
    return ModelsTrustSerializer(
        {
            "judges": found.rules.judges,
            "computed_at": found.check and found.check.computed_at,
            "models": [_model(model, schema) for model in found.models],
        }
    ).data


class TrustView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="trust", summary="How far each model can be trusted", responses=ModelsTrustSerializer, tags=TAGS
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        return Response(_as_data(access.project))

    @extend_schema(
        operation_id="trust_judges", summary="Say whom models are held against", request=JudgesSerializer,
        responses=ModelsTrustSerializer, description="The test follows in the background.", tags=TAGS,
    )  # fmt: skip
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = JudgesSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        judges = given.validated_data.get("judges")
        if judges is not None:
            _rules, changed = judges_set(project=access.project, actor=person(request), judges=judges)
            if changed:
                trust_soon(project_id)
        return Response(_as_data(access.project))

    @extend_schema(
        operation_id="trust_compute", summary="Calibrate and test the models now", request=None,
        responses={202: None}, tags=TAGS,
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        project_access(request.user, project_id, OWNER)
        compute_trust.delay(project_id)
        return Response(status=202)


class CalibrationView(APIView):
    read_scope = Scope.READ

    @extend_schema(
        operation_id="calibration", summary="Whether a model's confidence means what it says",
        description=(
            "Held against labels settled by an expert, gold, and what people agree on. Figures of *after* are of items "
            "that the curve has not seen."
        ),
        responses=ModelCalibrationSerializer, tags=TAGS,
    )  # fmt: skip
    def get(self, request: Request, project_id: int, annotator_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        model = model_trust(access.project, annotator_id)
        answer = {"annotator": annotator_id, "name": model.name, "calibration": model.calibration}
        return Response(ModelCalibrationSerializer(answer).data)


class StandInView(APIView):
    read_scope = Scope.READ

    @extend_schema(
        operation_id="stand_in", summary="Whether a model may stand in for people: the alternative-annotator test",
        description="Overall and for each group of each protected attribute.",
        responses=ModelStandInSerializer, tags=TAGS,
    )  # fmt: skip
    def get(self, request: Request, project_id: int, annotator_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        model = model_trust(access.project, annotator_id)
        found = model.stand_in
        if found is not None:
            names = pseudonyms([one["annotator"] for one in found.people])
            found.people = [one | {"annotator": names.get(one["annotator"], "")} for one in found.people]
        answer = {"annotator": annotator_id, "name": model.name, "stand_in": found}
        return Response(ModelStandInSerializer(answer).data)
