"""Live counters: integers that the fold keeps, from which every number on the live page is computed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from fairness.monitors.models import Decision, Finding, FindingNotice, Monitor, OwnerNotice, Watch

__all__ = ["Counter", "Decision", "Finding", "FindingNotice", "MinuteTally", "Monitor", "OwnerNotice", "Pulse", "Watch"]


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


class Slice(models.Model):
    """A part of a ``Counter`` cell: of one dataset and one hour (since 1970, UTC; 0: what has no time).

    Summed over both they are the cells of one attribute. Two attributes at once are here alone, by days. ``dataset`` is
    no foreign key: nothing is looked up by it.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+", db_index=False)
    attribute = models.CharField(max_length=129, blank=True)  # a name, or two and what stands between them
    dataset = models.BigIntegerField()
    hour = models.IntegerField()
    table = models.CharField(max_length=40)
    group = models.CharField(max_length=257, blank=True)
    key = models.TextField(blank=True)
    other = models.TextField(blank=True)
    n = models.BigIntegerField()

    class Meta:
        constraints = [
            # In the order in which it is read: one attribute of a project, then a dataset or a range of hours.
            models.UniqueConstraint(
                fields=["project", "attribute", "dataset", "hour", "table", "group", "key", "other"],
                name="slice_once",
            ),
            models.CheckConstraint(condition=Q(n__gte=0), name="slice_never_negative"),
        ]

    def __str__(self) -> str:
        return f"dataset {self.dataset}, hour {self.hour}: {self.table} {self.group} {self.key}: {self.n}"


class CrossedGroup(models.Model):
    """A group that is counted beside every other attribute's groups; see ``fairness.cells.Crossed``."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+", db_index=False)
    attribute = models.CharField(max_length=64)
    group = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "attribute", "group"], name="crossed_group_once"),
        ]

    def __str__(self) -> str:
        return f"{self.attribute}={self.group}"


class Pulse(models.Model):
    """How far a project has moved. ``version`` grows with every fold that touched it, and with every finding, decision
    and change of a limit.

    ``kept``: what is counted, as a project may be older than some: ``BARE`` no slices, or none of two attributes;
    ``SLICED`` all slices but those of labels against the truth; ``TRUTHS`` these too, but not the labels that
    settlements spared; ``WHOLE`` all. A recount in the background adds what lacks.
    """

    BARE, SLICED, TRUTHS, WHOLE = 0, 1, 2, 3

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="+")
    version = models.BigIntegerField(default=0)
    folded_at = models.DateTimeField(null=True)
    kept = models.SmallIntegerField(default=WHOLE, db_default=WHOLE)

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


class RaterFigures(models.Model):
    """How groups of people label, one row for a question about them and a label; see ``fairness.services.raters``.

    ``shown_at`` is that of the demographic figures that it was made with: it is made anew only after these have
    changed, or while nothing is shown. ``groups``: what is shown, empty where nothing may be.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+")
    question = models.CharField(max_length=32)
    label = models.CharField(max_length=64)
    groups = models.JSONField(default=list)
    shown_at = models.DateTimeField()
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "question", "label"], name="rater_figures_once"),
        ]

    def __str__(self) -> str:
        return f"{self.question}, {self.label} of project {self.project_id}"


class AgreementFigures(models.Model):
    """A project's agreement as the dashboard shows it. Takes a pass over the labels, so it is made in the background:
    ``head`` is the newest event that it knows of, ``seconds`` how long it took."""

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="+")
    figures = models.JSONField(default=dict)
    head = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"agreement of project {self.project_id}"


# Tables of a package of their own; imported here so that Django finds them.
from fairness.audits.models import (  # noqa: E402
    Audit,
    AuditAnswer,
    AuditCandidate,
    AuditRules,
    AuditStatus,
    CandidateStatus,
    Probe,
    ProbeFile,
    ProbeKind,
    ProbeSet,
)

__all__ = [
    "AgreementFigures",
    "Audit",
    "AuditAnswer",
    "AuditCandidate",
    "AuditRules",
    "AuditStatus",
    "CandidateStatus",
    "Counter",
    "CrossedGroup",
    "MinuteTally",
    "Probe",
    "ProbeFile",
    "ProbeKind",
    "ProbeSet",
    "Pulse",
    "RaterFigures",
    "Slice",
]
