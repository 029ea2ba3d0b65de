"""Training with instant feedback, and the quiz that qualifies. Answers here are no labels."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.labelling.places import lock_annotator
from annotations.models import (
    Annotator,
    AnnotatorOrigin,
    Item,
    LabelSchema,
    Purpose,
    QualityRules,
    QuizTry,
    Standing,
    TrainingAnswer,
    TrainingItem,
)
from annotations.quality.rules import rules_of
from annotations.task_types import task_type
from ledger.errors import DomainError, not_found
from ledger.services import Event, record_many


@dataclass(frozen=True)
class Score:
    """Right answers of those given, of ``items`` that there are."""

    right: int
    answered: int
    items: int = 0

    @property
    def left(self) -> int:
        return max(0, self.items - self.answered)


@dataclass(frozen=True)
class Feedback:
    """What a person is told in training: whether they were right, the known label, and the owner's explanation."""

    answer: TrainingAnswer
    known: Any
    explanation: str


@dataclass(frozen=True)
class Quiz:
    """Where a person stands with the quiz. ``current``: the try under way; ``last``: the latest that ended."""

    rules: QualityRules
    tries: list[QuizTry]
    standing: str

    @property
    def current(self) -> QuizTry | None:
        return next((one for one in self.tries if one.passed is None), None)

    @property
    def last(self) -> QuizTry | None:
        ended = [one for one in self.tries if one.passed is not None]
        return ended[-1] if ended else None

    @property
    def tries_left(self) -> int:
        return max(0, self.rules.quiz_tries - len(self.tries))

    @property
    def is_needed(self) -> bool:
        return self.standing == Standing.TRAINING


# --- training ---------------------------------------------------------------------------------------------------------


def training_next(annotator: Annotator) -> Item | None:
    """A training item that the person has not answered; None where there is none left."""
    done = TrainingAnswer.objects.filter(annotator=annotator, quiz_try__isnull=True).values("item_id")
    items = Item.objects.filter(training__project=annotator.project_id, training__purpose=Purpose.TRAINING)
    return items.exclude(pk__in=done).order_by("queue__shuffle", "pk").first()


def training_answer(*, annotator: Annotator, item_id: int, value: Any) -> Feedback:
    """Answer a training item and hear at once what is known. Sent again, the first answer stands.

    Raises ``DomainError``: 400 for no label of the schema, 404 for an item that trains nobody here.
    """
    with transaction.atomic():
        lock_annotator(annotator.pk)
        items = Item.objects.filter(training__project=annotator.project_id, training__purpose=Purpose.TRAINING)
        item = items.filter(pk=item_id).first()
        if item is None:
            raise not_found("The training item")
        answer = TrainingAnswer.objects.filter(annotator=annotator, item=item, quiz_try__isnull=True).first()
        if answer is None:
            answer = _store(annotator, item, value, None)
    return feedback_of(answer)


def feedback_of(answer: TrainingAnswer) -> Feedback:
    column = rules_of(answer.annotator.project).explanation_column
    text = answer.item.extra.get(column, "") if column else ""
    return Feedback(answer=answer, known=answer.item.gold, explanation=str(text or ""))


def training_score(annotator: Annotator) -> Score:
    return own_training(annotator.user_id, [annotator.project_id]).get(annotator.project_id, Score(0, 0))


def own_training(user_id: int | None, project_ids: list[int]) -> dict[int, Score]:
    """Project id → how the person did in training, for those of the projects that have training items; one query."""
    own = TrainingAnswer.objects.filter(item=OuterRef("item"), annotator__user=user_id, quiz_try=None)
    rows = (
        TrainingItem.objects.filter(project__in=project_ids, purpose=Purpose.TRAINING)
        .annotate(is_right=Subquery(own.values("is_right")[:1]))
        .values("project")
        .annotate(items=Count("pk"), answered=Count("is_right"), right=Count("pk", filter=Q(is_right=True)))
        .order_by()
    )
    return {row["project"]: Score(row["right"], row["answered"], row["items"]) for row in rows}


