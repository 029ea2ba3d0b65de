"""A project, its versioned label schema, and the protected attributes whose groups are watched."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class ProjectStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")  # being set up: nobody labels
    ACTIVE = "active", _("Active")  # items are served
    PAUSED = "paused", _("Paused")  # nothing new is served; leases already out may be submitted
    CLOSED = "closed", _("Closed")  # finished: read only
    ARCHIVED = "archived", _("Archived")  # closed, and out of the lists


FINISHED = frozenset({ProjectStatus.CLOSED, ProjectStatus.ARCHIVED})  # read only


class Project(models.Model):
    name = models.CharField(_("name"), max_length=120)
    summary = models.CharField(_("what it is for, in a sentence"), max_length=300, blank=True)
    status = models.CharField(max_length=8, choices=ProjectStatus.choices, default=ProjectStatus.DRAFT)
    is_open = models.BooleanField(_("anyone signed in may join as a worker"), default=False)
    simulated = models.BooleanField(_("has simulated people"), default=False)
    redundancy = models.PositiveSmallIntegerField(
        _("labels per item"), default=3, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    min_support = models.PositiveSmallIntegerField(
        _("labels that must agree"), default=2, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    # Counts the changes of these two. Since when items are being brought in line with them; null: they all are.
    demand_version = models.PositiveIntegerField(default=1, db_default=1)
    demand_changed_at = models.DateTimeField(null=True, blank=True)
    favourable_label = models.CharField(_("favourable label"), max_length=64, blank=True)  # key of a label
    wage_per_hour = models.DecimalField(_("wage per hour"), max_digits=8, decimal_places=2, default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    expected_seconds = models.PositiveIntegerField(
        _("expected seconds per item"), default=10, validators=[MinValueValidator(1), MaxValueValidator(86_400)]
    )
    content_warning = models.CharField(_("content warning"), max_length=300, blank=True)
    lease_seconds = models.PositiveIntegerField(
        _("seconds that a claimed item stays reserved"),
        default=600,
        validators=[MinValueValidator(30), MaxValueValidator(86_400)],
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ProjectStatus.values), name="project_status_known"),
            models.CheckConstraint(condition=Q(redundancy__gte=1, redundancy__lte=50), name="project_redundancy_range"),
            models.CheckConstraint(
                condition=Q(min_support__gte=1, min_support__lte=F("redundancy")), name="project_support_in_reach"
            ),
            models.CheckConstraint(condition=Q(wage_per_hour__gte=0), name="project_wage_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class LabelSchema(models.Model):
    """What is asked and how: never changed, a change is a new version; old labels keep the version they were given in.

    ``config`` belongs to the task type. For choices: ``{"labels": [{"key", "name", "description", "shortcut"}, …],
    "min_choices": 1, "max_choices": 3}`` (the last two for multiple choice only).
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="schemas")
    version = models.PositiveIntegerField(_("version"))
    task_type = models.CharField(_("task type"), max_length=32)
    config = models.JSONField(_("labels"))
    guidelines = models.TextField(_("guidelines"), blank=True)  # Markdown, sanitised when shown
    is_current = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["project_id", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="schema_version_once"),
            models.UniqueConstraint(fields=["project"], condition=Q(is_current=True), name="schema_one_current"),
            models.CheckConstraint(condition=Q(version__gte=1), name="schema_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"


class ProtectedAttribute(models.Model):
    """An attribute of what an item is about. ``column`` is the import column that holds the item's group."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="attributes")
    name = models.CharField(_("attribute"), max_length=64)
    column = models.CharField(_("group column"), max_length=128)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="attribute_name_once")]

    def __str__(self) -> str:
        return self.name
