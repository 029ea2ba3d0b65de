"""What a project does for the people who work in it, what each of them wants, and what they have been shown today."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

MOST_ITEMS = 100_000
DAY_MINUTES = 24 * 60


def _at_most(most: int, *, least: int = 0) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(least), MaxValueValidator(most)]


class CareRules(models.Model):
    """An owner's rules for one project. A project without a row has the defaults.

    The two daily limits count content that the project warns of, per person over all such projects; null: no limit.
    """

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="care_rules")
    change_minutes = models.PositiveIntegerField(
        _("minutes in which a label can be changed"), default=DAY_MINUTES, validators=_at_most(30 * DAY_MINUTES)
    )
    break_minutes = models.PositiveSmallIntegerField(
        _("minutes of work until a break is proposed"), default=45, validators=_at_most(480)
    )
    warned_items_per_day = models.PositiveIntegerField(
        _("items with a content warning a day"), null=True, blank=True, validators=_at_most(MOST_ITEMS, least=1)
    )
    warned_minutes_per_day = models.PositiveSmallIntegerField(
        _("minutes with a content warning a day"),
        null=True,
        blank=True,
        default=240,
        validators=_at_most(DAY_MINUTES, least=1),
    )
    blur = models.BooleanField(_("blur items that are warned of until they are revealed"), default=True)

    def __str__(self) -> str:
        return f"care in project {self.project_id}"


class BlurChoice(models.TextChoices):
    PROJECT = "project", _("As the project proposes")
    ALWAYS = "always", _("Always blur at first")
    NEVER = "never", _("Never blur")


class WorkerPreferences(models.Model):
    """What one person wants in all projects. Null: as each project proposes; a limit of theirs only ever lowers one."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="worker_preferences"
    )
    break_minutes = models.PositiveSmallIntegerField(
        _("minutes of work until a break is proposed"), null=True, blank=True, validators=_at_most(480)
    )
    warned_items_per_day = models.PositiveIntegerField(
        _("items with a content warning a day"), null=True, blank=True, validators=_at_most(MOST_ITEMS, least=1)
    )
    warned_minutes_per_day = models.PositiveSmallIntegerField(
        _("minutes with a content warning a day"), null=True, blank=True, validators=_at_most(DAY_MINUTES, least=1)
    )
    blur = models.CharField(_("blur"), max_length=7, choices=BlurChoice.choices, default=BlurChoice.PROJECT)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(blur__in=BlurChoice.values), name="preferences_blur_known"),
        ]

    def __str__(self) -> str:
        return f"preferences of person {self.user_id}"


class Exposure(models.Model):
    """How much content with a warning one person has worked through on one day: items, and active milliseconds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    day = models.DateField()
    items = models.PositiveIntegerField(default=0)
    milliseconds = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="exposure_once_per_day")]

    def __str__(self) -> str:
        return f"person {self.user_id} on {self.day}"
