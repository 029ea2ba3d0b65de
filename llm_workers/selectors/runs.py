"""Reading runs: how far, how fast, how sure, at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from django.db.models import (
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    Min,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Floor, Least
from django.utils import timezone

from annotations.models import Annotation, Checkpoint, LabelSchema, Project, Run
from annotations.task_types import task_type
from llm_workers.models import ModelVersion, RunItem, RunItemStatus
from llm_workers.prompts import prompt_text
from llm_workers.questions import question_for
from llm_workers.services.figures import bins_of_all
from llm_workers.services.finish import GOING

BINS = 10
COUNTED_LIVE = 20_000  # labels
STEPS_SHOWN, REASONS_SHOWN = 50, 12
RECENT = timedelta(seconds=60)
SHORTEST = 5.0  # seconds: a rate over less than this says nothing


def runs_of(project: Project) -> QuerySet[Run]:
    """A project's runs, newest first, with all that a list shows."""
    found = Run.objects.filter(project=project).select_related(
        "plan", "schema", "annotator__model_annotator__model", "annotator__model_annotator__prompt"
    )
    return found.defer("annotator__model_annotator__prompt__examples")  # may be thousands


def run_with_model(run_id: int) -> Run:
    """A run that was found through ``access``, with all that its page shows."""
    return Run.objects.select_related(
        "plan", "schema", "project", "annotator__model_annotator__model", "annotator__model_annotator__prompt__prompt"
    ).get(pk=run_id)


@dataclass(frozen=True)
class Speed:
    """``per_minute`` labels, over the last minute; ``seconds_left`` at that rate. None where nothing moves."""

    per_minute: float | None
    seconds_left: float | None

    @property
    def minutes_left(self) -> int | None:
        return None if self.seconds_left is None else ceil(self.seconds_left / 60)


def run_speed(run: Run) -> Speed:
    """How fast a going run is now."""
    if run.status not in GOING:
        return Speed(None, None)
    now = timezone.now()
    recent = RunItem.objects.filter(run=run, finished_at__gt=now - RECENT).aggregate(
        count=Count("id"), first=Min("finished_at")
    )
    if not recent["count"]:
        return Speed(None, None)
    seconds = max((now - recent["first"]).total_seconds(), SHORTEST)
    per_second = recent["count"] / seconds
    left = run.total - run.labelled - run.unanswered
    return Speed(per_second * 60, max(left, 0) / per_second)


def run_average(run: Run) -> float | None:
    """Labels per minute of a run that has ended, from its first task to its end; None where it has not."""
    if run.started_at is None or run.finished_at is None:
        return None
    return run.labelled / max((run.finished_at - run.started_at).total_seconds(), 1.0) * 60


@dataclass(frozen=True)
class Sureness:
    """``counts`` of labels by confidence in ten bins from 0 to 1; ``without``: labels that came without one."""

    counts: list[int]
    without: int
    mean: float | None

    @property
    def total(self) -> int:
        return sum(self.counts)


def run_sureness(run: Run) -> Sureness:
    """How sure the model was of its labels. 1.0 belongs to the last bin. Of a long run, as of its last checkpoint."""
    cells = bins_of_all(run.plan) if run.labelled > COUNTED_LIVE else {}
    if not cells:
        cells = {name: [count, 0, 0, 0, 0, 0, total] for name, count, total in _live_bins(run)}
    counts = [int(cells[str(number)][0]) if str(number) in cells else 0 for number in range(BINS)]
    stated = sum(cell[6] for name, cell in cells.items() if name)
    return Sureness(
        counts=counts,
        without=int(cells[""][0]) if "" in cells else 0,
        mean=stated / sum(counts) if sum(counts) else None,
    )


def _live_bins(run: Run) -> list[tuple[str, int, float]]:
    """Bin → labels, and the sum of their confidences; the bin "" holds those without one."""
    labels = Annotation.objects.filter(run=run)
    # A hair is added so that 0.3 · 10, which is 2.9999999999999996 in binary, lands in its own bin.
    scaled = ExpressionWrapper(F("confidence") * BINS + 1e-9, FloatField())
    place = Least(Floor("scaled"), Value(BINS - 1), output_field=IntegerField())
    binned = labels.exclude(confidence=None).annotate(scaled=scaled).annotate(place=place).values_list("place")
    rows = binned.annotate(count=Count("id"), total=Sum("confidence")).order_by("place")
    found = [(str(int(place)), count, total) for place, count, total in rows]
    return [*found, ("", labels.filter(confidence=None).count(), 0.0)]


def run_steps(run: Run) -> list[Checkpoint]:
    """The latest checkpoints, in order."""
    return list(Checkpoint.objects.filter(run=run).order_by("-number")[:STEPS_SHOWN])[::-1]


def unanswered_reasons(run: Run) -> list[dict[str, Any]]:
    """``reason`` and ``count`` of the items without a usable answer, the most frequent reasons first."""
    rows = RunItem.objects.filter(run=run, status=RunItemStatus.UNANSWERED).values_list("reason")
    found = rows.annotate(count=Count("id")).order_by("-count", "reason")[:REASONS_SHOWN]
    return [{"reason": reason, "count": count} for reason, count in found]


def unanswered_of(run: Run) -> QuerySet[RunItem]:
    """The items without a usable answer, with the reasons, latest first."""
    return RunItem.objects.filter(run=run, status=RunItemStatus.UNANSWERED).select_related("item").order_by("-id")


def items_of(run: Run) -> QuerySet[RunItem]:
    return RunItem.objects.filter(run=run).order_by("-id")


def models_served() -> QuerySet[ModelVersion]:
    """The models that a server offers now."""
    return ModelVersion.objects.filter(endpoints__enabled=True).distinct()


def prompt_preview(*, schema: LabelSchema, with_reason: bool) -> str:
    """The prompt that a run would use, with example places filled by the options' first order."""
    question = question_for(task=task_type(schema.task_type), config=schema.config, with_reason=with_reason)
    text = prompt_text(schema=schema, question=question)
    return text.replace("{options}", question.options(0), 1)
