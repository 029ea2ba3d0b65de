"""REST of training, the quiz, and setting items aside for them."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, WORKERS, annotator_of, project_access
from annotations.modalities import modality
from annotations.models import Annotator, Item, Standing
from annotations.models.quality import LONGEST_TEXT
from annotations.quality.aside import MOST, aside_of, set_aside
from annotations.quality.reviews import person_qualify
from annotations.quality.training import (
    quiz_answer,
    quiz_begin,
    quiz_next,
    quiz_of,
    training_answer,
    training_next,
    training_score,
)


class AsideSerializer(serializers.Serializer[Any]):
    training = serializers.IntegerField(min_value=0, max_value=MOST)
    quiz = serializers.IntegerField(min_value=0, max_value=MOST)


class QualifySerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_TEXT)


class QualifiedSerializer(serializers.Serializer[Any]):
    annotator = serializers.IntegerField(source="pk")
    standing = serializers.ChoiceField(choices=Standing.choices)


class AskedSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField()
    modality = serializers.CharField()
    payload = serializers.JSONField()
    html = serializers.CharField(help_text=_("The item as the labelling page shows it."))


class ScoreSerializer(serializers.Serializer[Any]):
    right = serializers.IntegerField()
    answered = serializers.IntegerField()
    items = serializers.IntegerField()


class TrainingSerializer(serializers.Serializer[Any]):
    next = AskedSerializer(allow_null=True)
    score = ScoreSerializer()


class AnswerSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField()
    value = serializers.JSONField(help_text=_("Single choice: a label key. Multiple choice: a list of label keys."))


class FeedbackSerializer(TrainingSerializer):
    is_right = serializers.BooleanField()
    known = serializers.JSONField(help_text=_("The known label."))
    explanation = serializers.CharField()


class QuizSerializer(serializers.Serializer[Any]):
    standing = serializers.ChoiceField(choices=Standing.choices)
    questions = serializers.IntegerField()
    tries_left = serializers.IntegerField()
    next = AskedSerializer(allow_null=True, help_text=_("The question of the try under way."))
    passed = serializers.BooleanField(allow_null=True, help_text=_("The latest try that ended; null: none has."))
    right = serializers.IntegerField(allow_null=True, help_text=_("Right answers of that try."))


class QuizPostSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField(required=False, help_text=_("Left out with `value`: begin a try."))
    value = serializers.JSONField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("item" in attrs) != ("value" in attrs):
            raise serializers.ValidationError(_("Send both an item and a value, or neither to begin."))
        return attrs


def _asked(item: Item | None) -> dict[str, Any] | None:
    """An item without what is known of it."""
    if item is None:
        return None
    html = render_to_string(modality(item.modality).template, {"payload": item.payload}).strip()
    return {"item": item.pk, "modality": item.modality, "payload": item.payload, "html": html}


def _training(annotator: Annotator) -> dict[str, Any]:
    score = training_score(annotator)
    return {"next": _asked(training_next(annotator)), "score": ScoreSerializer(score).data}


def _quiz(annotator: Annotator) -> dict[str, Any]:
    annotator.refresh_from_db(fields=["standing"])
    quiz = quiz_of(annotator)
    return {
        "standing": annotator.standing,
        "questions": quiz.rules.quiz_questions,
        "tries_left": quiz.tries_left,
        "next": _asked(quiz_next(quiz.current)) if quiz.current else None,
        "passed": quiz.last.passed if quiz.last else None,
        "right": quiz.last.right if quiz.last else None,
    }


class AsideView(APIView):
    token_scope = Scope.MANAGE
    read_scope = Scope.MANAGE

    @extend_schema(
        operation_id="quality_aside", summary="Items set aside for training and quiz",
        responses=AsideSerializer, tags=["quality"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        return Response(aside_of(project_access(request.user, project_id, OWNER).project))

    @extend_schema(
        operation_id="quality_aside_set", summary="Set items with a known label aside",
        request=AsideSerializer, responses=AsideSerializer, tags=["quality"],
    )  # fmt: skip
    def put(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = AsideSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(set_aside(project=access.project, actor=person(request), **body.validated_data))


class QualifyView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="person_qualify", summary="Let a person label without the quiz",
        request=QualifySerializer, responses=QualifiedSerializer, tags=["quality"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int, annotator_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = QualifySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        annotator = person_qualify(access=access, annotator_id=annotator_id, **body.validated_data)
        return Response(QualifiedSerializer(annotator).data)


class TrainingView(APIView):
    token_scope = Scope.LABEL
    read_scope = Scope.LABEL

    @extend_schema(
        operation_id="training", summary="The next training item, and your score",
        responses=TrainingSerializer, tags=["quality"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        return Response(_training(annotator_of(access)))

    @extend_schema(
        operation_id="training_answer", summary="Answer a training item, with feedback",
        request=AnswerSerializer, responses=FeedbackSerializer, tags=["quality"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        body = AnswerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        annotator, given = annotator_of(access), body.validated_data
        told = training_answer(annotator=annotator, item_id=given["item"], value=given["value"])
        feedback = {"is_right": told.answer.is_right, "known": told.known, "explanation": told.explanation}
        return Response(_training(annotator) | feedback)


class QuizView(APIView):
    token_scope = Scope.LABEL
    read_scope = Scope.LABEL

    @extend_schema(
        operation_id="quiz", summary="Where you stand with the quiz", responses=QuizSerializer, tags=["quality"]
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        return Response(_quiz(annotator_of(access)))

    @extend_schema(
        operation_id="quiz_answer", summary="Begin a try, or answer its question",
        request=QuizPostSerializer, responses=QuizSerializer, tags=["quality"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        body = QuizPostSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        annotator, given = annotator_of(access), body.validated_data
        if "item" in given:
            quiz_answer(annotator=annotator, item_id=given["item"], value=given["value"])
        else:
            quiz_begin(annotator=annotator)
        return Response(_quiz(annotator))
