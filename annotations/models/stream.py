"""Items that are drawn to be checked by an expert, with the chance that each was drawn with."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotations.models.labelling import Stream

MOST = 0.2  # share of finished items that either stream draws
SHARE = [MinValueValidator(0.0), MaxValueValidator(MOST)]


class StreamRules(models.Model):
    """What share of a project's finished items is drawn. A project without a row draws nothing; 0 switches off.

    An item is finished once people have given all its labels or an expert has settled it; with ``models_alone`` a
    model's label is enough. Shares are in [0, ``MOST``], to four places. ``seed`` fixes the coin of each item and is
    never shown. ``walk_since``: what was finished before the uniform stream was first switched on (``began_at``) waits
    for its coins since then; null once all are thrown. ``judged``: items whose coin was thrown for the chosen stream.
    """

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="stream_rules")
    share = models.FloatField(_("share of finished items drawn uniformly"), default=0.0, validators=SHARE)
    models_alone = models.BooleanField(_("also items that only models have labelled"), default=False)
    chosen_share = models.FloatField(
        _("share of finished items drawn where errors are likely"), default=0.0, validators=SHARE
    )
    seed = models.BigIntegerField(editable=False)
    began_at = models.DateTimeField(null=True, editable=False)
    walk_since = models.DateTimeField(null=True, editable=False)
    judged = models.BigIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=MOST), name="stream_share_in_reach"),
            models.CheckConstraint(
                condition=Q(chosen_share__gte=0, chosen_share__lte=MOST), name="stream_chosen_share_in_reach"
            ),
        ]

    def __str__(self) -> str:
        return f"audit stream of project {self.project_id}"


class Draw(models.Model):
    """That one item's coin was thrown for one stream: once, whatever the rules become later.

    ``probability``: the chance that it came down for a check; ``is_drawn``: whether it did. Of the uniform stream only
    items that were drawn have a row, for all others had the same chance; of the chosen ones every item has.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="draws", db_index=False)
    item = models.ForeignKey("annotations.Item", models.CASCADE, related_name="draws", db_index=False)
    stream = models.CharField(max_length=7, choices=Stream.choices)
    probability = models.FloatField(_("chance to be drawn"))
    is_drawn = models.BooleanField(default=True, db_default=True)
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "stream"], name="draw_once_per_item_and_stream"),
            models.CheckConstraint(condition=Q(stream__in=["audit", "chosen"]), name="draw_stream_known"),
            models.CheckConstraint(condition=Q(probability__gt=0, probability__lte=1), name="draw_chance_known"),
        ]
        indexes = [
            models.Index(fields=["project", "stream", "-id"], condition=Q(is_drawn=True), name="draw_by_project"),
        ]

    def __str__(self) -> str:
        return f"draw of item {self.item_id}"
