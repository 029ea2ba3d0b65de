"""Leases: giving an item to a person, keeping it, giving it back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import randbits
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.rows import stored
from annotations.assistance.services import offer, suggestion_of
from annotations.labelling.places import (
    RING_BITS,
    Place,
    hold_place,
    lock_annotator,
    locked_assignment,
    recount_places,
    take_place,
)
from annotations.labelling.selectors import taken_back
from annotations.labelling.situation import Lease, Situation, schema_for, schema_of, situation_of
from annotations.models import (
    FINISHED,
    Annotator,
    AnnotatorOrigin,
    Assignment,
    AssignmentStatus,
    Item,
    Project,
    ProjectStatus,
    QueueEntry,
)
from annotations.quality.gate import refuse_unless_fit
from annotations.quality.gold import due, take_gold
from annotations.serving.limits import refuse_over_quota, refuse_too_fast
from annotations.working.care import refuse_over_exposure
from ledger.errors import DomainError, not_found
from ledger.services import SYSTEM, Event, record_many

EXPIRY_BATCH = 500


@dataclass(frozen=True)
class Claimed:
    """What a claim came to: an assignment, or why there is none (a refusal's code, ``holding_enough``,
    ``nothing_left``). ``event`` is for the ledger, where the lease is new; the caller records it."""

    assignment: Assignment | None
    reason: str = ""
    event: Event | None = None


def claim(*, annotator: Annotator, project: Project, holding: Collection[int] = ()) -> Assignment | None:
    """The next item for this person, leased; None where there is none for them now.

    A live lease of theirs that is not in ``holding`` (ids of assignments that the caller shows already) is served
    again before a new one is made, so that a reload loses nothing; a label taken back comes first. Never more leases
    at a time than the owner allows. Raises ``DomainError`` where the project serves this person no items now.
    """
    return claim_next(annotator=annotator, holding=holding).assignment


def claim_next(*, annotator: Annotator, holding: Collection[int] = ()) -> Claimed:
    """As ``claim``, with the reason. Leases that ran out are taken back first where nothing else is left."""
    claimed = _claim_once(annotator, holding)
    if claimed.reason == "nothing_left" and expire(project_id=annotator.project_id):
        claimed = _claim_once(annotator, holding)
    return claimed


def _claim_once(annotator: Annotator, holding: Collection[int]) -> Claimed:
    with transaction.atomic():
        lock_annotator(annotator.pk)
        claimed = claim_within(annotator, situation_of(annotator.pk), holding)
        if claimed.event is not None:
            record_many([claimed.event])
    return claimed


def claim_within(annotator: Annotator, situation: Situation, holding: Collection[int]) -> Claimed:
    """A claim in the caller's transaction, which holds the annotator's lock.

    What the person has at hand already is served again whatever the limits say; they hold for new items.
    """
    refuse_unless_serving(situation.project_status)
    refuse_unless_fit(situation.standing)
    now = timezone.now()
    until = now + timedelta(seconds=situation.lease_seconds)
    live = sorted(situation.leases, key=_undone_first)
    for lease in live:
        if lease.assignment_id not in holding and (again := _serve_again(lease.assignment_id, situation, until)):
            return Claimed(again)
    if len(live) >= situation.open_leases:
        return Claimed(None, "holding_enough")
    refuse_over_quota(reached=situation.quota_reached, most=situation.labels_per_worker)
    refuse_too_fast(since=situation.paced_at, most=situation.labels_per_minute, now=now)
    if situation.warned:
        refuse_over_exposure(annotator, now, held=len(live))
    place = _place(annotator, situation, now, until)
    if place is None:
        return Claimed(None, "nothing_left")
    made = _assignment(place, annotator, situation, now, until)
    if situation.assisted:
        made.suggested = offer(made, now)
    return Claimed(made, event=event_of("assignment.leased", made, annotator, until=until))


def renew(*, annotator: Annotator, assignment_id: int) -> Assignment:
    """Keep an item for another full lease. Where the lease ran out, its place is taken again if it is still free.

    Prolonging changes no label and no place, so it leaves no ledger event. Raises ``DomainError`` 404 or 409.
    """
    with transaction.atomic():
        lock_annotator(annotator.pk)
        lease = locked_assignment(own_assignment(annotator, assignment_id))
        refuse_if_closed(lease.project.status)
        ran_out = lease.status != AssignmentStatus.LEASED
        hold_place(lease.item_id, lease.status)
        now = timezone.now()
        lease.status = AssignmentStatus.LEASED
        lease.expires_at = now + timedelta(seconds=lease.project.lease_seconds)
        if ran_out:
            lease.leased_at, lease.finished_at = now, None
            record_many([event_of("assignment.leased", lease, annotator, until=lease.expires_at)])
        lease.save(update_fields=["status", "expires_at", "leased_at", "finished_at"])
        return lease


def release(*, annotator: Annotator, assignment_id: int, grace_seconds: int = 0) -> Assignment:
    """Give an item back: at once, or by letting the lease end ``grace_seconds`` from now.

    A page that is being left cannot know whether it is only reloaded; the grace keeps the item for that case. What is
    not leased any more stays as it is.
    """
    with transaction.atomic():
        lock_annotator(annotator.pk)
        lease = locked_assignment(own_assignment(annotator, assignment_id))
        if lease.status != AssignmentStatus.LEASED:
            return lease
        now = timezone.now()
        if grace_seconds > 0:
            lease.expires_at = min(lease.expires_at, now + timedelta(seconds=grace_seconds))
            lease.save(update_fields=["expires_at"])
            return lease
        lease.status, lease.finished_at = AssignmentStatus.RELEASED, now
        lease.save(update_fields=["status", "finished_at"])
        recount_places([lease.item_id])
        record_many([event_of("assignment.released", lease, annotator)])
        return lease


def expire(*, project_id: int | None = None, limit: int = EXPIRY_BATCH) -> int:
    """Take back the places of leases that ran out, at most ``limit`` items at once; how many leases ended.

    Items that somebody is just writing to are left for the next time.
    """
    now = timezone.now()
    overdue = Assignment.objects.filter(status=AssignmentStatus.LEASED, expires_at__lt=now)
    if project_id is not None:
        overdue = overdue.filter(project_id=project_id)
    with transaction.atomic():
        items = list(overdue.order_by("expires_at").values_list("item_id", flat=True)[:limit])
        entries = QueueEntry.objects.select_for_update(skip_locked=True).filter(item_id__in=items)
        locked = list(entries.order_by("item_id").values_list("item_id", flat=True))
        rows = overdue.select_for_update(of=("self",)).select_related("annotator").filter(item_id__in=locked)
        leases = list(rows.order_by("item_id", "id"))
        ended = [lease.pk for lease in leases]
        Assignment.objects.filter(pk__in=ended).update(status=AssignmentStatus.EXPIRED, finished_at=now)
        recount_places({lease.item_id for lease in leases})
        record_many(event_of("assignment.expired", lease, lease.annotator, actor=SYSTEM) for lease in leases)
    return len(ended)


def own_assignment(annotator: Annotator, assignment_id: int) -> Assignment:
    """The annotator's own assignment, with its project; raises ``DomainError`` (404) for anybody else's."""
    own = Assignment.objects.select_related("project", "item", "schema").filter(annotator=annotator)
    assignment = own.filter(pk=assignment_id).first()
    if assignment is None:
        raise not_found("The assignment")
    return assignment


def refuse_unless_serving(status: str) -> None:
    """Raises ``DomainError`` (409) with what to do where a project in this status gives out no items."""
    refuse_if_closed(status)
    if status == ProjectStatus.PAUSED:
        message = _("The owner has paused this project. What you have labelled is safe; come back later.")
        raise DomainError("project_paused", message)
    if status == ProjectStatus.DRAFT:
        message = _("This project is still being set up. Come back when its owner has opened it.")
        raise DomainError("project_draft", message)


def refuse_if_closed(status: str) -> None:
    """Raises ``DomainError`` (409) where a project in this status takes no labels."""
    if status in FINISHED:
        message = _("This project is closed: it takes no more labels. What you labelled before counts.")
        raise DomainError("project_closed", message)


def event_of(
    kind: str, assignment: Assignment, annotator: Annotator, *, actor: str = "", until: datetime | None = None
) -> Event:
    """A ledger event about a lease: numbers only, no names, no text that a person typed."""
    data: dict[str, object] = {"item": assignment.item_id, "annotator": annotator.pk}
    if until is not None:
        data["until"] = until.isoformat(timespec="seconds")
    return Event(
        kind=kind,
        actor=actor or f"annotator:{annotator.pk}",
        subject=f"assignment:{assignment.pk}",
        project_id=assignment.project_id,
        data=data,
        simulated=annotator.origin == AnnotatorOrigin.SIMULATED,
    )


def _serve_again(assignment_id: int, situation: Situation, until: datetime) -> Assignment | None:
    """A lease that is out already, prolonged; None where it was ended in the meantime."""
    still = Assignment.objects.filter(pk=assignment_id, status=AssignmentStatus.LEASED)
    if not still.update(expires_at=Greatest("expires_at", Value(until))):
        return None
    lease = Assignment.objects.select_related("item", "schema").get(pk=assignment_id)
    lease.taken_back, lease.suggested = taken_back(lease), suggestion_of(lease)
    lease.schema = schema_for(lease.schema, lease.annotator_id, shuffled=situation.shuffle_options)
    return lease


def _place(annotator: Annotator, situation: Situation, now: datetime, until: datetime) -> Place | None:
    """The next place for this person: a hidden check where one is due and there is one, else an ordinary item."""
    asked: Any = {
        "annotator_id": annotator.pk,
        "project_id": annotator.project_id,
        "schema_id": situation.schema_id,
        "strategy": situation.strategy,
        "now": now,
        "until": until,
    }
    if due(situation.checking, annotator.pk) and (place := take_gold(**asked)):
        return place
    return take_place(start=randbits(RING_BITS), uniform_share=situation.uniform_share, **asked)


def _assignment(place: Place, annotator: Annotator, situation: Situation, now: datetime, until: datetime) -> Assignment:
    """The lease that was just written, as an object: nothing is read again."""
    written = {
        "id": place.assignment_id,
        "project_id": annotator.project_id,
        "status": AssignmentStatus.LEASED,
        "leased_at": now,
        "expires_at": until,
        "finished_at": None,
        "skip_reason": "",
        "taken_back": place.taken_back,
    }
    lease = stored(Assignment, written.items())
    lease.item, lease.annotator = _item(place, annotator.project_id), annotator
    lease.schema = schema_for(schema_of(situation.schema_id), annotator.pk, shuffled=situation.shuffle_options)
    return lease


def _item(place: Place, project_id: int) -> Item:
    """What was read of the item; anything else of it is fetched when it is asked for."""
    read = {"id": place.item_id, "project_id": project_id, "modality": place.modality, "payload": place.payload}
    return stored(Item, read.items())


def _undone_first(lease: Lease) -> bool:
    return not lease.was_undone
