"""Chaining committed events. One sealer at a time; writers of events never wait for it."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from ledger.hashing import GENESIS, block_hash, event_digest
from ledger.models import LedgerBlock, LedgerEvent

MAX_EVENTS_PER_BLOCK = 5000
SEALER_LOCK = 0x1ED6E5  # advisory lock number: whoever holds it seals


def seal_pending(*, limit: int = MAX_EVENTS_PER_BLOCK) -> LedgerBlock | None:
    """Gather up to ``limit`` committed, unsealed events into the next block; None where there are none.

    Taking events off the pending table and writing the block are one transaction, so a sealer that dies anywhere
    leaves every event in exactly one block or still pending. A second sealer finds the lock taken and does nothing.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
            if not cursor.fetchone()[0]:
                return None
            cursor.execute(
                "DELETE FROM ledger_pendingevent WHERE event_id IN"
                " (SELECT event_id FROM ledger_pendingevent ORDER BY event_id LIMIT %s) RETURNING event_id",
                [limit],
            )
            ids = sorted(row[0] for row in cursor.fetchall())
        if not ids:
            return None
        events = LedgerEvent.objects.in_bulk(ids)
        digests = b"".join(digest_of(events[event_id]) for event_id in ids)
        last = LedgerBlock.objects.order_by("-position").only("position", "hash").first()
        position, previous = (last.position + 1, last.hash) if last else (1, GENESIS)
        return LedgerBlock.objects.create(
            position=position,
            previous_hash=previous,
            hash=block_hash(position=position, previous_hash=previous, event_ids=ids, digests=digests),
            event_ids=ids,
            digests=digests,
            sealed_at=timezone.now(),
        )


def digest_of(event: LedgerEvent) -> bytes:
    """The event's digest, from its row."""
    return event_digest(
        id=event.pk,
        project_id=event.project_id,
        actor=event.actor,
        kind=event.kind,
        subject=event.subject,
        data=event.data,
        simulated=event.simulated,
        created_at=event.created_at,
    )
