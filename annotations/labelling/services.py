"""What a worker does: claim, label, take back, skip, flag, give back.

Every one of these may be sent twice (a lost answer, a double click, a queue that retries) and then does nothing new.
One person's actions run one after the other; locks are taken as annotator, queue entry, assignment.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.rows import stored
from annotations.assistance.services import suggestion_of
from annotations.labelling.leases import (
    claim,
    claim_within,
    event_of,
    expire,
    own_assignment,
    refuse_if_closed,
    release,
    renew,
)
from annotations.labelling.leases import claim_next as claim_next_of
from annotations.labelling.places import hold_place, lock_annotator, locked_assignment, recount_places
from annotations.labelling.selectors import taken_back
from annotations.labelling.situation import schema_of, situation_of
from annotations.labelling.storing import label_store, submit_begin
from annotations.models import (
    Annotation,
    AnnotationStatus,
    Annotator,
    AnnotatorKind,
    AnnotatorOrigin,
    Assignment,
    AssignmentStatus,
    ItemFlag,
    Project,
)
from annotations.quality.answers import note_answer
from annotations.services.changes import item_changes
from annotations.services.rows import AtHand
from annotations.serving.limits import refuse_many_skips
from annotations.task_types import task_type
from annotations.working.care import note_exposure, note_label
from annotations.working.window import refuse_late_change
from ledger.errors import DomainError, invalid
from ledger.services import Event, record_many

MAX_KEY = 80

__all__ = [
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
    """Store a label, and claim the next item in the same transaction if ``claim_next``.

    ``value`` is checked against the schema version that the item was leased with. A label that arrives after its lease
    ran out is taken if the item still needs one, else refused (409 ``lease_expired``). A paused project takes the
    labels of leases that are out; a closed one takes none. Where the next claim is refused, the label is stored all the
    same and ``reason`` says why. Raises ``DomainError`` 400, 404 or 409.
    """
    stored = _store(annotator, assignment_id, value, active_ms, _checked_key(idempotency_key), claim_next, holding)
    if claim_next and (stored.replayed or stored.reason == "nothing_left"):
        following, reason = claim_or_reason(annotator=annotator, holding=holding)
        return replace(stored, following=following, reason=reason)
    return stored


def claim_or_reason(*, annotator: Annotator, holding: Collection[int] = ()) -> tuple[Assignment | None, str]:
    """The next lease, or why there is none: a refusal's code, ``holding_enough`` or ``nothing_left``."""
    try:
        claimed = claim_next_of(annotator=annotator, holding=holding)
    except DomainError as refusal:
        return None, refusal.code
    return claimed.assignment, claimed.reason


def undo(*, annotator: Annotator, assignment_id: int, last_only: bool = True) -> Assignment:
    """Take the person's last label back: it is withdrawn, and the item is theirs to label again.

    Only the last label unless ``last_only`` is off, within the project's time for changes and while no expert has
    settled the item. Raises ``DomainError``.
    """
    with transaction.atomic():
        lock_annotator(annotator.pk)
        assignment = own_assignment(annotator, assignment_id)
        refuse_if_closed(assignment.project.status)
        with item_changes(project=assignment.project, item_ids=[assignment.item_id]) as changes:
            locked = changes.items[assignment.item_id]
            assignment = locked_assignment(assignment)
            labels = annotator.annotations.filter(item_id=assignment.item_id)
            annotation = labels.filter(status=AnnotationStatus.CURRENT).first()
            if annotation is None:
                if assignment.status == AssignmentStatus.LEASED and labels.exists():
                    assignment.taken_back, assignment.suggested = taken_back(assignment), suggestion_of(assignment)
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
            data = {"item": annotation.item_id}
            changes.events.append(_label_event("annotation.withdrawn", annotator, annotation, data))
            assignment.taken_back, assignment.suggested = annotation.value, suggestion_of(assignment)
    return assignment


def skip(*, annotator: Annotator, assignment_id: int, reason: str) -> Assignment:
    """Leave an item to others: its place goes back, and it is never served to this person again."""
    reason = _checked_text(reason, "reason", 300, _("Say in a few words why you skip this item."))
    with transaction.atomic():
        lock_annotator(annotator.pk)
        assignment = own_assignment(annotator, assignment_id)
        refuse_if_closed(assignment.project.status)
        assignment = locked_assignment(assignment)
        if assignment.status == AssignmentStatus.SKIPPED:
            return assignment
        if assignment.status == AssignmentStatus.SUBMITTED:
            message = _("You have labelled this item already. Undo the label first, then skip.")
            raise DomainError("already_labelled", message)
        refuse_many_skips(annotator)
        assignment.status, assignment.skip_reason = AssignmentStatus.SKIPPED, reason
        assignment.finished_at = timezone.now()
        assignment.save(update_fields=["status", "skip_reason", "finished_at"])
        recount_places([assignment.item_id])
        out = int((assignment.finished_at - assignment.leased_at).total_seconds() * 1000)
        spent = min(out, assignment.project.expected_seconds * 1000)
        note_exposure(annotator, milliseconds=spent, now=assignment.finished_at)
        record_many([event_of("assignment.skipped", assignment, annotator)])
    return assignment


