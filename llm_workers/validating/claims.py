"""A lane's right to rate: taking it, leasing labels with it, storing answers, and what happens when servers fail.

Lock order: lanes, validator, ratings; each function takes a part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import LabelSchema, ProjectStatus
from annotations.task_types import task_type
from ledger.services import SYSTEM, Event, record_many
from llm_workers.client import Server, Usage
from llm_workers.client.load import Load
from llm_workers.costs.money import goes_by_time
from llm_workers.limits import (
    CONCURRENCY,
    FAULT_PAUSE,
    FAULTS_BORNE,
    LONGEST_FAULT_PAUSE,
    MAX_TAKEN,
    MAX_UNANSWERED_IN_ROW,
    START,
)
from llm_workers.models import Dialect, ModelVersion
from llm_workers.pacing import Pace
from llm_workers.questions import Reading
from llm_workers.services.company import company_of_validator, was_alone
from llm_workers.services.routing import servers_for
from llm_workers.services.shift import Back
from llm_workers.services.suspects import died_under, next_lock, suspects
from llm_workers.validating.filling import still_given
from llm_workers.validating.lanes import lane_tell, lane_touch
from llm_workers.validating.limits import limit_reached, room_left
from llm_workers.validating.models import (
    Rating,
    RatingStatus,
    Validator,
    ValidatorLane,
    ValidatorRules,
    ValidatorStatus,
    Verdict,
)
from llm_workers.validating.resuming import fault_pause
from llm_workers.validating.services import pause_locked


@dataclass(frozen=True)
class Work:
    """What a task holds while it works: one generation of one lane of a validator, and how to ask."""

    validator_id: int
    lane: int
    generation: int
    schema: LabelSchema
    model: ModelVersion
    servers: tuple[Server, ...]
    concurrency: int
    width: int
    is_timed: bool  # money is counted by the servers' time


@dataclass(frozen=True)
class Leased:
    """A label to ask about; ``label``: in words. ``suspected``: servers may have died of it; ``alone_since``: from then
    on they are asked about nothing else, by nobody."""

    rating_id: int
    item_id: int
    modality: str
    payload: dict[str, Any]
    label: str
    suspected: bool = False
    alone_since: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """What asking brought: a reading whose value is a verdict, or the reason why there is none."""

    rating_id: int
    reading: Reading | None
    problem: str = ""
    usage: Usage = field(default_factory=Usage)
    requests: int = 1

    @property
    def usable(self) -> bool:
        return self.reading is not None


def lane_claim(*, validator_id: int, lane: int, generation: int) -> Work | None:
    """Take the lane over from ``generation``; None where another task has it or there is nothing to go on with."""
    with transaction.atomic():
        own, validator = _locked(validator_id, lane, generation)
        if own is None or validator is None:
            return None
        _take_back(validator, lane)
        if not _may_go_on(validator):
            return None
        own.generation, own.touched_at = generation + 1, timezone.now()
        own.save(update_fields=["generation", "touched_at"])
        return _work(validator, own)


def _locked(validator_id: int, lane: int, generation: int) -> tuple[ValidatorLane | None, Validator | None]:
    """The lane where it is at ``generation``, and the validator where it rates; both locked."""
    lanes = ValidatorLane.objects.select_for_update().filter(validator_id=validator_id, number=lane)
    own = lanes.filter(generation=generation).first()
    if own is None:
        return None, None
    rows = Validator.objects.select_for_update(of=("self",)).select_related("project", "schema", "model")
    return own, rows.filter(pk=validator_id, status=ValidatorStatus.RATING).first()


def _work(validator: Validator, lane: ValidatorLane) -> Work:
    servers = servers_for(validator.model)
    return Work(
        validator_id=validator.pk,
        lane=lane.number,
        generation=lane.generation,
        schema=validator.schema,
        model=validator.model,
        servers=servers,
        concurrency=max((CONCURRENCY[Dialect(server.dialect)] for server in servers), default=1),
        width=lane.width or max((START[Dialect(server.dialect)] for server in servers), default=1),
        is_timed=goes_by_time(validator.model),
    )


def _may_go_on(own: Validator) -> bool:
    """Whether there is something that this lane may ask now; a validator that may not is put to rest, with the reason.

    Where all that is left lies with other lanes, this one has nothing to do, and the validator does not rest yet.
    """
    rules = ValidatorRules.objects.filter(project=own.project, enabled=True, model=own.model).first()
    if rules is None or not own.schema.is_current or own.project.status != ProjectStatus.ACTIVE:
        _rest(own)
        return False
    reached = limit_reached(rules)
    if reached:
        pause_locked(own, reason=reached)
        return False
    left = Rating.objects.filter(validator=own)
    if left.filter(status=RatingStatus.PENDING).exists():
        return True
    if not left.filter(status=RatingStatus.LEASED).exists():
        _rest(own)
    return False


def _rest(own: Validator) -> None:
    own.status, own.reason = ValidatorStatus.IDLE, ""
    own.save(update_fields=["status", "reason"])


def _take_back(own: Validator, lane: int) -> None:
    """Free what an earlier task of this lane held when it died; give up on what was held by too many dead tasks."""
    held = Rating.objects.filter(validator=own, lane=lane, status=RatingStatus.LEASED)
    problem = _("Given up: the work on it broke off %(times)s times. See the worker's log.") % {"times": MAX_TAKEN}
    given_up = held.filter(attempts__gte=MAX_TAKEN).update(
        status=RatingStatus.UNANSWERED, problem=problem, lane=None, generation=None, finished_at=timezone.now()
    )
    if given_up:
        own.unanswered += given_up
        own.save(update_fields=["unanswered"])
    held.update(status=RatingStatus.PENDING, lane=None, generation=None)


def ratings_lease(*, work: Work, count: int) -> list[Leased]:
    """Up to ``count`` labels that nobody else asks about; none where the claim is lost or the validator does not go on.

    A label that nobody gives any more is dropped unasked.
    """
    with transaction.atomic():
        if not lane_touch(validator_id=work.validator_id, lane=work.lane, generation=work.generation):
            return []
        going = Validator.objects.filter(pk=work.validator_id, status=ValidatorStatus.RATING)
        own_suspects = suspects(Rating.objects.filter(validator=OuterRef("pk")))
        suspected = going.values_list(Exists(own_suspects), flat=True).first()
        if suspected is None:
            return []
        most = _room(work.validator_id)
        if most is not None:
            count = min(count, most)
        company, now = company_of_validator(work.validator_id), timezone.now()
        ratings, own = (
            Rating.objects.filter(validator=work.validator_id),
            Validator.objects.filter(pk=work.validator_id),
        )
        rows = next_lock(ratings, own, count=count, company=company, suspected=suspected)
        given = still_given([row.item_id for row in rows])
        wanted = [row for row in rows if (row.item_id, row.value_md5) in given]
        gone = [row.pk for row in rows if (row.item_id, row.value_md5) not in given]
        Rating.objects.filter(pk__in=gone).delete()
        alone = suspected and len(wanted) == 1 and not company.asks(since=now)
        Rating.objects.filter(pk__in=[row.pk for row in wanted]).update(
            status=RatingStatus.LEASED, lane=work.lane, generation=work.generation, attempts=F("attempts") + 1
        )
    task, config = task_type(work.schema.task_type), work.schema.config
    how = {"suspected": suspected, "alone_since": now if alone else None}
    leased = [
        Leased(row.pk, row.item_id, row.item.modality, row.item.payload, task.describe(config, row.value), **how)
        for row in wanted
    ]
    return leased if leased or not rows else ratings_lease(work=work, count=count)


def _room(validator_id: int) -> int | None:
    """How many labels may be asked about more by the owner's limits; None: any number. Where there is a number, the
    validator's row is locked, so that lanes do not take the same room at once."""
    rules = ValidatorRules.objects.get(project__validators=validator_id)
    if rules.max_tokens is None and rules.max_cost is None:
        return None
    own = Validator.objects.select_for_update().get(pk=validator_id)
    leased = Rating.objects.filter(validator=own, status=RatingStatus.LEASED).count()
    return room_left(rules, leased=leased)


