"""REST of labelling: claim, submit, skip, undo, flag, renew, release, and one's own work."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import WORKERS, annotator_of, assignment_access, project_access
from annotations.assistance.services import in_words
from annotations.labelling import services
from annotations.labelling.leases import refuse_unless_serving
from annotations.labelling.selectors import work_of
from annotations.modalities import modality
from annotations.models import Assignment, AssignmentStatus, LabelSchema

KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Text of your choice, at most 80 characters, new for each label: sent again, it gives the same answer.",
)
MAX_GRACE = 120
MAX_HOLDING = 50


class HeldSerializer(serializers.Serializer[Any]):
    holding = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        max_length=MAX_HOLDING,
        required=False,
        default=list,
        help_text=_("Assignments that you have at hand already; a live lease that is not among them is served again."),
    )


class LeaseSchemaSerializer(serializers.ModelSerializer[LabelSchema]):
    class Meta:
        model = LabelSchema
        fields = ["id", "version", "task_type", "config"]


class SuggestionSerializer(serializers.Serializer[Any]):
    value = serializers.JSONField()
    label = serializers.CharField(help_text=_("The value in words."))  # type: ignore[assignment]
    model = serializers.CharField()


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    """A leased item, and nothing that could sway the person: no group, no gold label, no label of anybody else but a
    model's where the owner has switched assistance on and this item is not held out."""

    modality = serializers.CharField(source="item.modality")
    payload = serializers.JSONField(source="item.payload")
    schema = LeaseSchemaSerializer()

    class Meta:
        model = Assignment
        fields = [
            "id",
            "project",
            "item",
            "status",
            "modality",
            "payload",
            "html",
            "schema",
            "leased_at",
            "expires_at",
            "taken_back",
            "suggestion",
        ]

    html = serializers.CharField(help_text=_("The item as the labelling page shows it."))
    taken_back = serializers.JSONField(
        allow_null=True, help_text=_("The label that you gave this item and took back, else null.")
    )

    suggestion = SuggestionSerializer(
        allow_null=True, help_text=_("What a model says, where the project shows it to you on this item; else null.")
    )

    def to_representation(self, instance: Assignment) -> dict[str, Any]:
        """The same fields, made directly: this is in every answer to a label."""
        item, schema = instance.item, instance.schema
        return {
            "id": instance.pk,
            "project": instance.project_id,
            "item": instance.item_id,
            "status": instance.status,
            "modality": item.modality,
            "payload": item.payload,
            "html": render_to_string(modality(item.modality).template, {"payload": item.payload}).strip(),
            "schema": {
                "id": schema.pk,
                "version": schema.version,
                "task_type": schema.task_type,
                "config": schema.config,
            },
            "leased_at": instance.leased_at.isoformat(),
            "expires_at": instance.expires_at.isoformat(),
            "taken_back": instance.taken_back,
            "suggestion": in_words(instance.suggested, schema) if instance.suggested else None,
        }


class ClaimAnswerSerializer(serializers.Serializer[Any]):
    assignment = AssignmentSerializer(allow_null=True)
    reason = serializers.CharField(
        help_text=_("Why there is no assignment: nothing_left, holding_enough, project_paused …; else empty.")
    )


class SubmitSerializer(HeldSerializer):
    value = serializers.JSONField(help_text=_("Single choice: a label key. Multiple choice: a list of label keys."))
    active_ms = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)
    claim_next = serializers.BooleanField(required=False, default=False)


class SubmitAnswerSerializer(serializers.Serializer[Any]):
    annotation = serializers.IntegerField()
    assignment = serializers.IntegerField()
    status = serializers.CharField(help_text=_("current, or withdrawn where it was taken back since."))
    replayed = serializers.BooleanField(help_text=_("This request came before; nothing was written this time."))
    next = AssignmentSerializer(allow_null=True)
    reason = serializers.CharField(help_text=_("Why there is no next assignment, where one was asked for."))


class SkipSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class FlagSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class ReleaseSerializer(serializers.Serializer[Any]):
    grace_seconds = serializers.IntegerField(
        required=False,
        default=0,
        min_value=0,
        max_value=MAX_GRACE,
        help_text=_("0 gives the item back at once; more lets the lease end that many seconds from now."),
    )


class LeaseSerializer(serializers.Serializer[Any]):
    assignment = serializers.IntegerField(source="pk")
    status = serializers.ChoiceField(choices=AssignmentStatus.choices)
    expires_at = serializers.DateTimeField()


class ProgressSerializer(serializers.Serializer[Any]):
    done = serializers.IntegerField()
    needed = serializers.IntegerField()


class WorkSerializer(serializers.Serializer[Any]):
    labels = serializers.IntegerField()
    session_labels = serializers.IntegerField(help_text=_("Since your last break of half an hour."))
    earned = serializers.DecimalField(max_digits=14, decimal_places=2)
    pay_per_label = serializers.DecimalField(max_digits=14, decimal_places=6)
    currency = serializers.CharField()
    active_seconds = serializers.FloatField()
    timed_labels = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    per_hour = serializers.DecimalField(
        max_digits=14, decimal_places=2, allow_null=True, help_text=_("Earned over active time, per hour.")
    )
    progress = ProgressSerializer()


