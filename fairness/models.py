"""Live counters: integers that the fold keeps, from which every number on the live page is computed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from fairness.monitors.models import Decision, Finding, FindingNotice, Monitor, Watch

__all__ = ["Counter", "Decision", "Finding", "FindingNotice", "MinuteTally", "Monitor", "Pulse", "Watch"]


class Counter(models.Model):
    """One integer cell of a project's tables; see ``fairness.cells`` for what the columns mean in each ``table``.

    Read and written only as a whole set, by the fold and by a recount.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+")
    table = models.CharField(max_length=40)
    attribute = models.CharField(max_length=64, blank=True)
    group = models.CharField(max_length=128, blank=True)
    key = models.TextField(blank=True)
    other = models.TextField(blank=True)
    n = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "table", "attribute", "group", "key", "other"], name="counter_cell_once"
            ),
            models.CheckConstraint(condition=Q(n__gte=0), name="counter_never_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.attribute}={self.group} {self.key} {self.other}: {self.n}"


class Pulse(models.Model):
    """How far the fold has come in a project. ``version`` grows with every fold that touched the project."""

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="+")
    version = models.BigIntegerField(default=0)
    folded_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"project {self.project_id} at {self.version}"


class MinuteTally(models.Model):
    """Labels that came in within one minute, for the pace on the live page."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+")
    minute = models.DateTimeField()
    people = models.IntegerField(default=0)
    by_models = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "minute"], name="minute_once_per_project")]

    def __str__(self) -> str:
        return f"{self.minute:%H:%M}: {self.people} + {self.by_models}"
