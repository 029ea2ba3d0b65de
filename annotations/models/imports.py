"""Uploads: their progress, and every row that could not be taken."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ImportStatus(models.TextChoices):
    RECEIVING = "receiving", _("Uploading")
    MAPPING = "mapping", _("Waiting for the column mapping")
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Reading")
    DONE = "done", _("Finished")
    FAILED = "failed", _("Failed")  # nothing of it was kept: `error` says why
    CANCELLED = "cancelled", _("Cancelled")  # nothing of it was kept


class OnExisting(models.TextChoices):
    """What an import does with rows whose item the project has."""

    REPORT = "report", _("Report the row as a duplicate, and add items that are new")
    UPDATE = "update", _("Add its labels, gold label and groups to the item; no new items")


class ImportJob(models.Model):
    """One uploaded file. ``mapping`` is a ``ColumnMapping.as_json()`` of ``annotations.importing``, empty until chosen.

    ``heartbeat_at`` moves while somebody works on it; ``attempts`` counts how often a worker has begun. An update
    (``on_existing``) commits batch by batch, and ``rows_read`` is then where the next attempt goes on.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="imports")
    dataset = models.ForeignKey("annotations.Dataset", models.SET_NULL, null=True, related_name="imports")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    dataset_name = models.CharField(_("name of the dataset"), max_length=200, blank=True)
    filename = models.CharField(_("file name"), max_length=255)
    format = models.CharField(_("format"), max_length=8)  # csv, jsonl, parquet
    stored_as = models.CharField(max_length=255, blank=True)  # name in the default storage, while it is needed
    status = models.CharField(max_length=9, choices=ImportStatus.choices, default=ImportStatus.RECEIVING)
    mapping = models.JSONField(_("column mapping"), default=dict)
    on_existing = models.CharField(
        _("rows whose item is there"), max_length=6, choices=OnExisting.choices, default="report", db_default="report"
    )
    change_gold = models.BooleanField(_("replace other gold labels"), default=False, db_default=False)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    bytes_total = models.PositiveBigIntegerField(default=0)
    bytes_read = models.PositiveBigIntegerField(default=0)
    rows_read = models.PositiveBigIntegerField(default=0)
    # rows_read = rows_added + rows_bad + rows_duplicate; a row adds an item, a label, or both, or corrects an item
    rows_added = models.PositiveBigIntegerField(default=0)
    rows_bad = models.PositiveBigIntegerField(default=0)
    rows_duplicate = models.PositiveBigIntegerField(default=0)
    items_added = models.PositiveBigIntegerField(default=0)
    labels_added = models.PositiveBigIntegerField(default=0)
    items_corrected = models.PositiveBigIntegerField(default=0, db_default=0)  # rows that changed groups or gold
    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    heartbeat_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ImportStatus.values), name="import_status_known"),
            models.CheckConstraint(condition=Q(format__in=["csv", "jsonl", "parquet"]), name="import_format_known"),
            models.CheckConstraint(condition=Q(on_existing__in=OnExisting.values), name="import_on_existing_known"),
        ]

    def __str__(self) -> str:
        return f"import {self.pk} of {self.filename}"

    @property
    def updates(self) -> bool:
        """Whether it changes items that are there, instead of adding new ones."""
        return self.on_existing == OnExisting.UPDATE


class RowProblemKind(models.TextChoices):
    BAD = "bad", _("Could not be taken")
    DUPLICATE = "duplicate", _("Was there already")


class ImportRowError(models.Model):
    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="row_errors")
    row_number = models.PositiveBigIntegerField(_("row"))  # 1 = first row of data (CSV: the line after the header)
    kind = models.CharField(max_length=20, choices=RowProblemKind.choices)
    reason = models.CharField(_("reason"), max_length=500)
    excerpt = models.CharField(_("row, shortened"), max_length=300, blank=True)

    class Meta:
        ordering = ["row_number", "id"]
        indexes = [models.Index(fields=["job", "row_number", "id"], name="import_error_row")]

    def __str__(self) -> str:
        return f"row {self.row_number}: {self.reason}"
