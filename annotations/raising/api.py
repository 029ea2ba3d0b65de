"""REST of more labels for one group's items."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from accounts.people import person
from annotations.access import OWNER, READERS, group_demand_access, project_access
from annotations.models import GroupDemand
from annotations.models.raising import MOST_MORE
from annotations.raising.selectors import demands_of, toll_of
from annotations.raising.services import group_raise, group_raise_end
from annotations.tasks import demand_soon


class GroupDemandSerializer(serializers.ModelSerializer[GroupDemand]):
    class Meta:
        model = GroupDemand
        fields = ("id", "attribute", "group", "more", "finding", "made_at", "ended_at")


class RaiseSerializer(serializers.Serializer[Any]):
    attribute = serializers.CharField(max_length=64)
    group = serializers.CharField(max_length=200)
    more = serializers.IntegerField(min_value=1, max_value=MOST_MORE)


class TollSerializer(serializers.Serializer[Any]):
    """At most: settled items, and those with more labels than they need, take fewer. Null: not counted yet."""

    items = serializers.IntegerField(allow_null=True)
    labels = serializers.IntegerField(allow_null=True)
    hours = serializers.FloatField(allow_null=True)
    cost = serializers.DecimalField(max_digits=16, decimal_places=2, allow_null=True)
    currency = serializers.CharField()


class MoreLabelsView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="list_more_labels", summary="Groups whose items get more labels, the newest first",
        responses=GroupDemandSerializer(many=True), tags=["projects"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        return Response(GroupDemandSerializer(demands_of(access.project), many=True).data)

    @extend_schema(
        operation_id="raise_more_labels", summary="Collect more labels for the items of one group",
        description="Items follow in the background. 409: the group gets more already, or there are too many.",
        request=RaiseSerializer, responses={201: GroupDemandSerializer}, tags=["projects"],
    )  # fmt: skip
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        given = RaiseSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = group_raise(project=access.project, actor=person(request), **given.validated_data)
        demand_soon(project_id)
        return Response(GroupDemandSerializer(made).data, status=201)


class MoreLabelsTollView(APIView):
    @extend_schema(
        operation_id="more_labels_toll", summary="What more labels for a group would take",
        parameters=[RaiseSerializer], responses=TollSerializer, tags=["projects"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        given = RaiseSerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        return Response(TollSerializer(toll_of(access.project, **given.validated_data)).data)


class MoreLabelsOneView(APIView):
    token_scope = Scope.MANAGE

    @extend_schema(
        operation_id="end_more_labels", summary="Collect no more labels of a group than of others",
        description="Labels that were given stay.", responses={204: None}, tags=["projects"],
    )  # fmt: skip
    def delete(self, request: Request, project_id: int, demand_id: int) -> Response:
        _access, demand = group_demand_access(request.user, project_id, demand_id, OWNER)
        group_raise_end(demand=demand, actor=person(request))
        demand_soon(project_id)
        return Response(status=204)
