"""REST of what is disclosed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import READERS, project_access
from fairness.disclosure.record import disclosure_of


class DisclosureSerializer(serializers.Serializer[Any]):
    """The record; docs/reference/formats.md has the fields of each part."""

    format = serializers.CharField(help_text=_("Name and version of the format."))
    project = serializers.DictField(help_text=_("Name, settings, attributes, and how they changed."))
    schemas = serializers.ListField(child=serializers.DictField(), help_text=_("Every version of what is asked."))
    limits = serializers.ListField(child=serializers.DictField(), help_text=_("Owners' limits, with all changes."))
    findings = serializers.ListField(
        child=serializers.DictField(), help_text=_("What was certain to be beyond a limit, and what was decided.")
    )
    pauses = serializers.ListField(child=serializers.DictField(), help_text=_("Where model runs did not go on."))
    audits = serializers.ListField(child=serializers.DictField(), help_text=_("Audits of models with their cards."))
    choices = serializers.ListField(child=serializers.DictField(), help_text=_("Models chosen, with the reasons."))
    checklist = serializers.ListField(child=serializers.DictField(), help_text=_("Answers about twelve biases."))
    assistance = serializers.DictField(help_text=_("What showing a model's label first did."))
    sha256 = serializers.CharField(help_text=_("Of all but this and the ledger, as canonical JSON."))
    ledger = serializers.DictField(help_text=_("The newest sealed block, and events that are not sealed yet."))


class DisclosureView(APIView):
    read_scope = Scope.READ

    @extend_schema(
        operation_id="project_disclosure",
        summary="What is disclosed of a project",
        description=(
            "Limits, findings, decisions with their reasons, pauses, audits, choices of models, the bias checklist and "
            "the anchoring effect, each with the number and SHA-256 of the ledger's event that covers it. Names "
            "nobody. The same for the same state of the project. For owners and auditors."
        ),
        responses=DisclosureSerializer,
        tags=["fairness"],
    )
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        return Response(disclosure_of(access.project))
