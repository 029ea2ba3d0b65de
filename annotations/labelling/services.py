"""What a worker does: claim, label, take back, skip, flag, give back.

Every one of these may be sent twice (a lost answer, a double click, a queue that retries) and then does nothing new.
One person's actions run one after the other; locks are taken as annotator, queue entry, assignment.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.labelling.leases import (
    MAX_LIVE,
    claim,
    event_of,
    expire,
    own_assignment,
    refuse_if_closed,
    release,
    renew,
)
from annotations.labelling.places import hold_place, lock_annotator, locked_assignment, recount_places
from annotations.models import (
    Annotation,
    AnnotationSource,
    AnnotationStatus,
    Annotator,
    AnnotatorKind,
    AnnotatorOrigin,
    Assignment,
    AssignmentStatus,
    ItemFlag,
)
from annotations.services.changes import item_changes
from annotations.task_types import task_type
from annotations.working.window import refuse_late_change
from ledger.errors import DomainError, invalid, not_found
from ledger.services import record, record_many

MAX_KEY = 80
MAX_ACTIVE_MS = 24 * 3600 * 1000

__all__ = [
    "MAX_LIVE",
    "Submission",
    "claim",
    "claim_or_reason",
    "expire",
    "flag",
    "release",
    "renew",
    "skip",
    "submit",
    "undo",
]


@dataclass(frozen=True)
class Submission:
    """A stored label and, where it was asked for, the next lease; ``reason`` says why there is no next one."""

    annotation: Annotation
    replayed: bool = False  # the same request came before; nothing was written this time
    following: Assignment | None = None
    reason: str = ""


def submit(
    *,
    annotator: Annotator,
    assignment_id: int,
    value: Any,
    active_ms: int | None = None,
    idempotency_key: str = "",
    claim_next: bool = False,
    holding: Collection[int] = (),
) -> Submission:
    """Store a label, and claim the next item in the same breath if ``claim_next``.

    ``value`` is checked against the schema version that the item was leased with. A label that arrives after its lease
    ran out is taken if the item still needs one, else refused (409 ``lease_expired``). A paused project takes the
    labels of leases that are out; a closed one takes none. The next claim is a transaction of its own: where it is
    refused, the label is stored all the same. Raises ``DomainError`` 400, 404 or 409.
    """
    annotation, replayed = _store(annotator, assignment_id, value, active_ms, _checked_key(idempotency_key))
    if not claim_next:
        return Submission(annotation, replayed)
    following, reason = claim_or_reason(annotator=annotator, holding=holding)
    return Submission(annotation, replayed, following, reason)


def claim_or_reason(*, annotator: Annotator, holding: Collection[int] = ()) -> tuple[Assignment | None, str]:
    """The next lease, or why there is none: a refusal's code, ``holding_enough`` or ``nothing_left``."""
    try:
        following = claim(annotator=annotator, project=annotator.project, holding=holding)
    except DomainError as refusal:
        return None, refusal.code
    if following is not None:
        return following, ""
    live = annotator.assignments.filter(status=AssignmentStatus.LEASED).count()
    return None, "holding_enough" if live >= MAX_LIVE else "nothing_left"


def undo(*, annotator: Annotator, assignment_id: int, last_only: bool = True) -> Assignment:
    """Take the person's last label back: it is withdrawn, and the item is theirs to label again.

    Only the last label unless ``last_only`` is off, within the project's time for changes and while no expert has
    settled the item. Raises ``DomainError``.
    """
    with transaction.atomic():
        lock_annotator(annotator)
        assignment = own_assignment(annotator, assignment_id)
        refuse_if_closed(assignment.project)
        with item_changes(project=assignment.project, item_ids=[assignment.item_id]) as changes:
            locked = changes.items[assignment.item_id]
            assignment = locked_assignment(assignment)
            labels = annotator.annotations.filter(item_id=assignment.item_id)
            annotation = labels.filter(status=AnnotationStatus.CURRENT).first()
            if annotation is None:
                if assignment.status == AssignmentStatus.LEASED and labels.exists():
                    return assignment  # asked for twice
                raise DomainError("nothing_to_undo", _("This item has no label of yours to take back."))
            refuse_late_change(annotator, annotation, settled=locked.settled is not None)
            if last_only:
                _refuse_unless_last(annotator, annotation)
            changes.simulated = annotator.origin == AnnotatorOrigin.SIMULATED
            now = timezone.now()
            Annotation.objects.filter(pk=annotation.pk).update(status=AnnotationStatus.WITHDRAWN)
            changes.withdraw(item_id=assignment.item_id, annotator_id=annotator.pk)
            # The label's place becomes the lease's: nothing to add to or take from the queue entry.
            assignment.status, assignment.finished_at = AssignmentStatus.LEASED, None
            assignment.leased_at, assignment.expires_at = now, now + timedelta(seconds=assignment.project.lease_seconds)
            assignment.save(update_fields=["status", "finished_at", "leased_at", "expires_at"])
            _record_label("annotation.withdrawn", annotator, annotation, {"item": annotation.item_id})
    return assignment


