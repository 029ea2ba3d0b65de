"""How far a project is and how fast it goes, from its counters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from annotations.models import Project
from fairness.cells import Cell, Cells
from fairness.models import Counter, MinuteTally, Pulse

PACE_MINUTES = 5  # over which the pace is averaged
CHART_MINUTES = 30  # that the small chart shows


@dataclass(frozen=True)
class Minute:
    """Labels that came in during one minute, net of those taken back in it (never below 0)."""

    start: datetime
    people: int
    models: int


@dataclass(frozen=True)
class Pace:
    """Labels per minute: the mean of the last ``PACE_MINUTES`` minutes, the one that is running included."""

    people: float
    models: float
    minutes: tuple[Minute, ...]  # the last CHART_MINUTES, oldest first, none left out

    @property
    def total(self) -> float:
        return self.people + self.models

    @property
    def since(self) -> datetime:
        """When the minutes began that it is the mean of."""
        return self.minutes[-PACE_MINUTES].start


@dataclass(frozen=True)
class Progress:
    """Counts of the whole project. ``labels_given`` counts no more labels of an item than it needs; ``labels_spared``:
    those that items lacked when an expert settled them, which nobody will give."""

    items: int
    labels_given: int
    labels_spared: int
    labels_needed: int
    complete: int
    decided: int
    pace: Pace
    version: int
    folded_at: datetime | None

    @property
    def completeness(self) -> float | None:
        """Labels that are given or spared, of those needed: in [0, 1], and 1 where nobody is asked for a label any
        more. None without items."""
        return (self.labels_given + self.labels_spared) / self.labels_needed if self.labels_needed else None


def project_progress(project: Project) -> Progress:
    """The project's progress, by itself: three small queries."""
    pulse = Pulse.objects.filter(project=project).first()
    rows = Counter.objects.filter(project=project, table="totals").values_list("key", "n")
    cells = Cells({Cell("totals", "", "", key, ""): n for key, n in rows})
    return progress_from(cells, pace_of(project), pulse)


def pulse_versions(project_ids: Iterable[int]) -> dict[int, int]:
    """Project id → version of its newest fold, of those that ever had one."""
    return dict(Pulse.objects.filter(project_id__in=list(project_ids)).values_list("project_id", "version"))


def progress_from(cells: Cells, pace: Pace, pulse: Pulse | None) -> Progress:
    def total(key: str) -> int:
        return cells[Cell("totals", "", "", key, "")]

    return Progress(
        items=total("items"),
        labels_given=total("labels_given"),
        labels_spared=total("labels_spared"),
        labels_needed=total("labels_needed"),
        complete=total("complete"),
        decided=total("decided"),
        pace=pace,
        version=pulse.version if pulse else 0,
        folded_at=pulse.folded_at if pulse else None,
    )


def pace_of(project: Project, *, now: datetime | None = None) -> Pace:
    now = now or timezone.now()
    running = now.replace(second=0, microsecond=0)
    first = running - timedelta(minutes=CHART_MINUTES - 1)
    tallies = {t.minute: t for t in MinuteTally.objects.filter(project=project, minute__gte=first)}
    minutes = []
    for back in range(CHART_MINUTES - 1, -1, -1):
        start = running - timedelta(minutes=back)
        tally = tallies.get(start)
        minutes.append(Minute(start, max(0, tally.people), max(0, tally.by_models)) if tally else Minute(start, 0, 0))
    recent = minutes[-PACE_MINUTES:]
    elapsed = (now - recent[0].start).total_seconds() / 60
    return Pace(
        people=sum(minute.people for minute in recent) / elapsed,
        models=sum(minute.models for minute in recent) / elapsed,
        minutes=tuple(minutes),
    )
