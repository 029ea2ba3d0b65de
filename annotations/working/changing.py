"""Changing an answer of one's own, or taking it back, from the history."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.labelling.leases import refuse_if_closed
from annotations.labelling.places import lock_annotator
from annotations.labelling.services import undo
from annotations.models import Annotation, AnnotationStatus, Annotator, AnnotatorKind, AnnotatorOrigin, Assignment
from annotations.quality.answers import note_answer
from annotations.services.changes import item_changes
from annotations.task_types import task_type
from annotations.working.window import refuse_late_change
from ledger.errors import DomainError, not_found
from ledger.services import record


def change_answer(*, annotator: Annotator, annotation_id: int, value: Any) -> Annotation:
    """Put another label in the place of one's own; the label that holds now. Sent twice, it does nothing new.

    ``value`` is checked against the schema version that the label was given in. The new label takes the old one's
    place, time and pay: nobody earns or loses by a second thought. Raises ``DomainError``: 404 for anybody else's
    label, 400 for no label of the schema, 409 where it is too late, settled, changed meanwhile, or the project closed.
    """
    with transaction.atomic():
        lock_annotator(annotator.pk)
        old = own_label(annotator, annotation_id)
        refuse_if_closed(old.project.status)
        value = task_type(old.schema.task_type).check_value(old.schema.config, value)
        with item_changes(project=old.project, item_ids=[old.item_id]) as changes:
            locked = changes.items.get(old.item_id)
            if locked is None:
                raise not_found("The item")
            old.refresh_from_db(fields=["status"])
            if old.status != AnnotationStatus.CURRENT:
                return _changed_before(old, value)
            refuse_late_change(annotator, old, settled=locked.settled is not None)
            if old.value == value:
                return old
            made = _replace(old, value)
            record(
                kind="annotation.changed",
                actor=f"annotator:{annotator.pk}",
                subject=f"annotation:{made.pk}",
                project_id=old.project_id,
                data={"item": old.item_id, "value": value, "schema": old.schema.version, "replaces": old.pk},
                simulated=annotator.origin == AnnotatorOrigin.SIMULATED,
            )
            changes.simulated = annotator.origin == AnnotatorOrigin.SIMULATED
            changes.vote(made, kind=AnnotatorKind.HUMAN)
            note_answer(changes, annotator, made, made.created_at)
    return made


def take_back(*, annotator: Annotator, annotation_id: int) -> Assignment:
    """Withdraw a label, however many came after it: the item is the person's to label again. Raises as ``undo``."""
    annotation = own_label(annotator, annotation_id)
    if annotation.assignment_id is None:
        raise DomainError("nothing_to_undo", _("This label did not come from the labelling page, so it stays."))
    if annotation.status != AnnotationStatus.CURRENT:
        raise _no_longer_current()
    return undo(annotator=annotator, assignment_id=annotation.assignment_id, last_only=False)


def own_label(annotator: Annotator, annotation_id: int) -> Annotation:
    """A label of this person; raises ``DomainError`` (404) for anybody else's."""
    own = annotator.annotations.select_related("project", "item", "schema", "assignment")
    found = own.filter(pk=annotation_id).first()
    if found is None:
        raise not_found("The label")
    return found


def _replace(old: Annotation, value: Any) -> Annotation:
    Annotation.objects.filter(pk=old.pk).update(status=AnnotationStatus.SUPERSEDED)
    return Annotation.objects.create(
        project=old.project,
        item=old.item,
        annotator=old.annotator,
        schema=old.schema,
        assignment=old.assignment,
        source=old.source,
        value=value,
        active_ms=old.active_ms,
        supersedes=old,
        created_at=timezone.now(),
    )


def _changed_before(old: Annotation, value: Any) -> Annotation:
    """The label that this same request made when it was sent before."""
    later = Annotation.objects.filter(supersedes=old, status=AnnotationStatus.CURRENT).first()
    if later is None or later.value != value:
        raise _no_longer_current()
    return later


def _no_longer_current() -> DomainError:
    return DomainError(
        "label_not_current", _("This label no longer holds: you have changed it or taken it back since.")
    )