def _plain_submit(data: Any) -> dict[str, Any] | None:
    """The body of an ordinary submit as ``SubmitSerializer`` would return it; None where that must look at it.

    Most requests of the platform are this one, and a serializer makes copies of all its fields for each.
    """
    if not isinstance(data, dict) or "value" not in data or data["value"] is None:
        return None
    value, active, more = data["value"], data.get("active_ms"), data.get("claim_next", False)
    holding = data.get("holding", [])
    plain = (
        isinstance(value, str | list)
        and (active is None or (type(active) is int and active >= 0))
        and isinstance(more, bool)
        and isinstance(holding, list)
        and len(holding) <= MAX_HOLDING
        and all(type(held) is int and held >= 1 for held in holding)
    )
    return {"value": value, "active_ms": active, "claim_next": more, "holding": holding} if plain else None


def _body(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The checked body; raises DRF's ValidationError, which is rendered as a 400."""
    checked = serializer(data=request.data)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


class NextView(APIView):
    token_scope = Scope.LABEL

    @extend_schema(
        operation_id="next_assignment", summary="Claim the next item",
        request=HeldSerializer, responses=ClaimAnswerSerializer, tags=["labelling"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        holding = _body(HeldSerializer, request)["holding"]
        refuse_unless_serving(access.project.status)
        assignment, reason = services.claim_or_reason(annotator=annotator_of(access), holding=holding)
        return Response(ClaimAnswerSerializer({"assignment": assignment, "reason": reason}).data)


class WorkView(APIView):
    read_scope = Scope.LABEL

    @extend_schema(operation_id="my_work", summary="Your work and pay", responses=WorkSerializer, tags=["labelling"])
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, WORKERS)
        return Response(WorkSerializer(work_of(annotator_of(access), access.project)).data)


class SubmitView(APIView):
    token_scope = Scope.LABEL

    @extend_schema(
        operation_id="submit_assignment", summary="Label an item, and claim the next if asked",
        request=SubmitSerializer, responses=SubmitAnswerSerializer, parameters=[KEY_HEADER], tags=["labelling"],
    )  # fmt: skip
    def post(self, request: Request, assignment_id: int) -> Response:
        _access, assignment = assignment_access(request.user, assignment_id)
        body = _plain_submit(request.data) or _body(SubmitSerializer, request)
        done = services.submit(
            annotator=assignment.annotator,
            assignment_id=assignment.pk,
            idempotency_key=request.headers.get("Idempotency-Key", ""),
            **body,
        )
        following = None if done.following is None else AssignmentSerializer().to_representation(done.following)
        return Response(
            {
                "annotation": done.annotation.pk,
                "assignment": assignment.pk,
                "status": done.annotation.status,
                "replayed": done.replayed,
                "next": following,
                "reason": done.reason,
            }
        )


class UndoView(APIView):
    token_scope = Scope.LABEL

    @extend_schema(
        operation_id="undo_assignment", summary="Take your last label back",
        request=None, responses=AssignmentSerializer, tags=["labelling"],
    )  # fmt: skip
    def post(self, request: Request, assignment_id: int) -> Response:
        _access, assignment = assignment_access(request.user, assignment_id)
        again = services.undo(annotator=assignment.annotator, assignment_id=assignment.pk)
        return Response(AssignmentSerializer(again).data)


class SkipView(APIView):
    token_scope = Scope.LABEL

    @extend_schema(
        operation_id="skip_assignment", summary="Leave an item to others, with a reason",
        request=SkipSerializer, responses=LeaseSerializer, tags=["labelling"],
    )  # fmt: skip
    def post(self, request: Request, assignment_id: int) -> Response:
        _access, assignment = assignment_access(request.user, assignment_id)
        body = _body(SkipSerializer, request)
        skipped = services.skip(annotator=assignment.annotator, assignment_id=assignment.pk, **body)
        return Response(LeaseSerializer(skipped).data)


class FlagView(APIView):
    token_scope = Scope.LABEL

    @extend_schema(
        operation_id="flag_assignment", summary="Say that something is wrong with an item",
        request=FlagSerializer, responses=FlagSerializer, tags=["labelling"],
    )  # fmt: skip
    def post(self, request: Request, assignment_id: int) -> Response:
        _access, assignment = assignment_access(request.user, assignment_id)
        body = _body(FlagSerializer, request)
        flagged = services.flag(annotator=assignment.annotator, assignment_id=assignment.pk, **body)
        return Response(FlagSerializer(flagged).data)


class RenewView(APIView):
    token_scope = Scope.LABEL

    @extend_schema(
        operation_id="renew_assignment", summary="Keep an item for another full lease",
        request=None, responses=LeaseSerializer, tags=["labelling"],
    )  # fmt: skip
    def post(self, request: Request, assignment_id: int) -> Response:
        _access, assignment = assignment_access(request.user, assignment_id)
        lease = services.renew(annotator=assignment.annotator, assignment_id=assignment.pk)
        return Response(LeaseSerializer(lease).data)


class ReleaseView(APIView):
    token_scope = Scope.LABEL

    @extend_schema(
        operation_id="release_assignment", summary="Give an item back",
        request=ReleaseSerializer, responses=LeaseSerializer, tags=["labelling"],
    )  # fmt: skip
    def post(self, request: Request, assignment_id: int) -> Response:
        _access, assignment = assignment_access(request.user, assignment_id)
        body = _body(ReleaseSerializer, request)
        lease = services.release(annotator=assignment.annotator, assignment_id=assignment.pk, **body)
        return Response(LeaseSerializer(lease).data)
