"""What is labelled: datasets, items, and the narrow hot row that says how many labels an item still needs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _


class Dataset(models.Model):
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="datasets")
    name = models.CharField(_("name"), max_length=200)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class Item(models.Model):
    """One thing to label. ``payload`` belongs to the modality (text: ``{"text": "…"}``); ``groups`` maps a protected
    attribute's name to this item's group, missing where it has none; ``gold`` is a label value or null;
    ``extra`` keeps imported columns that nothing else uses."""

    # Without a constraint in the database, here and in the queue: see docs/adr/0011.
    project = models.ForeignKey(
        "annotations.Project", models.CASCADE, related_name="items", db_index=False, db_constraint=False
    )
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="items", db_constraint=False)
    external_id = models.CharField(_("id in the source"), max_length=200, blank=True)
    row_number = models.PositiveBigIntegerField(_("row in the file"), null=True)
    modality = models.CharField(_("modality"), max_length=16, default="text")
    payload = models.JSONField(_("payload"))
    content_hash = models.CharField(_("content hash"), max_length=64)  # SHA-256 of modality and canonical payload
    groups = models.JSONField(_("groups"), default=dict)
    gold = models.JSONField(_("gold label"), null=True)
    extra = models.JSONField(_("other columns"), default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "content_hash"], name="item_content_once_per_project"),
            models.UniqueConstraint(
                fields=["project", "external_id"], condition=~Q(external_id=""), name="item_external_id_once"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "id"], name="item_project_id"),
            # Gold items on a ring that is shuffled once for all: a search may begin anywhere on it.
            models.Index(
                F("project"),
                Func(F("id"), function="hashint8", output_field=models.IntegerField()),
                F("id"),
                condition=Q(gold__isnull=False),
                name="item_gold_ring",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id or f"item {self.pk}"


class QueueEntry(models.Model):
    """How many more leases an item may be given, and in which order it is served.

    ``remaining`` = redundancy + ``extra`` − submitted human labels − live leases; 0 once an expert has settled the
    item. ``extra`` counts the labels that adaptive redundancy has asked for on top; ``raised`` says how many of all
    these are asked for because of the item's groups alone (``GroupDemand``). Locking this row is how every writer of
    labels serialises on one item. ``lane`` is what the project's strategy sorts by (0 where it does not
    sort), ``shuffle`` a random place (63 bits) fixed at import.

    ``redundancy``, ``min_support`` and ``demand_version`` are the project's as they were when this item was last
    brought in line with them: what live counters were told of the item is by these. See docs/adr/0016.
    """

    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="queue", db_constraint=False)
    project = models.ForeignKey(
        "annotations.Project", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    remaining = models.SmallIntegerField()
    extra = models.SmallIntegerField(default=0, db_default=0)
    raised = models.SmallIntegerField(default=0, db_default=0)
    lane = models.IntegerField(default=0, db_default=0)
    shuffle = models.BigIntegerField()
    redundancy = models.PositiveSmallIntegerField()
    min_support = models.PositiveSmallIntegerField()
    demand_version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(remaining__gte=0), name="queue_never_oversold"),
            models.CheckConstraint(
                condition=Q(min_support__gte=1, min_support__lte=F("redundancy")), name="queue_support_in_reach"
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "lane", "shuffle", "item"], condition=Q(remaining__gt=0), name="queue_open_by_lane"
            ),
            models.Index(fields=["project", "item"], name="queue_by_project"),
        ]

    def __str__(self) -> str:
        return f"item {self.item_id}: {self.remaining} to give out"


class ItemFlag(models.Model):
    """A worker says that something is wrong with an item."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="flags")
    annotator = models.ForeignKey("annotations.Annotator", models.CASCADE, related_name="flags")
    reason = models.CharField(_("what is wrong"), max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "annotator"], name="flag_once_per_annotator")]

    def __str__(self) -> str:
        return f"flag on item {self.item_id}"
