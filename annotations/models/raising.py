"""More labels for the items of one group than for others."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

MOST_MORE = 10  # labels on top of the project's


class GroupDemand(models.Model):
    """That every item of a group gets ``more`` labels than the project asks for, until ``ended_at``.

    Of an item in several such groups the largest counts. Labels that were given meanwhile stay when it has ended.
    ``finding``: id of the finding that it answers, if any; not a link, for findings live further up. ``ended_by``: the
    change of groups that ended it, after which there was no group of the same items any more.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="group_demands", db_index=False)
    attribute = models.CharField(_("attribute"), max_length=64)
    group = models.CharField(_("group"), max_length=200)
    more = models.PositiveSmallIntegerField(
        _("labels more for each item"), validators=[MinValueValidator(1), MaxValueValidator(MOST_MORE)]
    )
    finding = models.BigIntegerField(null=True, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey("annotations.Regrouping", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "attribute", "group"],
                condition=Q(ended_at__isnull=True),
                name="group_demand_once_per_group",
            ),
            models.CheckConstraint(condition=Q(more__gte=1, more__lte=MOST_MORE), name="group_demand_in_reach"),
            models.CheckConstraint(condition=~Q(attribute="") & ~Q(group=""), name="group_demand_names_a_group"),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="group_demand_by_project")]

    def __str__(self) -> str:
        return f"{self.more} labels more for {self.attribute}: {self.group}"
