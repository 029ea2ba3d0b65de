"""REST of audits."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, READERS, project_access
from annotations.candidates import panel
from fairness.access import audit_access, candidate_of
from fairness.api.audit_serializers import (
    AuditDetailSerializer,
    AuditRulesSerializer,
    AuditSerializer,
    AuditStartSerializer,
    CandidateSerializer,
    CardSerializer,
    ChooseSerializer,
    ModelChoiceSerializer,
    audit_row,
    candidate_row,
)
from fairness.audits.cards import card_of
from fairness.audits.choosing import model_choose
from fairness.audits.renewing import never_audited
from fairness.audits.selectors import audit_with_candidates, audits_of, choices_of
from fairness.audits.services import audit_cancel, audit_resume, audit_rules_of, audit_rules_update, audit_start
from fairness.audits.starting import set_wanted
from fairness.models import Audit, AuditRules


class AuditsView(GenericAPIView[Audit]):
    serializer_class = AuditSerializer
    queryset: QuerySet[Audit] = Audit.objects.none()
    token_scope = Scope.RUN

    @extend_schema(operation_id="list_audits", summary="Audits of a project's candidate models", tags=["audits"])
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        page = self.paginate_queryset(audits_of(access.project))
        return self.get_paginated_response(AuditSerializer(page, many=True).data)

    @extend_schema(
        operation_id="start_audit",
        summary="Ask candidate models about a probe set",
        description=(
            "One candidate after the other, in the background. `about` is “templates”, “gold” or “set:ID”; candidates"
            " are keys of the list of candidates. One audit goes on at a time in a project (409)."
        ),
        request=AuditStartSerializer,
        responses={201: AuditDetailSerializer},
        tags=["audits"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = AuditStartSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        probe_set = set_wanted(
            project=access.project,
            by=person(request),
            about=values["about"],
            families=values.get("families"),
            count=values.get("count"),
        )
        audit = audit_start(
            project=access.project,
            by=person(request),
            probe_set=probe_set,
            candidates=values["candidates"],
            orders=values["orders"],
        )
        return Response(_detail(audit), status=201, headers={"Location": reverse("api_audit", args=[audit.pk])})


class AuditCandidatesView(APIView):
    @extend_schema(
        operation_id="list_audit_candidates",
        summary="Models that can be audited, each with each prompt",
        description="`audited` says whether it was ever part of an audit over the project's set; null: it has none.",
        responses=CandidateSerializer(many=True),
        tags=["audits"],
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        rules = audit_rules_of(access.project)
        offered, new = panel().offered(access.project), None
        if rules.probe_set is not None:
            new = {one.signature for one in never_audited(access.project, rules.probe_set, offered)}
        rows = [candidate_row(one, new) for one in offered]
        return Response(CandidateSerializer(rows, many=True).data)


class AuditRulesView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="audit_rules",
        summary="The probe set that models are held to, and what was chosen",
        responses=AuditRulesSerializer,
        tags=["audits"],
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        return Response(_rules(audit_rules_of(access.project)))

    @extend_schema(
        operation_id="change_audit_rules",
        summary="Choose the probe set, and whether new models are audited by themselves",
        request=AuditRulesSerializer,
        responses=AuditRulesSerializer,
        tags=["audits"],
    )
    def patch(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        rules = audit_rules_of(access.project)
        given = AuditRulesSerializer(data=request.data, partial=True, context={"project": access.project})
        given.is_valid(raise_exception=True)
        names = ("probe_set", "orders", "automatic", "monthly_requests", "monthly_cost")
        values = {name: getattr(rules, name) for name in names}
        audit_rules_update(project=access.project, by=person(request), **(values | given.validated_data))
        return Response(_rules(audit_rules_of(access.project)))


def _rules(rules: AuditRules) -> Any:
    choices = ModelChoiceSerializer(choices_of(rules.project), many=True).data
    return AuditRulesSerializer(rules).data | {"choices": choices}


class AuditView(APIView):
    @extend_schema(
        operation_id="get_audit",
        summary="An audit: how far it is, and the results of each candidate",
        responses=AuditDetailSerializer,
        tags=["audits"],
    )
    def get(self, request: Request, audit_id: int) -> Response:
        _access, audit = audit_access(request.user, audit_id)
        return Response(_detail(audit))


def _detail(audit: Audit) -> Any:
    return AuditDetailSerializer(audit_row(audit_with_candidates(audit.pk))).data


class AuditCardView(APIView):
    @extend_schema(
        operation_id="audit_card",
        summary="The audit as a card for publication",
        description="It names nobody and quotes no item. The same as Markdown is at `/audits/{id}/card.md`.",
        responses=CardSerializer,
        tags=["audits"],
    )
    def get(self, request: Request, audit_id: int) -> Response:
        _access, _audit = audit_access(request.user, audit_id)
        return Response(card_of(audit_with_candidates(audit_id)))


class AuditChooseView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="choose_model",
        summary="Choose a candidate as labeller or validator, with the reason",
        request=ChooseSerializer,
        responses={201: ModelChoiceSerializer},
        tags=["audits"],
    )
    def post(self, request: Request, audit_id: int) -> Response:
        _access, audit = audit_access(request.user, audit_id, OWNER)
        given = ChooseSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        candidate = candidate_of(audit, values["candidate"])
        choice = model_choose(candidate=candidate, role=values["role"], reason=values["reason"], by=person(request))
        return Response(ModelChoiceSerializer(choice).data, status=201)


class AuditCancelView(APIView):
    token_scope = Scope.RUN

    @extend_schema(
        operation_id="cancel_audit", summary="Ask no more; what was measured stays", request=None,
        responses=AuditDetailSerializer, tags=["audits"],
    )  # fmt: skip
    def post(self, request: Request, audit_id: int) -> Response:
        _access, audit = audit_access(request.user, audit_id, OWNER)
        return Response(_detail(audit_cancel(audit=audit, by=person(request))))


class AuditResumeView(APIView):
    token_scope = Scope.RUN

    @extend_schema(
        operation_id="resume_audit", summary="Ask those who are left, or who could not be asked", request=None,
        responses=AuditDetailSerializer, tags=["audits"],
    )  # fmt: skip
    def post(self, request: Request, audit_id: int) -> Response:
        _access, audit = audit_access(request.user, audit_id, OWNER)
        return Response(_detail(audit_resume(audit=audit, by=person(request))))
