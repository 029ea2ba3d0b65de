"""What a worker may read: their own leases, their own work and pay, how far the project is. Never anybody's labels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from time import monotonic
from typing import Any

from django.db.models import Aggregate, Count, F, FloatField, Sum, Window
from django.db.models.functions import Lag
from django.utils import timezone

from annotations.models import (
    PAID,
    Annotation,
    AnnotationStatus,
    Annotator,
    Assignment,
    AssignmentStatus,
    Project,
    QueueEntry,
)

SESSION_BREAK = timedelta(minutes=30)  # a pause this long ends a session
LONGEST_SESSION = timedelta(hours=24)
SLOW = 0.05  # seconds; a count of progress that took longer is kept for REST times as long as it took
REST = 100
_counted: dict[int, tuple[float, Progress]] = {}  # project → (until when, progress), in this process


class Median(Aggregate):
    """PostgreSQL's interpolated median."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Progress:
    """Labels that the project asks for, and how many of them are in."""

    done: int
    needed: int

    @property
    def left(self) -> int:
        return self.needed - self.done


@dataclass(frozen=True)
class Work:
    """One person's work in one project. Money in ``currency``; ``earned`` = labels × ``pay_per_label``.

    ``per_hour`` is what the time that was really spent on the items pays: earned ÷ active hours, over the labels whose
    active time is known; None where there is none yet. ``median_seconds`` likewise.
    """

    labels: int
    session_labels: int
    earned: Decimal
    pay_per_label: Decimal
    currency: str
    active_seconds: float
    timed_labels: int
    median_seconds: float | None
    per_hour: Decimal | None
    progress: Progress


def pay_per_label(project: Project) -> Decimal:
    """Wage an hour × expected seconds ÷ 3600, unrounded."""
    return Decimal(project.wage_per_hour) * project.expected_seconds / 3600


def work_of(annotator: Annotator, project: Project) -> Work:
    current = annotator.annotations.filter(status__in=PAID)
    sums = current.aggregate(
        labels=Count("pk"), timed=Count("active_ms"), active=Sum("active_ms"), median=Median("active_ms")
    )
    pay, seconds = pay_per_label(project), (sums["active"] or 0) / 1000
    hours = Decimal(sums["active"] or 0) / 3_600_000
    return Work(
        labels=sums["labels"],
        session_labels=_session_labels(annotator),
        earned=(pay * sums["labels"]).quantize(Decimal("0.01")),
        pay_per_label=pay,
        currency=project.currency,
        active_seconds=seconds,
        timed_labels=sums["timed"],
        median_seconds=None if sums["median"] is None else sums["median"] / 1000,
        per_hour=(pay * sums["timed"] / hours).quantize(Decimal("0.01")) if hours else None,
        progress=progress_of(project),
    )


def progress_of(project: Project) -> Progress:
    """How far the project is. Where counting takes long (a million items), a count serves for a while: see ``SLOW``."""
    known = _counted.get(project.pk)
    if known is not None and known[0] > monotonic():
        return known[1]
    began = monotonic()
    progress = _count(project)
    spent = monotonic() - began
    if spent > SLOW:
        _counted[project.pk] = (monotonic() + REST * spent, progress)
    return progress


def _count(project: Project) -> Progress:
    entries = QueueEntry.objects.filter(project=project)
    counts = entries.aggregate(asked=Sum("redundancy"), open=Sum("remaining"), extra=Sum("extra"))
    out = Assignment.objects.filter(project=project, status=AssignmentStatus.LEASED).count()
    needed = (counts["asked"] or 0) + (counts["extra"] or 0)
    return Progress(done=max(0, needed - (counts["open"] or 0) - out), needed=needed)


def last_undoable(annotator: Annotator) -> Annotation | None:
    """The person's last label; whether it may still be taken back is for ``undo`` to say."""
    return annotator.annotations.filter(status=AnnotationStatus.CURRENT).order_by("-pk").first()


def taken_back(assignment: Assignment) -> Any:
    """The label that the person gave this item before and took back; None where there is none."""
    labels = Annotation.objects.filter(
        item_id=assignment.item_id, annotator_id=assignment.annotator_id, status=AnnotationStatus.WITHDRAWN
    )
    last = labels.order_by("-pk").first()
    return None if last is None else last.value


def _session_labels(annotator: Annotator) -> int:
    """Labels since the person's last break; 0 once they have been away that long."""
    since = timezone.now() - LONGEST_SESSION
    current = annotator.annotations.filter(status=AnnotationStatus.CURRENT, created_at__gt=since)
    last = current.order_by("-pk").first()
    if last is None or last.created_at < timezone.now() - SESSION_BREAK:
        return 0
    spaced = current.annotate(before=Window(Lag("created_at"), order_by="pk"))
    first = spaced.filter(created_at__gt=F("before") + SESSION_BREAK).order_by("-pk").first()
    return current.filter(pk__gte=first.pk).count() if first else current.count()