def skip(*, annotator: Annotator, assignment_id: int, reason: str) -> Assignment:
    """Leave an item to others: its place goes back, and it is never served to this person again."""
    reason = _checked_text(reason, "reason", 300, _("Say in a few words why you skip this item."))
    with transaction.atomic():
        lock_annotator(annotator)
        assignment = own_assignment(annotator, assignment_id)
        refuse_if_closed(assignment.project)
        assignment = locked_assignment(assignment)
        if assignment.status == AssignmentStatus.SKIPPED:
            return assignment
        if assignment.status == AssignmentStatus.SUBMITTED:
            message = _("You have labelled this item already. Undo the label first, then skip.")
            raise DomainError("already_labelled", message)
        assignment.status, assignment.skip_reason = AssignmentStatus.SKIPPED, reason
        assignment.finished_at = timezone.now()
        assignment.save(update_fields=["status", "skip_reason", "finished_at"])
        recount_places([assignment.item_id])
        record_many([event_of("assignment.skipped", assignment, annotator)])
    return assignment


def flag(*, annotator: Annotator, assignment_id: int, reason: str) -> ItemFlag:
    """Tell the owner that something is wrong with an item. The lease goes on; saying it again replaces the reason."""
    reason = _checked_text(reason, "reason", 500, _("Say in a few words what is wrong with this item."))
    with transaction.atomic():
        lock_annotator(annotator)
        assignment = own_assignment(annotator, assignment_id)
        refuse_if_closed(assignment.project)
        flags = ItemFlag.objects.filter(item=assignment.item, annotator=annotator)
        if same := flags.filter(reason=reason).first():
            return same
        made, _new = ItemFlag.objects.update_or_create(
            item=assignment.item, annotator=annotator, defaults={"reason": reason}
        )
        record_many([event_of("item.flagged", assignment, annotator)])
    return made


def _store(
    annotator: Annotator, assignment_id: int, value: Any, active_ms: int | None, key: str
) -> tuple[Annotation, bool]:
    with transaction.atomic():
        lock_annotator(annotator)
        assignment = own_assignment(annotator, assignment_id)
        schema, task = assignment.schema, task_type(assignment.schema.task_type)
        value = task.check_value(schema.config, value)
        if earlier := _same_request(annotator, assignment, value, key):
            return earlier, True
        refuse_if_closed(assignment.project)
        with item_changes(project=assignment.project, item_ids=[assignment.item_id]) as changes:
            if assignment.item_id not in changes.items:
                raise not_found("The item")
            assignment = locked_assignment(assignment)
            hold_place(assignment)
            now = timezone.now()
            replaced = _take_over(annotator, assignment)
            annotation = Annotation.objects.create(
                project=assignment.project,
                item=assignment.item,
                annotator=annotator,
                schema=schema,
                assignment=assignment,
                source=AnnotationSource.HUMAN,
                value=value,
                active_ms=_believable(active_ms, assignment, now),
                supersedes=replaced,
                idempotency_key=key,
                created_at=now,
            )
            assignment.status, assignment.finished_at = AssignmentStatus.SUBMITTED, now
            assignment.save(update_fields=["status", "finished_at"])
            data = {"item": assignment.item_id, "value": value, "schema": schema.version}
            _record_label("annotation.submitted", annotator, annotation, data)
            changes.simulated = annotator.origin == AnnotatorOrigin.SIMULATED
            changes.vote(annotation, kind=AnnotatorKind.HUMAN)
    return annotation, False


def _same_request(annotator: Annotator, assignment: Assignment, value: Any, key: str) -> Annotation | None:
    earlier = annotator.annotations.filter(idempotency_key=key).first() if key else None
    if earlier is not None and (earlier.assignment_id, earlier.value) != (assignment.pk, value):
        message = _("This Idempotency-Key was used for another label. Use a new key for each new label.")
        raise DomainError("idempotency_key_reused", message)
    return earlier


def _take_over(annotator: Annotator, assignment: Assignment) -> Annotation | None:
    """The withdrawn label that the new one stands for, marked as superseded."""
    withdrawn = annotator.annotations.filter(item_id=assignment.item_id, status=AnnotationStatus.WITHDRAWN)
    replaced = withdrawn.order_by("-pk").first()
    if replaced is not None:
        Annotation.objects.filter(pk=replaced.pk).update(status=AnnotationStatus.SUPERSEDED)
    return replaced


def _refuse_unless_last(annotator: Annotator, annotation: Annotation) -> None:
    later = annotator.annotations.filter(status=AnnotationStatus.CURRENT, pk__gt=annotation.pk)
    if later.exists():
        raise DomainError("not_the_last", _("Only your last label can be taken back. Undo the later ones first."))


def _record_label(kind: str, annotator: Annotator, annotation: Annotation, data: dict[str, Any]) -> None:
    record(
        kind=kind,
        actor=f"annotator:{annotator.pk}",
        subject=f"annotation:{annotation.pk}",
        project_id=annotation.project_id,
        data=data,
        simulated=annotator.origin == AnnotatorOrigin.SIMULATED,
    )


def _believable(active_ms: int | None, assignment: Assignment, now: datetime) -> int | None:
    """Active time as a client measured it, never longer than the item was out."""
    if active_ms is None or active_ms < 0:
        return None
    out = int((now - assignment.leased_at).total_seconds() * 1000)
    return max(0, min(active_ms, out, MAX_ACTIVE_MS))


def _checked_key(key: str) -> str:
    key = key.strip()
    if len(key) > MAX_KEY:
        raise invalid(_("The Idempotency-Key is too long: at most %(most)s characters.") % {"most": MAX_KEY})
    return key


def _checked_text(text: str, field: str, longest: int, missing: str) -> str:
    text = text.strip()
    if not text:
        raise invalid(missing, fields={field: [missing]})
    if len(text) > longest:
        message = _("At most %(most)s characters; this has %(count)s.") % {"most": longest, "count": len(text)}
        raise invalid(message, fields={field: [message]})
    return text
