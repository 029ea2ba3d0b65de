"""Leases: giving an item to a person, keeping it, giving it back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.labelling.places import hold_place, lock_annotator, locked_assignment, recount_places, take_place
from annotations.models import (
    Annotation,
    AnnotationStatus,
    Annotator,
    AnnotatorOrigin,
    Assignment,
    AssignmentStatus,
    Project,
    ProjectStatus,
    QueueEntry,
)
from ledger.errors import DomainError, not_found
from ledger.services import SYSTEM, Event, record_many

MAX_LIVE = 2  # the item on the screen and the one after it
EXPIRY_BATCH = 500


def claim(*, annotator: Annotator, project: Project, holding: Collection[int] = ()) -> Assignment | None:
    """The next item for this person, leased; None where there is none for them now.

    A live lease of theirs that is not in ``holding`` (ids of assignments that the caller shows already) is served
    again before a new one is made, so that a reload loses nothing; a label taken back comes first. At most
    ``MAX_LIVE`` leases at a time. Raises ``DomainError`` (409) where the project serves no items.
    """
    refuse_unless_serving(project)
    with transaction.atomic():
        lock_annotator(annotator)
        now = timezone.now()
        until = now + timedelta(seconds=project.lease_seconds)
        live = _live_leases(annotator)
        for lease in live:
            if lease.pk not in holding and _prolong(lease, until):
                return lease
        if len(live) >= MAX_LIVE:
            return None
        schema = project.schemas.get(is_current=True)
        made = take_place(annotator=annotator, schema=schema, now=now, until=until)
        if made is None and expire(project_id=project.pk):
            made = take_place(annotator=annotator, schema=schema, now=now, until=until)
        if made is None:
            return None
        lease = Assignment.objects.select_related("item", "schema").get(pk=made)
        record_many([event_of("assignment.leased", lease, annotator, until=until)])
        return lease


def renew(*, annotator: Annotator, assignment_id: int) -> Assignment:
    """Keep an item for another full lease. Where the lease ran out, its place is taken again if it is still free.

    Prolonging changes no label and no place, so it leaves no ledger event. Raises ``DomainError`` 404 or 409.
    """
    with transaction.atomic():
        lock_annotator(annotator)
        lease = locked_assignment(own_assignment(annotator, assignment_id))
        refuse_if_closed(lease.project)
        ran_out = lease.status != AssignmentStatus.LEASED
        hold_place(lease)
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
        lock_annotator(annotator)
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


def refuse_unless_serving(project: Project) -> None:
    """Raises ``DomainError`` (409) with what to do where the project gives out no items."""
    refuse_if_closed(project)
    if project.status == ProjectStatus.PAUSED:
        message = _("The owner has paused this project. What you have labelled is safe; come back later.")
        raise DomainError("project_paused", message)
    if project.status == ProjectStatus.DRAFT:
        message = _("This project is still being set up. Come back when its owner has opened it.")
        raise DomainError("project_draft", message)


def refuse_if_closed(project: Project) -> None:
    if project.status == ProjectStatus.CLOSED:
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


def _live_leases(annotator: Annotator) -> list[Assignment]:
    undone = Annotation.objects.filter(
        item=OuterRef("item"), annotator=OuterRef("annotator"), status=AnnotationStatus.WITHDRAWN
    )
    leases = annotator.assignments.filter(status=AssignmentStatus.LEASED).select_related("item", "schema")
    return list(leases.annotate(was_undone=Exists(undone)).order_by("-was_undone", "leased_at", "id"))


def _prolong(lease: Assignment, until: datetime) -> bool:
    """False where the lease was ended in the meantime."""
    lease.expires_at = max(lease.expires_at, until)
    still = Assignment.objects.filter(pk=lease.pk, status=AssignmentStatus.LEASED)
    return bool(still.update(expires_at=lease.expires_at))
