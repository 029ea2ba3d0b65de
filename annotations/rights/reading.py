"""A person's own rows in projects, as they are handed over.

Nothing that a worker is not shown elsewhere: no gold, no model's label, no consensus, no hidden check, nobody else's
words or labels. What a person decided about others is named without saying about whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.db.models import Case, F, Model, QuerySet, When
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.rights.own import event_rows, rows_of
from accounts.rights.parts import Row
from annotations.models import (
    Annotation,
    Annotator,
    Assignment,
    BiasAnswer,
    Dataset,
    Exclusion,
    Exposure,
    GroupDemand,
    ImportJob,
    ItemFlag,
    LabelSchema,
    ModelChoice,
    Notice,
    PayAdjustment,
    Project,
    QuizTry,
    Regrouping,
    Review,
    Run,
    Settlement,
    Suspicion,
    TrainingAnswer,
    Webhook,
    WorkerPreferences,
)
from annotations.paying.selectors import CENT
from annotations.working.selectors import own_work
from ledger.models import LedgerEvent

SUBJECTS = 1000  # events are looked up by so many subjects at once


def of(model: type[Model], user: User) -> QuerySet[Any, Any]:
    """The rows of a model that belongs to annotators."""
    return model._default_manager.filter(annotator__user=user)


def projects_worked_in(user: User) -> Iterable[Row]:
    names = ("pseudonym", "project_id", "standing", "created_at")
    return rows_of(Annotator.objects.filter(user=user), *names, project_name="project__name")


def labels(user: User) -> Iterable[Row]:
    names = (
        "id", "project_id", "item_id", "assignment_id", "status", "value", "reason", "active_ms", "supersedes_id",
        "created_at",
    )  # fmt: skip
    return rows_of(of(Annotation, user), *names, project_name="project__name", schema_version="schema__version")


def items_given(user: User) -> Iterable[Row]:
    names = ("id", "project_id", "item_id", "status", "leased_at", "finished_at", "skip_reason")
    given = of(Assignment, user).annotate(suggestion_shown=Coalesce("suggestion__shown", False))
    return rows_of(given, *names, "suggestion_shown", project_name="project__name")


def flags(user: User) -> Iterable[Row]:
    return rows_of(of(ItemFlag, user), "item_id", "reason", "created_at", project_id="item__project_id")


def notices(user: User) -> Iterable[Row]:
    """A mail's words are made anew from its kind; no address is kept with it."""
    return rows_of(Notice.objects.filter(user=user), "kind", "made_at", "done_at", project_id="review__project_id")


def training(user: User) -> Iterable[Row]:
    """Whether an answer to the quiz was right is not told, here as there."""
    told = of(TrainingAnswer, user).annotate(
        was_right=Case(When(quiz_try=None, then=F("is_right")), default=None), project_id=F("annotator__project_id")
    )
    return rows_of(
        told, "project_id", "item_id", "value", "was_right", "answered_at", quiz_try_number="quiz_try__number"
    )


def quiz_tries(user: User) -> Iterable[Row]:
    """How many were right is told once the try has ended."""
    told = of(QuizTry, user).annotate(
        right_answers=Case(When(passed=None, then=None), default=F("right")), project_id=F("annotator__project_id")
    )
    return rows_of(told, "project_id", "number", "needed", "right_answers", "passed", "started_at")


def reviews(user: User) -> Iterable[Row]:
    names = (
        "project_id", "cause", "status", "evidence", "note", "opened_at", "appeal", "appealed_at", "reason",
        "decided_at",
    )  # fmt: skip
    return rows_of(of(Review, user), *names, project_name="project__name")


def exclusions(user: User) -> Iterable[Row]:
    names = ("project_id", "reason", "made_at", "lift_reason", "lifted_at")
    return rows_of(of(Exclusion, user), *names, project_name="project__name")


