"""REST of the groups that items have."""

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
from annotations.grouping.selectors import AttributeGroups, project_groups
from annotations.grouping.services import check_rules, regrouping_create
from annotations.grouping.values import preview
from annotations.models import Regrouping, RegroupingKind
from annotations.tasks import groups_soon, regrouping_follow
from ledger.errors import invalid


class LikenessSerializer(serializers.Serializer[Any]):
    rare = serializers.CharField()
    rare_items = serializers.IntegerField()
    frequent = serializers.CharField()
    frequent_items = serializers.IntegerField()


class AttributeGroupsSerializer(serializers.Serializer[AttributeGroups]):
    name = serializers.CharField()
    watched = serializers.BooleanField(help_text="Whether it is an attribute of the project.")
    meant = serializers.CharField(allow_null=True, help_text="The watched attribute that this may be, misspelt.")
    groups = serializers.DictField(child=serializers.IntegerField(), help_text="Group: items.")
    missing = serializers.IntegerField(help_text="Items without a group.")
    left_out = serializers.IntegerField(help_text="Rare values that were counted but are not listed.")
    edges = serializers.ListField(child=serializers.FloatField(), help_text="Offered for bins; empty: no numbers.")
    alike = LikenessSerializer(many=True, help_text="Values that look like another one misspelt.")


class RegroupingSerializer(serializers.ModelSerializer[Regrouping]):
    class Meta:
        model = Regrouping
        fields = ("id", "attribute", "kind", "rules", "items_changed", "created_at", "done_at")


class GroupsSerializer(serializers.Serializer[Any]):
    items = serializers.IntegerField(allow_null=True)
    counted_at = serializers.DateTimeField(allow_null=True, help_text="Null: not counted yet.")
    attributes = AttributeGroupsSerializer(many=True)
    regroupings = RegroupingSerializer(many=True, help_text="Newest first.")


class RegroupSerializer(serializers.Serializer[Any]):
    attribute = serializers.CharField(max_length=64)
    kind = serializers.ChoiceField(choices=RegroupingKind.choices)
    rules = serializers.DictField(
        help_text='bins: {"edges": [30, 45]}; merge: {"values": {"femal": "female"}}; rename: {"from": "relgion"}.'
    )
    preview = serializers.BooleanField(default=False, help_text="Only answer how many items each group would have.")


class RegroupAnswerSerializer(serializers.Serializer[Any]):
    regrouping = RegroupingSerializer(allow_null=True)
    groups = serializers.DictField(child=serializers.IntegerField(), allow_null=True)


class GroupsView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="project_groups", summary="Groups of the items",
        description="As they were counted last, in the background.", responses=GroupsSerializer, tags=["projects"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        found = project_groups(access.project)
        row = {
            "items": found.survey.items if found.survey else None,
            "counted_at": found.survey.counted_at if found.survey else None,
            "attributes": found.attributes,
            "regroupings": found.regroupings,
        }
        return Response(GroupsSerializer(row).data)

    @extend_schema(
        operation_id="project_groups_change", summary="Change the groups of an attribute, or preview it",
        description="Items and live counters follow in the background.",
        request=RegroupSerializer, responses={200: RegroupAnswerSerializer, 202: RegroupAnswerSerializer},
        tags=["projects"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        sent = RegroupSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        given = dict(sent.validated_data)
        if given.pop("preview"):
            return Response({"regrouping": None, "groups": _preview(project_groups(access.project).attributes, given)})
        made = regrouping_create(project=access.project, actor=person(request), **given)
        regrouping_follow(made.pk)
        return Response({"regrouping": RegroupingSerializer(made).data, "groups": None}, status=202)


def _preview(attributes: tuple[AttributeGroups, ...], given: dict[str, Any]) -> dict[str, int]:
    """Group → items, as they would be by the last count."""
    rules = check_rules(given["attribute"], given["kind"], given["rules"])
    wanted = rules.get("from", given["attribute"])
    found = next((one for one in attributes if one.name == wanted), None)
    if found is None:
        raise invalid(f"No item has a group of “{wanted[:64]}”, by the last count.", code="unknown_attribute")
    return preview(found.groups if given["kind"] == RegroupingKind.MERGE else found.raw, rules)


class GroupsCountView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="project_groups_count", summary="Count the groups anew", request=None, responses={202: None},
        tags=["projects"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        project_access(request.user, project_id, OWNER)
        groups_soon(project_id)
        return Response(status=202)