def ratings_release(*, work: Work, back: Sequence[Back[Leased]]) -> None:
    """Give labels back that could not be asked about to the end; what that took all the same is counted, once, with the
    label. They were not at fault, unless servers died of them: see ``llm_workers.services.suspects``."""
    used = {one.one.rating_id: one.usage for one in back}
    died = [one.one.rating_id for one in back if one.died]
    with transaction.atomic():
        paid = [pk for pk, usage in used.items() if usage != Usage()]
        if paid or died:
            own = Validator.objects.select_for_update().get(pk=work.validator_id)
            rows = list(_held(work).select_for_update().filter(pk__in=paid).order_by("id"))
            for row in rows:
                _use(row, used[row.pk])
            Rating.objects.bulk_update(rows, ["prompt_tokens", "completion_tokens", "seconds"])
            _used(own, [used[row.pk] for row in rows])
            alone = was_alone([one.one.alone_since for one in back], company_of_validator(work.validator_id))
            given_up = died_under(_held(work).filter(pk__in=died), alone=alone, why="problem")
            if given_up:  # the validator has come on, so it bears faults anew
                own.unanswered += given_up
                own.failing_since, own.faults_in_row, own.fault_pauses = None, 0, 0
            own.save()
        held = _held(work).filter(pk__in=used)
        held.update(status=RatingStatus.PENDING, lane=None, generation=None, attempts=F("attempts") - 1)


