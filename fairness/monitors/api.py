"""REST of monitors and findings."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, STAFF, project_access
from annotations.models import Project
from annotations.models.raising import MOST_MORE
from annotations.raising.api import GroupDemandSerializer
from annotations.tasks import demand_soon
from fairness.access import finding_access, monitor_access
from fairness.metrics import ALPHA
from fairness.models import Decision, Finding, Monitor
from fairness.monitors.models import ASK_AGAIN, LONGEST_TEXT, MOST_ASK_AGAIN, Action, Measure, Truth, Whose
from fairness.monitors.reading import LetBe
from fairness.monitors.selectors import findings_of, look_at, monitors_of, told
from fairness.monitors.sending import finding_raise, finding_send
from fairness.monitors.services import (
    CHANGEABLE,
    FIELDS,
    finding_decide,
    monitor_add,
    monitor_change,
    monitor_draft,
    monitor_remove,
)
from fairness.monitors.standing import Standing, stands_of


class MonitorChangeSerializer(serializers.Serializer[Any]):
    alpha = serializers.FloatField(required=False, help_text=_("Probability of a false pause, for this monitor alone."))
    tau = serializers.FloatField(
        required=False, help_text=_("The limit: a difference, a share of errors, or the least κ; from 0 to 1.")
    )
    at_checkpoints = serializers.BooleanField(required=False)
    pause_labelling = serializers.BooleanField(required=False)
    groups_anew = serializers.BooleanField(
        required=False, help_text=_("Watch the groups that the items have now; those that came later are not else.")
    )


class MonitorNewSerializer(serializers.Serializer[Any]):
    measure = serializers.ChoiceField(choices=Measure.choices)
    whose = serializers.ChoiceField(choices=Whose.choices, default=Whose.MODEL)
    attribute = serializers.CharField(max_length=64, default="", allow_blank=True)
    label_key = serializers.CharField(max_length=64, default="", allow_blank=True)
    truth = serializers.ChoiceField(choices=Truth.choices, default=Truth.GOLD)
    alpha = serializers.FloatField(default=ALPHA)
    tau = serializers.FloatField(default=0.1)
    at_checkpoints = serializers.BooleanField(default=False)
    pause_labelling = serializers.BooleanField(default=False)

    def get_fields(self) -> dict[str, Any]:
        # "label" is an argument of every field, so it cannot be declared as one.
        return {"label" if name == "label_key" else name: field for name, field in super().get_fields().items()}


STANDINGS = [(one.value, one.value) for one in Standing]


class MonitorSerializer(serializers.ModelSerializer[Monitor]):
    groups = serializers.ListField(child=serializers.CharField(), help_text=_("Those that are watched."))
    standing = serializers.ChoiceField(
        choices=STANDINGS,
        help_text=_(
            "Whether it watches: blind and partly say that its groups or its label are others now, too_many that there "
            "are more groups than can be watched together, failed that it could not be asked. Accepted and on_trial: "
            "something is certain, and an owner has accepted it or given a remedy time."
        ),
    )
    unwatched = serializers.ListField(child=serializers.CharField(), help_text=_("Groups of items, not watched."))
    gone = serializers.ListField(child=serializers.CharField(), help_text=_("Watched groups that no item has."))

    alpha_holds = serializers.BooleanField(
        help_text=_("False where people are given the items by priority: what it finds may come from their order.")
    )

    class Meta:
        model = Monitor
        fields = [
            "id", *FIELDS, "groups", "standing", "unwatched", "gone", "alpha_holds", "created_at", "since", "renewed",
        ]  # fmt: skip


def _monitors(project: Project, monitors: list[Monitor]) -> list[dict[str, Any]]:
    stands = stands_of(project, monitors)
    for monitor in monitors:
        found = stands[monitor.pk]
        monitor.standing, monitor.unwatched, monitor.gone = found.standing, found.unwatched, found.gone  # type: ignore[attr-defined]
        monitor.alpha_holds = not found.unpromised  # type: ignore[attr-defined]
    return [dict(row) for row in MonitorSerializer(monitors, many=True).data]


class LookSerializer(serializers.Serializer[Any]):
    """What a limit says of the labels so far, for one model (or people): what it would have brought about."""

    name = serializers.CharField(help_text=_("Of a model; else empty."))
    would_pause = serializers.BooleanField()
    certain = serializers.FloatField(source="verdict.certain", allow_null=True)
    plain = serializers.FloatField(source="verdict.plain", allow_null=True)
    text = serializers.CharField()
    failed = serializers.BooleanField(help_text=_("It could not be asked."))
    let_be = serializers.ChoiceField(
        choices=[(one.value, one.value) for one in LetBe],
        help_text=_("Certain, but accepted by an owner, or on trial while a remedy is given time; else empty."),
    )


class FindingDecisionSerializer(serializers.ModelSerializer[Decision]):
    latest = serializers.DateTimeField(
        allow_null=True, help_text=_("When the limit is asked about again at the latest; null where it was accepted.")
    )
    over_at = serializers.DateTimeField(
        allow_null=True,
        help_text=_("Since when it is asked about again before `until`: the run was finished, or a week had passed."),
    )

    class Meta:
        model = Decision
        fields = ["action", "reason", "resumed", "until", "latest", "over_at", "made_at"]


class DecideSerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=Action.choices)
    reason = serializers.CharField(
        max_length=LONGEST_TEXT, default="", allow_blank=True, help_text=_("Needed to accept, and to resume.")
    )
    resume = serializers.BooleanField(default=False, help_text=_("Let the runs that were paused for it go on."))
    ask_again = serializers.IntegerField(
        min_value=1,
        max_value=MOST_ASK_AGAIN,
        default=ASK_AGAIN,
        help_text=_(
            "Of anything but accepting: after how many more labels the limit is asked about again; when the run is "
            "finished, or a week has passed, in any case."
        ),
    )


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """``certificate``: counts, bands, groups, the certain and the plain value, α and τ, as they were; ``found``: all
    that is beyond the limit, which is what accepting it accepts."""

    certificate = serializers.DictField()
    runs = serializers.ListField(child=serializers.IntegerField(), help_text=_("That were paused for it."))
    sent = serializers.ListField(child=serializers.IntegerField(), help_text=_("Items that were sent to experts."))
    decision = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField(help_text=_("What was found and how sure it is, in words."))

    class Meta:
        model = Finding
        fields = [
            "id", "monitor", "annotator", "text", "certificate", "version", "runs", "labelling_paused", "sent",
            "is_open", "found_at", "decision",
        ]  # fmt: skip

    def get_decision(self, finding: Finding) -> dict[str, Any] | None:
        decision = getattr(finding, "decision", None)
        return None if decision is None else dict(FindingDecisionSerializer(decision).data)

    def get_text(self, finding: Finding) -> str:
        return str(self.context["texts"][finding.pk])


def _shown(findings: list[Finding], project: Any) -> list[dict[str, Any]]:
    texts = {one.finding.pk: one.text for one in told(findings, project)}
    return [dict(FindingSerializer(one, context={"texts": texts}).data) for one in findings]


class MonitorsView(APIView):
    read_scope = Scope.READ
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="list_monitors", summary="A project's limits", responses=MonitorSerializer(many=True),
        tags=["fairness"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        return Response(_monitors(access.project, list(monitors_of(access.project))))

    @extend_schema(
        operation_id="add_monitor", summary="Set a limit",
        description="409: it is watched already, or there are too many.",
        request=MonitorNewSerializer, responses={201: MonitorSerializer}, tags=["fairness"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = MonitorNewSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        monitor = monitor_add(project=access.project, actor=person(request), values=given.validated_data)
        return Response(_monitors(access.project, [monitor])[0], status=201)


class MonitorTryView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="try_monitor", summary="What a limit would have brought about with the labels so far",
        description="Nothing is stored.",
        request=MonitorNewSerializer, responses=LookSerializer(many=True), tags=["fairness"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = MonitorNewSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        draft = monitor_draft(project=access.project, values=given.validated_data)
        return Response(LookSerializer(look_at(draft), many=True).data)


class MonitorView(APIView):
    read_scope = Scope.READ
    token_scope = Scope.MANAGE

    @extend_schema(operation_id="monitor", summary="A limit", responses=MonitorSerializer, tags=["fairness"])
    def get(self, request: Request, project_id: int, monitor_id: int) -> Response:
        access, monitor = monitor_access(request.user, project_id, monitor_id)
        return Response(_monitors(access.project, [monitor])[0])

    @extend_schema(
        operation_id="change_monitor", summary="Change a limit",
        description="What is watched stays: that is another monitor.",
        request=MonitorChangeSerializer, responses=MonitorSerializer, tags=["fairness"],
    )  # fmt: skip
    def patch(self, request: Request, project_id: int, monitor_id: int) -> Response:
        access, monitor = monitor_access(request.user, project_id, monitor_id, OWNER)
        given = MonitorChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = {name: value for name, value in given.validated_data.items() if name in CHANGEABLE}
        anew = given.validated_data.get("groups_anew", False)
        changed = monitor_change(monitor=monitor, actor=person(request), values=values, groups_anew=anew)
        return Response(_monitors(access.project, [changed])[0])

    @extend_schema(
        operation_id="remove_monitor", summary="Watch by a limit no more",
        description="What it found stays on record; what waits for a decision waits no longer.",
        responses={204: None}, tags=["fairness"],
    )  # fmt: skip
    def delete(self, request: Request, project_id: int, monitor_id: int) -> Response:
        _access, monitor = monitor_access(request.user, project_id, monitor_id, OWNER)
        monitor_remove(monitor=monitor, actor=person(request))
        return Response(status=204)


class MonitorLookView(APIView):
    read_scope = Scope.READ

    @extend_schema(
        operation_id="look_at_monitor", summary="What a limit says of the labels so far, for each model (or people)",
        description="As its page shows it. Empty where there is no label that it could judge.",
        responses=LookSerializer(many=True), tags=["fairness"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int, monitor_id: int) -> Response:
        _access, monitor = monitor_access(request.user, project_id, monitor_id)
        return Response(LookSerializer(look_at(monitor), many=True).data)


class FindingsView(GenericAPIView[Finding]):
    read_scope = Scope.READ
    serializer_class = FindingSerializer
    queryset = Finding.objects.none()

    @extend_schema(operation_id="list_findings", summary="What monitors found, the newest first", tags=["fairness"])
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        page = self.paginate_queryset(findings_of(access.project))
        return self.get_paginated_response(_shown(list(page or []), access.project))


class FindingView(APIView):
    read_scope = Scope.READ

    @extend_schema(operation_id="finding", summary="A finding", responses=FindingSerializer, tags=["fairness"])
    def get(self, request: Request, project_id: int, finding_id: int) -> Response:
        access, finding = finding_access(request.user, project_id, finding_id)
        return Response(_shown([finding], access.project)[0])


class FindingSendView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="send_finding", summary="Send items that show a finding to experts",
        description="Opens cases for a sample of the groups that it names. Twice is once. 409: there are none.",
        request=None, responses=FindingSerializer, tags=["fairness"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int, finding_id: int) -> Response:
        access, finding = finding_access(request.user, project_id, finding_id, OWNER)
        finding_send(finding=finding, actor=person(request))
        finding.refresh_from_db(fields=["sent"])
        return Response(_shown([finding], access.project)[0])


class FindingRaiseSerializer(serializers.Serializer[Any]):
    group = serializers.CharField(max_length=200, help_text="One that the finding names.")
    more = serializers.IntegerField(min_value=1, max_value=MOST_MORE, default=1)


class FindingRaiseView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="raise_finding", summary="Collect more labels of a group that a finding names",
        description="Each item of the group gets `more` labels; `more-labels/toll/` says before what that takes.",
        request=FindingRaiseSerializer, responses={201: GroupDemandSerializer}, tags=["fairness"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int, finding_id: int) -> Response:
        _access, finding = finding_access(request.user, project_id, finding_id, OWNER)
        given = FindingRaiseSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = finding_raise(finding=finding, actor=person(request), **given.validated_data)
        demand_soon(project_id)
        return Response(GroupDemandSerializer(made).data, status=201)


class FindingDecideView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="decide_finding", summary="Answer a finding",
        description="Accept it with a reason, or say what is done about it. 409: it was answered already.",
        request=DecideSerializer, responses={201: FindingDecisionSerializer}, tags=["fairness"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int, finding_id: int) -> Response:
        _access, finding = finding_access(request.user, project_id, finding_id, OWNER)
        given = DecideSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        decision = finding_decide(finding=finding, actor=person(request), **given.validated_data)
        return Response(FindingDecisionSerializer(decision).data, status=201)
