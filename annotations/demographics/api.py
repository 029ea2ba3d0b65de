"""REST of the questions about people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.demographics.boxes import Box, box_of
from accounts.demographics.questions import BY_KEY, QUESTIONS, Question
from accounts.demographics.vault import is_on
from accounts.models import Scope
from accounts.people import person
from accounts.services.demographics import demographics_delete
from annotations.access import OWNER, READERS, project_access
from annotations.demographics.own import own_change, own_questions
from annotations.demographics.selectors import Asking, Figure, Figures, asking, figures_of, rules_of
from annotations.demographics.services import MAX_REASON, demographics_choose
from annotations.models import Project

KEYS = list(BY_KEY)


class OptionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()


class QuestionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    ask = serializers.CharField()
    why = serializers.CharField()
    several = serializers.BooleanField(help_text=_("Whether more than one answer may be given."))
    special = serializers.BooleanField(help_text=_("A special category of personal data (GDPR, Art. 9)."))
    options = OptionSerializer(many=True)


class GroupSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    least = serializers.IntegerField(
        allow_null=True,
        help_text=_("At least so many people, a multiple of five; null: too few to show, maybe nobody."),
    )


class FigureSerializer(serializers.Serializer[Any]):
    question = serializers.CharField()
    groups = GroupSerializer(many=True)
    rest = serializers.IntegerField(
        allow_null=True,
        help_text=_(
            "At most so many are in no group that is shown, or said nothing; null where one may be in several."
        ),
    )


class DemographicsSerializer(serializers.Serializer[Any]):
    enabled = serializers.BooleanField(help_text=_("false: this installation has no key, and asks nothing."))
    questions = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    available = QuestionSerializer(many=True)
    crowd = serializers.IntegerField(help_text=_("People who label here, when the groups were last shown anew."))
    shown_at = serializers.DateTimeField(allow_null=True)
    figures = FigureSerializer(many=True)


class ChoiceSerializer(serializers.Serializer[Any]):
    questions = serializers.ListField(child=serializers.ChoiceField(choices=KEYS), allow_empty=True)
    reason = serializers.CharField(max_length=MAX_REASON, allow_blank=True, default="")


class ConsentSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    questions = serializers.ListField(
        child=serializers.ChoiceField(choices=KEYS), help_text=_("What the project may use; empty revokes.")
    )


class AskingSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    name = serializers.CharField()
    reason = serializers.CharField()
    questions = serializers.ListField(child=serializers.CharField())
    agreed = serializers.ListField(child=serializers.CharField(), help_text=_("What you let the project use."))


class OwnSerializer(serializers.Serializer[Any]):
    enabled = serializers.BooleanField()
    questions = QuestionSerializer(many=True)
    answers = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text=_("Question → answers. One that is absent was not answered: “prefer not to say”."),
    )
    projects = AskingSerializer(many=True)


class OwnChangeSerializer(serializers.Serializer[Any]):
    answers = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=40), allow_empty=True), default=dict,
        help_text=_("Only those to change; an empty list or “prefer_not_to_say” takes an answer away."),
    )  # fmt: skip
    consents = ConsentSerializer(many=True, default=list)


class DemographicsView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="project_demographics", summary="What a project asks about people, and its groups of five or more",
        responses=DemographicsSerializer, tags=["demographics"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        return Response(_project(project_access(request.user, project_id, READERS).project))

    @extend_schema(
        operation_id="project_demographics_choose", summary="Choose what a project asks about people",
        request=ChoiceSerializer, responses=DemographicsSerializer, tags=["demographics"],
    )  # fmt: skip
    def put(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        body = ChoiceSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        demographics_choose(project=access.project, actor=person(request), **body.validated_data)
        return Response(_project(access.project))


class OwnDemographicsView(APIView):
    """Only ever the answers of the person who asks."""

    token_scope = Scope.MANAGE
    read_scope = Scope.MANAGE

    @extend_schema(
        operation_id="my_demographics", summary="What you told about yourself, and to which projects",
        responses=OwnSerializer, tags=["demographics"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return _own(request)

    @extend_schema(
        operation_id="my_demographics_change", summary="Answer, agree or revoke",
        request=OwnChangeSerializer, responses=OwnSerializer, tags=["demographics"],
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        body = OwnChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        consents = {one["project"]: one["questions"] for one in body.validated_data["consents"]}
        own_change(user=person(request), answers=body.validated_data["answers"], consents=consents)
        return _own(request)

    @extend_schema(
        operation_id="my_demographics_delete", summary="Delete all answers and all that you agreed to",
        responses={204: None}, tags=["demographics"],
    )  # fmt: skip
    def delete(self, request: Request) -> Response:
        demographics_delete(user=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _project(project: Project) -> dict[str, Any]:
    rules, figures = rules_of(project), figures_of(project)
    return {
        "enabled": is_on(),
        "questions": rules.questions,
        "reason": rules.reason,
        "available": [_question(question) for question in QUESTIONS],
        **_figures(figures),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "crowd": figures.crowd,
        "shown_at": figures.at,
        "figures": [_figure(figure) for figure in figures.figures],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    groups = [{"key": one.key, "name": str(one.label), "least": one.least} for one in figure.groups]
    return {"question": figure.question.key, "groups": groups, "rest": figure.rest}


def _question(question: Question) -> dict[str, Any]:
    return {
        "key": question.key,
        "title": str(question.title),
        "ask": str(question.ask),
        "why": str(question.why),
        "several": question.several,
        "special": question.special,
        "options": [{"key": option.key, "name": str(option.label)} for option in question.options],
    }


def _own(request: Request) -> Response:
    user = person(request)
    box = box_of(user.pk) if is_on() else Box(user.pk)
    projects = asking(user, box) if is_on() else []
    told = {
        "enabled": is_on(),
        "questions": [_question(question) for question in own_questions(projects, box)],
        "answers": {key: list(box.answer(key)) for key in sorted(box.answers) if box.answer(key)},
        "projects": [_asking(one) for one in projects],
    }
    return Response(told, headers={"Cache-Control": "no-store"})


def _asking(one: Asking) -> dict[str, Any]:
    return {
        "project": one.project.pk,
        "name": one.project.name,
        "reason": one.reason,
        "questions": [question.key for question in one.questions],
        "agreed": sorted(one.agreed),
    }
