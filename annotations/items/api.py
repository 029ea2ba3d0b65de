"""REST of items."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.access import STAFF, item_access, project_access
from annotations.items.labels import cases_of, flags_of, labels_of
from annotations.items.paging import PatientPagination
from annotations.items.selectors import (
    BY,
    CHECKED,
    CONSENSUS,
    GOLD,
    SETTLED,
    STATES,
    STREAMS,
    TRUTH,
    ItemFilter,
    allowed_filter,
    items_of,
)
from annotations.items.served import SERVED
from annotations.items.voices import VOICES
from annotations.models import Case, Consensus, Item, ItemFlag


class ItemConsensusSerializer(serializers.ModelSerializer[Consensus]):
    value = serializers.JSONField(allow_null=True)

    class Meta:
        model = Consensus
        fields = ["value", "method", "support", "decided_at"]


class ItemSerializer(serializers.ModelSerializer[Item]):
    payload = serializers.JSONField()
    groups = serializers.DictField(child=serializers.CharField())
    gold = serializers.JSONField(allow_null=True)
    extra = serializers.DictField()
    consensus = serializers.SerializerMethodField()
    open_case = serializers.BooleanField(source="has_open_case")
    flagged = serializers.BooleanField(source="is_flagged")

    class Meta:
        model = Item
        fields = [
            "id", "project", "dataset", "external_id", "row_number", "modality", "payload", "content_hash", "groups",
            "gold", "extra", "consensus", "open_case", "flagged", "created_at",
        ]  # fmt: skip

    @extend_schema_field(ItemConsensusSerializer(allow_null=True))
    def get_consensus(self, item: Item) -> Any:
        consensus = getattr(item, "consensus", None)
        return None if consensus is None else ItemConsensusSerializer(consensus).data


class ItemLabelSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="annotation.pk")
    annotator = serializers.CharField(help_text=_("A pseudonym; a model's name."))
    kind = serializers.CharField()
    origin = serializers.CharField()
    source = serializers.CharField(source="annotation.source")  # type: ignore[assignment]
    value = serializers.JSONField(source="annotation.value")
    schema_version = serializers.IntegerField(source="annotation.schema.version")
    run = serializers.IntegerField(source="annotation.run_id", allow_null=True)
    confidence = serializers.FloatField(source="annotation.confidence", allow_null=True)
    calibrated_confidence = serializers.FloatField(
        allow_null=True, help_text=_("What the confidence is worth by the model's calibration; null: not known.")
    )
    reason = serializers.CharField(source="annotation.reason")
    created_at = serializers.DateTimeField(source="annotation.created_at")


class ItemCountSerializer(serializers.Serializer[Any]):
    value = serializers.JSONField()
    people = serializers.IntegerField()
    models = serializers.IntegerField()


class ItemCaseSerializer(serializers.ModelSerializer[Case]):
    class Meta:
        model = Case
        fields = ["id", "kind", "status", "opened_at", "closed_at"]


class ItemFlagSerializer(serializers.ModelSerializer[ItemFlag]):
    class Meta:
        model = ItemFlag
        fields = ["reason", "created_at"]


class ItemDetailSerializer(ItemSerializer):
    """Describes ``ItemView``'s answer, which is put together from several readings."""

    labels = ItemLabelSerializer(many=True)
    label_counts = ItemCountSerializer(many=True)
    labels_hidden = serializers.BooleanField(
        help_text=_("Experts get counts only, until the item is settled: who said what is not for them to know.")
    )
    cases = ItemCaseSerializer(many=True)
    flags = ItemFlagSerializer(many=True)

    class Meta(ItemSerializer.Meta):
        fields = [*ItemSerializer.Meta.fields, "labels", "label_counts", "labels_hidden", "cases", "flags"]