# --- quiz -------------------------------------------------------------------------------------------------------------


def quiz_of(annotator: Annotator) -> Quiz:
    return Quiz(rules_of(annotator.project), list(annotator.quiz_tries.order_by("number")), annotator.standing)


def quiz_begin(*, annotator: Annotator) -> QuizTry:
    """Begin a try, or go on with the one under way. The questions are drawn anew for each try.

    Raises ``DomainError`` 409 where there is no quiz to pass, or no try left.
    """
    with transaction.atomic():
        lock_annotator(annotator.pk)
        annotator.refresh_from_db(fields=["standing"])
        quiz = quiz_of(annotator)
        if quiz.current is not None:
            return quiz.current
        if not quiz.is_needed:
            raise DomainError("no_quiz", _("You have no quiz to pass here: you can label."))
        if not quiz.tries_left:
            raise DomainError(
                "no_tries_left", _("You have used all tries. The project's owner can still let you label.")
            )
        pool = list(annotator.project.training_items.filter(purpose=Purpose.QUIZ).values_list("item_id", flat=True))
        if not pool:
            raise DomainError("no_quiz", _("The quiz has no questions yet. Tell the project's owner."))
        chosen = random.SystemRandom().sample(pool, min(len(pool), quiz.rules.quiz_questions))
        return QuizTry.objects.create(
            annotator=annotator,
            number=len(quiz.tries) + 1,
            item_ids=chosen,
            needed=math.ceil(quiz.rules.quiz_pass * len(chosen) - 1e-9),
            started_at=timezone.now(),
        )


def quiz_next(current: QuizTry) -> Item | None:
    """The next question; None once all are answered, or where its item is gone."""
    done = set(current.answers.values_list("item_id", flat=True))
    left = [item_id for item_id in current.item_ids if item_id not in done]
    return Item.objects.filter(pk=left[0]).first() if left else None


def quiz_answer(*, annotator: Annotator, item_id: int, value: Any) -> QuizTry:
    """Answer a question of the try under way; what is right is not told. With the last answer the try ends.

    Raises ``DomainError``: 400 for no label of the schema, 404 for no question of this try, 409 where there is none.
    """
    with transaction.atomic():
        lock_annotator(annotator.pk)
        current = annotator.quiz_tries.filter(passed__isnull=True).first()
        if current is None:
            raise DomainError("no_quiz", _("No try is under way. Begin one first."), HTTPStatus.CONFLICT)
        item = Item.objects.filter(pk=item_id).first()
        if item is None or item_id not in current.item_ids:
            raise not_found("The question")
        if not current.answers.filter(item=item).exists():
            _store(annotator, item, value, current)
        if current.answers.count() == len(current.item_ids):
            _end(annotator, current)
    return current


def _end(annotator: Annotator, current: QuizTry) -> None:
    current.right = current.answers.filter(is_right=True).count()
    current.passed = current.right >= current.needed
    current.save(update_fields=["right", "passed"])
    if current.passed:
        waiting = Annotator.objects.filter(pk=annotator.pk, standing=Standing.TRAINING)
        waiting.update(standing=Standing.ACTIVE)
    kind = "annotator.qualified" if current.passed else "annotator.not_qualified"
    actor = subject = f"annotator:{annotator.pk}"
    data = {"try": current.number, "right": current.right, "questions": len(current.item_ids)}
    simulated = annotator.origin == AnnotatorOrigin.SIMULATED
    record_many([Event(kind, actor, subject, annotator.project_id, data, simulated)])


def _store(annotator: Annotator, item: Item, value: Any, quiz_try: QuizTry | None) -> TrainingAnswer:
    schema = LabelSchema.objects.get(project=annotator.project_id, is_current=True)
    task = task_type(schema.task_type)
    value = task.check_value(schema.config, value)
    return TrainingAnswer.objects.create(
        annotator=annotator,
        item=item,
        quiz_try=quiz_try,
        value=value,
        is_right=task.token(value) == task.token(item.gold),
        answered_at=timezone.now(),
    )
