"""Finding any altered, removed, added or reordered row of the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef

from ledger.hashing import DIGEST_BYTES, GENESIS, block_hash
from ledger.models import LedgerBlock, LedgerEvent, PendingEvent
from ledger.sealing import digest_of


@dataclass
class Verification:
    """What a walk over the whole chain found. ``faults`` are sentences that name the row; empty means intact."""

    blocks: int = 0
    events: int = 0
    unsealed: int = 0
    head: str = GENESIS
    faults: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return not self.faults


def verify_chain(*, expected_head: str | None = None) -> Verification:
    """Recompute every digest and block hash. ``expected_head``: a block hash noted earlier that must be in the chain.

    Rewriting the whole chain after a change would pass every check but that one: note the head somewhere else.
    """
    found = Verification()
    seen_head = expected_head is None or expected_head == GENESIS
    for block in LedgerBlock.objects.order_by("position").iterator(chunk_size=50):
        _check_links(block, found)
        _check_events(block, found)
        found.blocks += 1
        found.head = block.hash
        seen_head = seen_head or block.hash == expected_head
    if not seen_head:
        found.faults.append(f"No block has the hash {expected_head}: the chain was cut short or rewritten.")
    found.faults.extend(_strangers(found))
    return found


def _check_links(block: LedgerBlock, found: Verification) -> None:
    if block.position != found.blocks + 1:
        found.faults.append(f"Block {found.blocks + 1} is missing: block {block.position} follows.")
        found.blocks = block.position - 1
    if block.previous_hash != found.head:
        found.faults.append(f"Block {block.position} does not continue the block before it.")
    actual = block_hash(
        position=block.position,
        previous_hash=block.previous_hash,
        event_ids=block.event_ids,
        digests=bytes(block.digests),
    )
    if actual != block.hash:
        found.faults.append(f"Block {block.position} was altered: its contents do not give its hash.")


def _check_events(block: LedgerBlock, found: Verification) -> None:
    events = LedgerEvent.objects.in_bulk(block.event_ids)
    digests = bytes(block.digests)
    for number, event_id in enumerate(block.event_ids):
        digest = digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]
        event = events.get(event_id)
        if event is None:
            found.faults.append(f"Event {event_id} of block {block.position} was removed.")
        elif digest_of(event) != digest:
            found.faults.append(f"Event {event_id} of block {block.position} was altered.")
        found.events += 1


def _strangers(found: Verification) -> Iterator[str]:
    """Events that no block holds and that do not wait for the sealer either: slipped in past the trigger."""
    found.unsealed = PendingEvent.objects.count()
    if LedgerEvent.objects.count() == found.events + found.unsealed and not found.faults:
        return
    sealed: set[int] = set()
    for ids in LedgerBlock.objects.values_list("event_ids", flat=True).iterator(chunk_size=50):
        twice = sealed.intersection(ids)
        yield from (f"Event {event_id} is in two blocks." for event_id in sorted(twice))
        sealed.update(ids)
    pending = PendingEvent.objects.filter(event_id=OuterRef("pk"))
    unknown = LedgerEvent.objects.filter(~Exists(pending)).order_by("pk").values_list("pk", flat=True)
    yield from (
        f"Event {event_id} is in no block: it was added past the record's own way in."
        for event_id in unknown.iterator()
        if event_id not in sealed
    )