class ItemQuerySerializer(serializers.Serializer[Any]):
    dataset = serializers.IntegerField(required=False, min_value=1)
    group = serializers.CharField(required=False, help_text=_("attribute:group"))
    state = serializers.ChoiceField(choices=list(STATES), required=False)
    label = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text=_("A label key that the consensus gives.")
    )
    case = serializers.BooleanField(default=False, help_text=_("Only items with an open case."))
    flagged = serializers.BooleanField(default=False, help_text=_("Only items that somebody flagged."))
    external_id = serializers.CharField(required=False)
    given = serializers.CharField(required=False, help_text=_("A label key that somebody gave."))
    by = serializers.ChoiceField(choices=list(BY), required=False, help_text=_("Whose label it is."))
    annotator = serializers.IntegerField(
        required=False, min_value=1, help_text=_("The same of one annotator, by id; not for experts.")
    )
    against = serializers.ChoiceField(
        required=False,
        choices=[GOLD, TRUTH, CONSENSUS, SETTLED],
        help_text=_(
            "Items on which the label given, or else the consensus, is another one than this. Settled: by an expert, "
            "on items without gold; truth: either of the two. Not for experts."
        ),
    )
    pair = serializers.CharField(
        required=False,
        max_length=40,
        help_text=_(
            "Items that have both labels: of people (complete, before any expert), own (people's before all are "
            "there), consensus or model (with its annotator), a colon, and gold, settled (without gold), truth (either "
            "of both), expert (settled, with gold or without), first (person), people, own or consensus. Not for "
            "experts."
        ),
    )
    differs = serializers.BooleanField(default=False, help_text=_("Of a pair: where the two are not the same."))
    truly = serializers.CharField(
        required=False, max_length=65, help_text=_("Of a pair: a label key of the second label; with ! before it, not.")
    )
    said = serializers.CharField(required=False, max_length=65, help_text=_("The same of the first label."))
    beside = serializers.CharField(required=False, help_text=_("A second group, of another attribute."))
    stream = serializers.ChoiceField(
        choices=list(STREAMS), required=False, help_text=_("Drawn for a check by this stream; not for experts.")
    )
    checked = serializers.ChoiceField(
        choices=list(CHECKED), required=False, help_text=_("With stream: whether an expert has settled the item.")
    )
    drawn_from = serializers.IntegerField(
        required=False, min_value=1, help_text=_("With stream: draws from this id on.")
    )
    attribute = serializers.CharField(required=False, help_text=_("Items that have any group of this attribute."))
    people = serializers.ChoiceField(
        choices=list(VOICES),
        required=False,
        help_text=_("Items that several people labelled: all, those on which they all agree, or differ."),
    )
    served = serializers.ChoiceField(
        choices=list(SERVED),
        required=False,
        help_text=_("The label is of an item given out as chosen by a rule, or drawn beside these; not for experts."),
    )
    served_since = serializers.DateTimeField(required=False, help_text=_("With served: when the item was given out."))
    served_until = serializers.DateTimeField(required=False, help_text=_("The same; this moment not included."))
    served_from = serializers.IntegerField(
        required=False, min_value=1, help_text=_("With served: leases from this id on.")
    )
    since = serializers.DateTimeField(required=False, help_text=_("When the label was given."))
    until = serializers.DateTimeField(required=False, help_text=_("The same; this moment not included."))


class ItemsView(GenericAPIView[Item]):
    serializer_class = ItemSerializer
    queryset = Item.objects.none()
    pagination_class = PatientPagination
    paginator: PatientPagination  # type: ignore[assignment]

    @extend_schema(
        operation_id="list_items", summary="Items of a project, newest first", parameters=[ItemQuerySerializer],
        tags=["items"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, STAFF)
        query = ItemQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = allowed_filter(access, ItemFilter(**query.validated_data))
        if wanted != ItemFilter():
            self.paginator.project = access.project
        page = self.paginate_queryset(items_of(access.project, wanted))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ItemView(APIView):
    @extend_schema(
        operation_id="get_item",
        summary="One item: labels, cases, flags",
        responses=ItemDetailSerializer,
        tags=["items"],
    )
    def get(self, request: Request, item_id: int) -> Response:
        access, _item = item_access(request.user, item_id, STAFF)
        item = items_of(access.project, ItemFilter()).get(pk=item_id)
        shown = labels_of(access, item)
        answer = {
            **ItemSerializer(item).data,
            "labels": ItemLabelSerializer(shown.labels, many=True).data,
            "label_counts": ItemCountSerializer(shown.counts, many=True).data,
            "labels_hidden": shown.hidden,
            "cases": ItemCaseSerializer(cases_of(item), many=True).data,
            "flags": ItemFlagSerializer(flags_of(item), many=True).data,
        }
        return Response(answer)
