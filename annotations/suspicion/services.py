"""The owner's decision about a suspicion: nothing in it, or one of the decisions that there are about people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.access import Access
from annotations.models import Exclusion, Suspicion, SuspicionStatus
from annotations.quality.excluding import labels_exclude
from annotations.quality.reviews import checked_text, person_pause
from annotations.suspicion.storing import suspicion_event
from ledger.errors import DomainError, invalid, not_found
from ledger.services import actor_of, record_many

DISMISS, PAUSE, EXCLUDE = "dismiss", "pause", "exclude"
ACTIONS = (DISMISS, PAUSE, EXCLUDE)


@dataclass(frozen=True)
class Decided:
    """``exclusions`` are stored, and their labels still have to follow."""

    suspicion: Suspicion
    exclusions: list[Exclusion] = field(default_factory=list)


def suspicion_decide(
    *, access: Access, suspicion_id: int, action: str, reason: str, annotator_ids: Sequence[int] = ()
) -> Decided:
    """Dismiss a suspicion, or pause or exclude whom the owner names of its people; they read the reason.

    Where it is about one person, nobody has to be named. The same decision twice does nothing new. Raises
    ``DomainError``: 400 without a reason, for an unknown action, or for people it is not about; 404; 409 where it was
    decided otherwise or no longer holds, or where a pause or an exclusion is refused.
    """
    reason = checked_text(reason, "reason", _("Write down why you decide so."))
    if action not in ACTIONS:
        text = _("Choose one of: %(known)s.") % {"known": ", ".join(ACTIONS)}
        raise invalid(text, fields={"action": [text]})
    with transaction.atomic():
        rows = Suspicion.objects.select_for_update(of=("self",)).filter(project=access.project, pk=suspicion_id)
        suspicion = rows.first()
        if suspicion is None:
            raise not_found("The suspicion")
        if suspicion.status != SuspicionStatus.OPEN and suspicion.action == action:
            return Decided(suspicion)
        _refuse_if_closed(suspicion)
        people = _named(suspicion, action, annotator_ids)
        exclusions = [_act(access, action, pk, reason) for pk in people]
        suspicion.status = SuspicionStatus.DISMISSED if action == DISMISS else SuspicionStatus.ACTED
        suspicion.action, suspicion.reason = action, reason
        suspicion.decided_by, suspicion.closed_at = access.user, timezone.now()
        suspicion.save()
        kind = "suspicion.dismissed" if action == DISMISS else "suspicion.acted"
        everybody = sorted(suspicion.annotators.values_list("pk", flat=True))
        more = {} if action == DISMISS else {"action": action, "named": people}
        record_many([suspicion_event(kind, suspicion, everybody, actor=actor_of(access.user), **more)])
    return Decided(suspicion, [made for made in exclusions if made is not None])


def _refuse_if_closed(suspicion: Suspicion) -> None:
    if suspicion.status == SuspicionStatus.GONE:
        raise DomainError("no_longer_holds", _("The labels no longer show this, so there is nothing to decide."))
    if suspicion.status != SuspicionStatus.OPEN:
        raise DomainError("already_decided", _("This was decided before. Decide about the person instead."))


def _named(suspicion: Suspicion, action: str, annotator_ids: Sequence[int]) -> list[int]:
    """Whom the decision is about, in the order in which people are locked everywhere."""
    if action == DISMISS:
        return []
    everybody = set(suspicion.annotators.values_list("pk", flat=True))
    named = set(annotator_ids) or (everybody if len(everybody) == 1 else set())
    if not named or not named <= everybody:
        text = _("Name whom of the people of this suspicion you mean.")
        raise invalid(text, fields={"annotators": [text]})
    return sorted(named)


def _act(access: Access, action: str, annotator_id: int, reason: str) -> Exclusion | None:
    if action == EXCLUDE:
        return labels_exclude(access=access, annotator_id=annotator_id, reason=reason)
    person_pause(access=access, annotator_id=annotator_id, note=reason)
    return None
