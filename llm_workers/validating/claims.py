"""A chain's right to rate: taking it, leasing labels with it, storing answers, and what happens when servers fail.

Lock order: validator, then ratings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import LabelSchema, ProjectStatus
from annotations.task_types import task_type
from ledger.services import SYSTEM, Event, record_many
from llm_workers.client import Server, Usage
from llm_workers.limits import (
    CONCURRENCY,
    FAULT_PAUSE,
    FAULTS_BORNE,
    LONGEST_FAULT_PAUSE,
    MAX_TAKEN,
    MAX_UNANSWERED_IN_ROW,
)
from llm_workers.models import Dialect, ModelVersion
from llm_workers.questions import Reading
from llm_workers.services.routing import servers_for
from llm_workers.validating.filling import still_given
from llm_workers.validating.limits import limit_reached
from llm_workers.validating.models import Rating, RatingStatus, Validator, ValidatorRules, ValidatorStatus, Verdict
from llm_workers.validating.services import pause_locked

LEFT = (RatingStatus.PENDING, RatingStatus.LEASED)


@dataclass(frozen=True)
class Work:
    """What a task holds while it works: one generation of one validator's chain, and how to ask."""

    validator_id: int
    generation: int
    schema: LabelSchema
    model: ModelVersion
    servers: tuple[Server, ...]
    concurrency: int


@dataclass(frozen=True)
class Leased:
    """A label to ask about; ``label``: in words."""

    rating_id: int
    item_id: int
    modality: str
    payload: dict[str, Any]
    label: str


@dataclass(frozen=True)
class Answer:
    """What asking brought: a reading whose value is a verdict, or the reason why there is none."""

    rating_id: int
    reading: Reading | None
    problem: str = ""
    usage: Usage = field(default_factory=Usage)


def chain_claim(*, validator_id: int, generation: int) -> Work | None:
    """Take the chain over from ``generation``; None where another task has it or there is nothing to go on with."""
    with transaction.atomic():
        own = _locked(validator_id, generation)
        if own is None or not _may_go_on(own):
            return None
        own.generation, own.touched_at = generation + 1, timezone.now()
        own.save(update_fields=["generation", "touched_at"])
        _take_back(own)
        servers = servers_for(own.model)
        return Work(
            validator_id=own.pk,
            generation=own.generation,
            schema=own.schema,
            model=own.model,
            servers=servers,
            concurrency=max((CONCURRENCY[Dialect(server.dialect)] for server in servers), default=1),
        )


def _locked(validator_id: int, generation: int) -> Validator | None:
    rows = Validator.objects.select_for_update(of=("self",)).select_related("project", "schema", "model")
    return rows.filter(pk=validator_id, generation=generation, status=ValidatorStatus.RATING).first()


def _may_go_on(own: Validator) -> bool:
    """Whether there is something that may be asked now; a validator that may not is put to rest, with the reason."""
    rules = ValidatorRules.objects.filter(project=own.project, enabled=True, model=own.model).first()
    if rules is None or not own.schema.is_current or own.project.status != ProjectStatus.ACTIVE:
        _rest(own)
        return False
    reached = limit_reached(rules)
    if reached:
        pause_locked(own, reason=reached)
        return False
    if not Rating.objects.filter(validator=own, status__in=LEFT).exists():
        _rest(own)
        return False
    return True


def _rest(own: Validator) -> None:
    own.status, own.reason = ValidatorStatus.IDLE, ""
    own.save(update_fields=["status", "reason"])


def _take_back(own: Validator) -> None:
    """Free what an earlier task held when it died; give up on what was held by too many dead tasks."""
    held = Rating.objects.filter(validator=own, status=RatingStatus.LEASED)
    problem = _("Given up: the work on it broke off %(times)s times. See the worker's log.") % {"times": MAX_TAKEN}
    given_up = held.filter(attempts__gte=MAX_TAKEN).update(
        status=RatingStatus.UNANSWERED, problem=problem, generation=None, finished_at=timezone.now()
    )
    if given_up:
        own.unanswered += given_up
        own.save(update_fields=["unanswered"])
    held.update(status=RatingStatus.PENDING, generation=None)


def ratings_lease(*, work: Work, count: int) -> list[Leased]:
    """Up to ``count`` labels to ask about; none where the chain is lost or does not go on. Says that it is worked on.

    A label that nobody gives any more is dropped unasked.
    """
    with transaction.atomic():
        own = Validator.objects.filter(pk=work.validator_id, generation=work.generation, status=ValidatorStatus.RATING)
        if not own.update(touched_at=timezone.now()):
            return []
        pending = Rating.objects.filter(validator_id=work.validator_id, status=RatingStatus.PENDING).order_by("id")
        rows = list(pending.select_for_update(skip_locked=True, of=("self",)).select_related("item")[:count])
        given = still_given([row.item_id for row in rows])
        wanted = [row for row in rows if (row.item_id, row.value_md5) in given]
        gone = [row.pk for row in rows if (row.item_id, row.value_md5) not in given]
        Rating.objects.filter(pk__in=gone).delete()
        Rating.objects.filter(pk__in=[row.pk for row in wanted]).update(
            status=RatingStatus.LEASED, generation=work.generation, attempts=F("attempts") + 1
        )
    task, config = task_type(work.schema.task_type), work.schema.config
    leased = [
        Leased(row.pk, row.item_id, row.item.modality, row.item.payload, task.describe(config, row.value))
        for row in wanted
    ]
    return leased if leased or not rows else ratings_lease(work=work, count=count)