def _use(row: Rating, usage: Usage) -> None:
    """Onto what earlier, unfinished tries used."""
    row.prompt_tokens += usage.prompt_tokens
    row.completion_tokens += usage.completion_tokens
    row.seconds += usage.seconds


def _used(own: Validator, usages: Iterable[Usage]) -> None:
    usage = sum(usages, Usage())
    own.prompt_tokens += usage.prompt_tokens
    own.completion_tokens += usage.completion_tokens
    own.cached_tokens += usage.cached_tokens
    own.seconds += usage.seconds


def _held(work: Work) -> QuerySet[Rating]:
    """What this claim holds."""
    return Rating.objects.filter(
        validator_id=work.validator_id, status=RatingStatus.LEASED, lane=work.lane, generation=work.generation
    )


def ratings_store(*, work: Work, answers: Sequence[Answer]) -> None:
    """Store answers about labels that this claim still holds, and what they cost; drop the others, which somebody else
    asks about again. Usage is counted in the transaction that ends a rating, so once.
    """
    with transaction.atomic():
        own = Validator.objects.select_for_update(of=("self",)).select_related("project").get(pk=work.validator_id)
        held = _held(work).select_for_update().filter(pk__in=[answer.rating_id for answer in answers])
        rows = {row.pk: row for row in held.order_by("id")}
        taken = [answer for answer in answers if answer.rating_id in rows]
        for answer in taken:
            _fill(rows[answer.rating_id], answer)
        fields = ["status", "lane", "generation", "verdict", "confidence", "probabilities", "reason", "problem"]
        Rating.objects.bulk_update(
            rows.values(), [*fields, "prompt_tokens", "completion_tokens", "seconds", "finished_at"], batch_size=500
        )
        _count(own, taken)
        record_many(_event(own, rows[answer.rating_id]) for answer in taken if answer.reading)
        if own.status == ValidatorStatus.RATING:
            obstacle = _breaker(own, taken) or limit_reached(ValidatorRules.objects.get(project=own.project))
            if obstacle:
                pause_locked(own, reason=obstacle)


def _fill(row: Rating, answer: Answer) -> None:
    row.status, row.lane, row.generation, row.finished_at = RatingStatus.UNANSWERED, None, None, timezone.now()
    row.problem = answer.problem[:300]
    _use(row, answer.usage)
    if answer.reading is not None:
        row.status, row.verdict = RatingStatus.DONE, answer.reading.value
        row.confidence, row.probabilities = answer.reading.confidence, answer.reading.probabilities
        row.reason = answer.reading.reason[:300]


def _count(own: Validator, answers: Sequence[Answer]) -> None:
    verdicts = Counter(answer.reading.value for answer in answers if answer.reading)
    answered = verdicts.total()
    own.rated += answered
    own.agreed += verdicts[Verdict.AGREE]
    own.disagreed += verdicts[Verdict.DISAGREE]
    own.unanswered += len(answers) - answered
    _used(own, (answer.usage for answer in answers))
    if answers:
        own.unanswered_in_row = 0 if answered else own.unanswered_in_row + len(answers)
        own.failing_since, own.faults_in_row, own.fault_pauses = None, 0, 0
        if own.status != ValidatorStatus.PAUSED:
            own.reason = ""
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


def lane_fault(*, work: Work, reason: str, hopeless: bool) -> float | None:
    """No server could be used. Returns the seconds after which to try again, or None where the validator has paused."""
    now = timezone.now()
    with transaction.atomic():
        lane, own = _locked(work.validator_id, work.lane, work.generation)
        if lane is None or own is None:
            return None
        since = own.failing_since or now
        if hopeless or now - since >= FAULTS_BORNE:
            fault_pause(own, reason=reason, hopeless=hopeless)
            return None
        wait = min(FAULT_PAUSE * 2**own.faults_in_row, LONGEST_FAULT_PAUSE)
        own.failing_since, own.faults_in_row = since, own.faults_in_row + 1
        own.reason = (_("Waiting for a server, and trying again. %(why)s") % {"why": reason})[:500]
        own.save(update_fields=["failing_since", "faults_in_row", "reason"])
        lane.touched_at = now + timedelta(seconds=wait)
        lane.save(update_fields=["touched_at"])
        return wait


def lane_next(*, work: Work, pace: Pace, load: Load | None = None) -> bool:
    """Whether the lane has more to do. ``pace`` of its shift, and the requests that were inside the servers."""
    with transaction.atomic():
        lane, own = _locked(work.validator_id, work.lane, work.generation)
        if lane is None or own is None or not _may_go_on(own):
            return False
        lane_tell(lane, pace=pace, load=load)
        return True
