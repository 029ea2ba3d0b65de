"""Groups of items: what was counted, and what the owner had done with them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class GroupSurvey(models.Model):
    """How many items have which value of which attribute, counted in the background.

    ``counts``: attribute → ``{"values": [[imported value, group, items], …], "left_out": [values, items]}``, the most
    frequent first; ``left_out`` are those beyond what is kept.
    """

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="group_survey")
    counts = models.JSONField(default=dict)
    items = models.PositiveBigIntegerField(default=0)
    counted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"groups of project {self.project_id}"


class RegroupingKind(models.TextChoices):
    BINS = "bins", _("Numbers in bins")
    MERGE = "merge", _("Values merged")
    RENAME = "rename", _("Taken over from another attribute")


class Regrouping(models.Model):
    """A change of one attribute's groups that the owner asked for; items follow in the background, in order of ids.

    ``rules``: bins ``{"edges": [30, 45]}``; merge ``{"values": {"femal": "female"}}``; rename ``{"from": "relgion"}``.
    Bins and merges go by the values as they were imported, and hold for items that come later.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="regroupings")
    attribute = models.CharField(_("attribute"), max_length=64)
    kind = models.CharField(max_length=6, choices=RegroupingKind.choices)
    rules = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_item = models.BigIntegerField(default=0)
    items_changed = models.PositiveBigIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RegroupingKind.values), name="regrouping_kind_known"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(done_at__isnull=True), name="regrouping_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.attribute}"
