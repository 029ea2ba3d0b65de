"""The lanes that share a validator's work: making them, handing them over, keeping them alive.

Lock order: lanes, validator, ratings; each function takes a part of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F
from django.utils import timezone

from llm_workers.client.load import Load
from llm_workers.limits import MAX_LANES
from llm_workers.pacing import Pace
from llm_workers.services.lanes import lanes_wanted
from llm_workers.validating.dispatch import queue_ratings_on_commit
from llm_workers.validating.models import Rating, RatingStatus, Validator, ValidatorLane, ValidatorStatus


def lanes_locked(validator: Validator, *, skip: bool = False) -> list[ValidatorLane]:
    """All lanes, locked; first made where there are fewer than servers that offer the model now. ``skip``: without
    those that somebody else has locked."""
    _made(validator.pk, max(min(validator.model.endpoints.filter(enabled=True).count(), MAX_LANES), 1))
    lanes = ValidatorLane.objects.filter(validator=validator)
    return list(lanes.select_for_update(skip_locked=skip).order_by("number"))


def lane_tell(lane: ValidatorLane, *, pace: Pace, load: Load | None) -> None:
    """Keep what a shift found of its servers, and make one lane more, for another worker, where that helps: as the
    lanes of runs do."""
    lanes = ValidatorLane.objects.filter(validator=lane.validator_id)
    for made in _made(lane.validator_id, lanes_wanted(lane, lanes, pace=pace, load=load)):
        queue_ratings_on_commit(validator_id=lane.validator_id, lane=made.number, generation=0)


def _made(validator_id: int, count: int) -> list[ValidatorLane]:
    """Those of the first ``count`` lanes that were missing, made."""
    missing = set(range(count)) - set(
        ValidatorLane.objects.filter(validator=validator_id).values_list("number", flat=True)
    )
    now = timezone.now()
    made = [ValidatorLane(validator_id=validator_id, number=number, touched_at=now) for number in sorted(missing)]
    ValidatorLane.objects.bulk_create(made, ignore_conflicts=True)
    return made


def hand_over(validator: Validator, lanes: Sequence[ValidatorLane]) -> None:
    """Give each of ``lanes`` a new generation, take back what the old one held, queue its task. The caller has locked
    them and the validator, which rates from now on."""
    now = timezone.now()
    if validator.status != ValidatorStatus.RATING:
        validator.status, validator.reason = ValidatorStatus.RATING, ""
        validator.save(update_fields=["status", "reason"])
    for lane in lanes:
        lane.generation, lane.touched_at = lane.generation + 1, now
        lane.save(update_fields=["generation", "touched_at"])
        held = Rating.objects.filter(validator=validator, lane=lane.number, status=RatingStatus.LEASED)
        held.update(status=RatingStatus.PENDING, lane=None, generation=None)
        queue_ratings_on_commit(validator_id=validator.pk, lane=lane.number, generation=lane.generation)


def lane_touch(*, validator_id: int, lane: int, generation: int, width: int | None = None) -> bool:
    """Say that the lane is being worked on, with so many requests at a time; False where it has gone to another
    generation meanwhile."""
    own = ValidatorLane.objects.filter(validator_id=validator_id, number=lane, generation=generation)
    known = {} if width is None else {"width": width}
    return bool(own.update(touched_at=timezone.now(), generation=F("generation"), **known))
