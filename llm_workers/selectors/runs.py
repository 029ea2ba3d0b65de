"""Reading runs: how far, how fast, how sure, at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import ceil

from django.db.models import (
    Avg,
    BigIntegerField,
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    Min,
    Q,
    QuerySet,
    Value,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Floor, Least
from django.utils import timezone

from annotations.models import Annotation, Checkpoint, LabelSchema, Project, Run
from annotations.task_types import task_type
from llm_workers.models import ModelVersion, RunItem, RunItemStatus
from llm_workers.prompts import prompt_text
from llm_workers.questions import question_for
from llm_workers.services.runs import GOING

BINS = 10
RECENT = timedelta(seconds=60)
SHORTEST = 5.0  # seconds: a rate over less than this says nothing
MILLION = 1_000_000


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
    """How sure the model was of its labels. 1.0 belongs to the last bin."""
    labels = Annotation.objects.filter(run=run)
    whole = labels.aggregate(mean=Avg("confidence"), without=Count("id", filter=Q(confidence=None)))
    counts = [0] * BINS
    # A hair is added so that 0.3 · 10, which is 2.9999999999999996 in binary, lands in its own bin.
    place = Least(Floor("scaled"), Value(BINS - 1), output_field=IntegerField())
    binned = (
        labels.exclude(confidence=None)
        .annotate(scaled=ExpressionWrapper(F("confidence") * BINS + 1e-9, FloatField()))
        .annotate(place=place)
    )
    for place_number, count in binned.values_list("place").annotate(count=Count("id")).order_by("place"):
        counts[int(place_number)] = count
    return Sureness(counts=counts, without=whole["without"], mean=whole["mean"])


def unanswered_of(run: Run) -> QuerySet[RunItem]:
    """The items without a usable answer, with the reasons, latest first."""
    return RunItem.objects.filter(run=run, status=RunItemStatus.UNANSWERED).select_related("item").order_by("-id")


def checkpoints_of(run: Run) -> QuerySet[Checkpoint]:
    """Latest first, each with ``tokens``, those read and written so far."""
    read = Cast(KT("figures__prompt_tokens"), BigIntegerField())
    written = Cast(KT("figures__completion_tokens"), BigIntegerField())
    return Checkpoint.objects.filter(run=run).annotate(tokens=read + written).order_by("-number")


def items_of(run: Run) -> QuerySet[RunItem]:
    return RunItem.objects.filter(run=run).order_by("-id")


def run_cost(run: Run, model: ModelVersion) -> Decimal | None:
    """What the tokens cost at the model's prices; None where it has none."""
    return cost_of(model, run.prompt_tokens, run.completion_tokens)


def cost_of(model: ModelVersion, prompt_tokens: int, completion_tokens: int) -> Decimal | None:
    """The same for any tokens."""
    if model.token_prices is None:
        return None
    prompt, completion = model.token_prices
    return (prompt_tokens * prompt + completion_tokens * completion) / MILLION


def models_served() -> QuerySet[ModelVersion]:
    """The models that a server offers now."""
    return ModelVersion.objects.filter(endpoints__enabled=True).distinct()


def prompt_preview(*, schema: LabelSchema, with_reason: bool) -> str:
    """The prompt that a run would use, with example places filled by the options' first order."""
    question = question_for(task=task_type(schema.task_type), config=schema.config, with_reason=with_reason)
    text = prompt_text(schema=schema, question=question)
    return text.replace("{options}", question.options(0), 1)