def pay(user: User) -> Iterator[Row]:
    """What labels earned in each project, then each adjustment."""
    projects = Project.objects.in_bulk(work := own_work(user))
    for pk, own in sorted(work.items()):
        yield {
            "project_id": pk,
            "project_name": projects[pk].name,
            "labels": own.labels,
            "active_seconds": own.active_ms / 1000,
            "earned": own.earned.quantize(CENT),
            "currency": own.currency,
        }
    yield from rows_of(
        of(PayAdjustment, user),
        "project_id", "created_at",
        project_name="project__name", adjustment="amount", why="reason", paid_in="project__currency",
    )  # fmt: skip


def count_pay(user: User) -> int:
    return len(own_work(user)) + of(PayAdjustment, user).count()


def preferences(user: User) -> Iterable[Row]:
    names = ("break_minutes", "warned_items_per_day", "warned_minutes_per_day", "blur")
    return rows_of(WorkerPreferences.objects.filter(user=user), *names)


def exposure(user: User) -> Iterable[Row]:
    return rows_of(Exposure.objects.filter(user=user), "day", "items", "milliseconds")


def settlements(user: User) -> Iterable[Row]:
    names = ("id", "case_id", "value", "cause", "recurrent", "reason", "created_at")
    return rows_of(
        Settlement.objects.filter(settled_by=user), *names, project_id="case__project_id", item_id="case__item_id"
    )


MADE: dict[str, tuple[type[Model], str, str, dict[str, str]]] = {
    "project": (Project, "created_by", "created_at", {"project_id": "pk", "name": "name"}),
    "labels and guidelines": (LabelSchema, "created_by", "created_at", {"version": "version"}),
    "dataset": (Dataset, "created_by", "created_at", {"name": "name"}),
    "import": (ImportJob, "created_by", "created_at", {"file": "filename"}),
    "model run": (Run, "started_by", "created_at", {}),
    "answer to the checklist": (BiasAnswer, "answered_by", "answered_at", {"bias": "bias", "words": "note"}),
    "decision of a review": (Review, "decided_by", "decided_at", {}),
    "exclusion": (Exclusion, "made_by", "made_at", {}),
    "exclusion lifted": (Exclusion, "lifted_by", "lifted_at", {}),
    "adjustment of pay": (PayAdjustment, "created_by", "created_at", {}),
    "choice of a model": (ModelChoice, "chosen_by", "chosen_at", {"model": "name", "words": "reason"}),
    "decision about a pattern in labels": (Suspicion, "decided_by", "closed_at", {}),
    "groups put in order": (Regrouping, "created_by", "created_at", {"attribute": "attribute", "kind": "kind"}),
    "more labels for a group": (GroupDemand, "made_by", "made_at", {"attribute": "attribute", "group": "group"}),
    "webhook": (Webhook, "created_by", "created_at", {"url": "url"}),
}  # what it is → the model, who made it, when, and what may be told of it


def made(user: User) -> Iterator[Row]:
    for what, (model, who, when, told) in MADE.items():
        columns = {"project_id": "project_id", **told}
        rows = model._default_manager.filter(**{who: user}).order_by("pk").values_list(when, *columns.values())
        for at, *values in rows.iterator(chunk_size=2000):
            yield {"what": what, "at": at, **dict(zip(columns, values, strict=True))}


def count_made(user: User) -> int:
    return sum(model._default_manager.filter(**{who: user}).count() for model, who, _when, _told in MADE.values())


def events(user: User) -> Iterator[Row]:
    """The record of the person's work. There it is a pseudonym's, so it is found through the rows that it is about."""
    for annotator in Annotator.objects.filter(user=user).order_by("pk"):
        actor = f"annotator:{annotator.pk}"
        given = (f"assignment:{pk}" for pk in _keys(annotator.assignments.all()))
        labelled = (f"annotation:{pk}" for pk in _keys(annotator.annotations.all()))
        for subjects in _batches(chain([actor], given, labelled)):
            yield from event_rows(LedgerEvent.objects.filter(actor=actor, subject__in=subjects))


def count_events(user: User) -> int | None:
    """They are too many to be counted while somebody waits; that there are none is quickly known."""
    return None if Annotator.objects.filter(user=user).exists() else 0


def _keys(rows: QuerySet[Any, Any]) -> Iterator[int]:
    return rows.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=2000)


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for name in names:
        batch.append(name)
        if len(batch) == SUBJECTS:
            yield batch
            batch = []
    yield batch
