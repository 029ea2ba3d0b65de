"""Taking a person's labels out of the count, and putting them back. The labels stay, and stay paid.

The owner's decision is one row, stored at once; the labels follow in the background, in small transactions. The work
may be done twice, or die anywhere: it changes only what is not as the row says.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.access import Access
from annotations.labelling.places import recount_places
from annotations.models import Annotation, AnnotationStatus, AnnotatorKind, AnnotatorOrigin, Exclusion
from annotations.quality.reviews import checked_text, person_locked
from annotations.services.changes import ItemChanges, item_changes
from ledger.errors import DomainError, not_found
from ledger.services import SYSTEM, Event, actor_of, record_many

BATCH = 200


def labels_exclude(*, access: Access, annotator_id: int, reason: str) -> Exclusion:
    """Take all labels that a person has given so far out of the count. Sent twice, it does nothing new.

    Raises ``DomainError``: 400 without a reason, 404 for somebody who does not label here, 409 where there is nothing
    to exclude.
    """
    reason = checked_text(reason, "reason", _("Write down why these labels are not to count: the person reads it."))
    with transaction.atomic():
        annotator = person_locked(access, annotator_id)
        if same := annotator.exclusions.filter(lifted_at__isnull=True).first():
            return same
        if annotator.exclusions.filter(done_at__isnull=True).exists():
            raise DomainError("still_at_work", _("Their labels are just being put back. Try again in a moment."))
        last = annotator.annotations.filter(status=AnnotationStatus.CURRENT).aggregate(last=Max("pk"))["last"]
        if last is None:
            raise DomainError("nothing_to_exclude", _("This person has no label that counts."))
        made = Exclusion.objects.create(
            project=access.project,
            annotator=annotator,
            last_annotation=last,
            reason=reason,
            made_by=access.user,
            made_at=timezone.now(),
        )
        record_many([_event("exclusion.made", made, actor_of(access.user), {"last_annotation": last})])
    return made


def exclusion_lift(*, access: Access, exclusion_id: int, reason: str) -> Exclusion:
    """Let the labels count again. Sent twice, it does nothing new. Raises ``DomainError`` 400 or 404."""
    reason = checked_text(reason, "reason", _("Write down why these labels count again."))
    with transaction.atomic():
        found = Exclusion.objects.select_for_update(of=("self",)).select_related("annotator")
        exclusion = found.filter(project=access.project, pk=exclusion_id).first()
        if exclusion is None:
            raise not_found("The exclusion")
        if exclusion.lifted_at is not None:
            return exclusion
        exclusion.lifted_by, exclusion.lifted_at, exclusion.lift_reason = access.user, timezone.now(), reason
        exclusion.done_at = None
        exclusion.save(update_fields=["lifted_by", "lifted_at", "lift_reason", "done_at"])
        record_many([_event("exclusion.lifted", exclusion, actor_of(access.user), {})])
    return exclusion


def exclusion_apply(*, exclusion_id: int) -> int:
    """Bring the labels in line with the exclusion as it stands; how many were changed."""
    changed = 0
    while moved := _apply_batch(exclusion_id):
        changed += moved
    return changed


def unfinished() -> list[int]:
    """Exclusions whose labels do not follow yet: what a dead worker or a lost message left."""
    return list(Exclusion.objects.filter(done_at__isnull=True).values_list("pk", flat=True)[:100])


def _apply_batch(exclusion_id: int) -> int:
    """One batch; 0 once all is done. The exclusion's lock keeps it from being lifted meanwhile."""
    with transaction.atomic():
        rows = Exclusion.objects.select_for_update(of=("self",), no_key=True).select_related("annotator", "project")
        exclusion = rows.filter(pk=exclusion_id, done_at__isnull=True).first()
        if exclusion is None:
            return 0
        out = exclusion.lifted_at is None
        now_are, become = AnnotationStatus.CURRENT, AnnotationStatus.EXCLUDED
        if not out:
            now_are, become = become, now_are
        labels = exclusion.annotator.annotations.filter(pk__lte=exclusion.last_annotation, status=now_are)
        item_ids = list(labels.order_by("-pk").values_list("item_id", flat=True)[:BATCH])
        if not item_ids:
            exclusion.done_at = timezone.now()
            exclusion.save(update_fields=["done_at"])
            return 0
        with item_changes(
            project=exclusion.project, item_ids=item_ids, givers=[exclusion.annotator_id], savepoint=False
        ) as changes:
            moved = list(labels.filter(item_id__in=list(changes.items)))
            Annotation.objects.filter(pk__in=[label.pk for label in moved]).update(status=become)
            for label in moved:
                _follow(changes, label, out=out)
            recount_places(changes.items)
            kind = "annotations.excluded" if out else "annotations.included"
            if moved:
                changes.events.append(_event(kind, exclusion, SYSTEM, {"annotations": [label.pk for label in moved]}))
        return len(item_ids)


def _follow(changes: ItemChanges, label: Annotation, *, out: bool) -> None:
    if out:
        changes.withdraw(item_id=label.item_id, annotator_id=label.annotator_id)
    else:
        changes.vote(label, kind=AnnotatorKind.HUMAN)


def _event(kind: str, exclusion: Exclusion, actor: str, data: dict[str, object]) -> Event:
    annotator = exclusion.annotator
    return Event(
        kind=kind,
        actor=actor,
        subject=f"annotator:{annotator.pk}",
        project_id=exclusion.project_id,
        data={"exclusion": exclusion.pk, **data},
        simulated=annotator.origin == AnnotatorOrigin.SIMULATED,
    )