def flag(*, annotator: Annotator, assignment_id: int, reason: str) -> ItemFlag:
    """Tell the owner that something is wrong with an item. The lease goes on; saying it again replaces the reason."""
    reason = _checked_text(reason, "reason", 500, _("Say in a few words what is wrong with this item."))
    with transaction.atomic():
        lock_annotator(annotator.pk)
        assignment = own_assignment(annotator, assignment_id)
        refuse_if_closed(assignment.project.status)
        flags = ItemFlag.objects.filter(item=assignment.item, annotator=annotator)
        if same := flags.filter(reason=reason).first():
            return same
        made, _new = ItemFlag.objects.update_or_create(
            item=assignment.item, annotator=annotator, defaults={"reason": reason}
        )
        record_many([event_of("item.flagged", assignment, annotator)])
    return made


def _store(
    annotator: Annotator,
    assignment_id: int,
    value: Any,
    active_ms: int | None,
    key: str,
    claim_next: bool,
    holding: Collection[int],
) -> Submission:
    with transaction.atomic():
        begun, schema_id, asked = submit_begin(annotator_id=annotator.pk, assignment_id=assignment_id)
        if key and (earlier := _same_request(annotator, begun, value, key)):
            return Submission(earlier, replayed=True)
        project = stored(Project, [("id", annotator.project_id)])
        held = {begun.item_id: asked}
        with item_changes(
            project=project,
            item_ids=held,
            schema=schema_of(schema_id),
            held=held,
            givers=[annotator.pk],
            assignment_id=assignment_id,
            savepoint=False,
        ) as changes:
            at_hand, terms = changes.at_hand()
            refuse_if_closed(terms.status)
            schema = schema_of(at_hand.schema_id)
            value = task_type(schema.task_type).check_value(schema.config, value)
            hold_place(at_hand.item_id, at_hand.status)
            annotation, situation = label_store(
                annotator.pk, at_hand, value, active_ms=active_ms, key=key, now=timezone.now()
            )
            if terms.warned:
                note_label(annotator, annotation, expected_seconds=terms.expected_seconds)
            data = {"item": at_hand.item_id, "value": value, "schema": schema.version}
            changes.simulated = annotator.origin == AnnotatorOrigin.SIMULATED
            changes.events.append(_label_event("annotation.submitted", annotator, annotation, data))
            changes.vote(annotation, kind=AnnotatorKind.HUMAN)
            if note_answer(changes, annotator, annotation, annotation.created_at):
                situation = situation_of(annotator.pk)
            if not claim_next:
                return Submission(annotation)
            try:
                claimed = claim_within(annotator, situation, holding)
            except DomainError as refusal:
                return Submission(annotation, reason=refusal.code)
            if claimed.event is not None:
                changes.events.append(claimed.event)
            return Submission(annotation, following=claimed.assignment, reason=claimed.reason)


def _same_request(annotator: Annotator, at_hand: AtHand, value: Any, key: str) -> Annotation | None:
    earlier = annotator.annotations.filter(idempotency_key=key).first()
    if earlier is None:
        return None
    schema = schema_of(earlier.schema_id)
    value = task_type(schema.task_type).check_value(schema.config, value)
    if (earlier.assignment_id, earlier.value) != (at_hand.id, value):
        message = _("This Idempotency-Key was used for another label. Use a new key for each new label.")
        raise DomainError("idempotency_key_reused", message)
    return earlier


def _refuse_unless_last(annotator: Annotator, annotation: Annotation) -> None:
    later = annotator.annotations.filter(status=AnnotationStatus.CURRENT, pk__gt=annotation.pk)
    if later.exists():
        raise DomainError("not_the_last", _("Only your last label can be taken back. Undo the later ones first."))


def _label_event(kind: str, annotator: Annotator, annotation: Annotation, data: dict[str, Any]) -> Event:
    return Event(
        kind=kind,
        actor=f"annotator:{annotator.pk}",
        subject=f"annotation:{annotation.pk}",
        project_id=annotation.project_id,
        data=data,
        simulated=annotator.origin == AnnotatorOrigin.SIMULATED,
    )


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
