"""Reading the record."""

from __future__ import annotations

from django.db.models import QuerySet

from ledger.models import LedgerBlock, LedgerEvent, PendingEvent


def project_events(project_id: int, *, before: int | None = None) -> QuerySet[LedgerEvent]:
    """A project's events, newest first; ``before`` an event number, for the next page."""
    events = LedgerEvent.objects.filter(project_id=project_id).order_by("-id")
    return events.filter(pk__lt=before) if before is not None else events


def events_by_person(actor: str) -> QuerySet[LedgerEvent]:
    """The events of one account (an ``actor_of``). Found by the index of people's events, which says "user:" too."""
    return LedgerEvent.objects.filter(actor=actor, actor__startswith="user:")


def chain_head() -> LedgerBlock | None:
    """The newest block: publish its hash, and nobody can rewrite what came before unseen."""
    return LedgerBlock.objects.defer("event_ids", "digests").order_by("-position").first()


def unsealed_count() -> int:
    return PendingEvent.objects.count()