def ratings_release(*, work: Work, rating_ids: list[int]) -> None:
    """Give labels back that nothing could be asked about; they were not at fault."""
    held = Rating.objects.filter(pk__in=rating_ids, status=RatingStatus.LEASED, generation=work.generation)
    held.update(status=RatingStatus.PENDING, generation=None, attempts=F("attempts") - 1)


def ratings_store(*, work: Work, answers: Sequence[Answer]) -> bool:
    """Store answers about labels that this claim still holds, and what they cost; whether asking may go on.

    Usage is counted in the transaction that ends a rating, so once.
    """
    with transaction.atomic():
        own = Validator.objects.select_for_update(of=("self",)).select_related("project").get(pk=work.validator_id)
        held = Rating.objects.select_for_update().filter(
            pk__in=[answer.rating_id for answer in answers],
            status=RatingStatus.LEASED,
            generation=work.generation,
        )
        rows = {row.pk: row for row in held.order_by("id")}
        taken = [answer for answer in answers if answer.rating_id in rows]
        for answer in taken:
            _fill(rows[answer.rating_id], answer)
        fields = ["status", "generation", "verdict", "confidence", "probabilities", "reason", "problem"]
        Rating.objects.bulk_update(
            rows.values(), [*fields, "prompt_tokens", "completion_tokens", "seconds", "finished_at"], batch_size=500
        )
        _count(own, taken)
        record_many(_event(own, rows[answer.rating_id]) for answer in taken if answer.reading)
        if own.status != ValidatorStatus.RATING:
            return False
        obstacle = _breaker(own, taken) or limit_reached(ValidatorRules.objects.get(project=own.project))
        if obstacle:
            pause_locked(own, reason=obstacle)
        return not obstacle


def _fill(row: Rating, answer: Answer) -> None:
    row.status, row.generation, row.finished_at = RatingStatus.UNANSWERED, None, timezone.now()
    row.problem = answer.problem[:300]
    row.prompt_tokens, row.completion_tokens = answer.usage.prompt_tokens, answer.usage.completion_tokens
    row.seconds = answer.usage.seconds
    if answer.reading is not None:
        row.status, row.verdict = RatingStatus.DONE, answer.reading.value
        row.confidence, row.probabilities = answer.reading.confidence, answer.reading.probabilities
        row.reason = answer.reading.reason[:300]


def _count(own: Validator, answers: Sequence[Answer]) -> None:
    usage = sum((answer.usage for answer in answers), Usage())
    verdicts = Counter(answer.reading.value for answer in answers if answer.reading)
    answered = verdicts.total()
    own.rated += answered
    own.agreed += verdicts[Verdict.AGREE]
    own.disagreed += verdicts[Verdict.DISAGREE]
    own.unanswered += len(answers) - answered
    own.prompt_tokens += usage.prompt_tokens
    own.completion_tokens += usage.completion_tokens
    own.cached_tokens += usage.cached_tokens
    own.seconds += usage.seconds
    if answers:
        own.unanswered_in_row = 0 if answered else own.unanswered_in_row + len(answers)
        own.failing_since, own.faults_in_row = None, 0
        if own.status != ValidatorStatus.PAUSED:
            own.reason = ""
    own.touched_at = timezone.now()
    own.save()


def _event(own: Validator, row: Rating) -> Event:
    return Event(
        kind="validator.rated",
        actor=SYSTEM,
        subject=f"rating:{row.pk}",
        project_id=own.project_id,
        data={"item": row.item_id, "value": row.value, "verdict": row.verdict, "validator": own.pk},
    )


def _breaker(own: Validator, answers: Sequence[Answer]) -> str:
    """Why to pause where nothing is answered any more: then it is not the labels. Empty where it is not so."""
    if own.unanswered_in_row < MAX_UNANSWERED_IN_ROW:
        return ""
    last = next((answer.problem for answer in reversed(answers) if answer.problem), "")
    text = _("%(count)s labels in a row had no usable answer, the last one because: %(why)s Choose another model.")
    return text % {"count": own.unanswered_in_row, "why": last}


def chain_fault(*, work: Work, reason: str, hopeless: bool) -> float | None:
    """No server could be used. Returns the seconds after which to try again, or None where the validator has paused."""
    now = timezone.now()
    with transaction.atomic():
        own = _locked(work.validator_id, work.generation)
        if own is None:
            return None
        since = own.failing_since or now
        if hopeless or now - since >= FAULTS_BORNE:
            pause_locked(own, reason=_("%(why)s Then resume the validator.") % {"why": reason})
            return None
        wait = min(FAULT_PAUSE * 2**own.faults_in_row, LONGEST_FAULT_PAUSE)
        own.failing_since, own.faults_in_row = since, own.faults_in_row + 1
        own.reason = (_("Waiting for a server, and trying again. %(why)s") % {"why": reason})[:500]
        own.touched_at = now + timedelta(seconds=wait)
        own.save(update_fields=["failing_since", "faults_in_row", "reason", "touched_at"])
        return wait


def chain_next(*, work: Work) -> bool:
    """Whether there is more to do."""
    with transaction.atomic():
        own = _locked(work.validator_id, work.generation)
        return own is not None and _may_go_on(own)
