"""The record: append-only, chained, and any tampering found and named."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from ledger.models import LedgerBlock, LedgerEvent, PendingEvent
from ledger.sealing import seal_pending
from ledger.services import record
from ledger.verification import verify_chain

pytestmark = pytest.mark.django_db


def write_events(count: int) -> list[LedgerEvent]:
    for n in range(count):
        record(kind="thing.happened", actor="system", subject=f"thing:{n}", data={"n": n})
    return list(LedgerEvent.objects.order_by("-pk")[:count])[::-1]


def sealed_chain() -> list[LedgerEvent]:
    events = write_events(3)
    seal_pending()
    events += write_events(2)
    seal_pending()
    return events


def tamper(statement: str, *values: object) -> None:
    """What somebody with the database's own password could do: switch the triggers off first."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_events_wait_until_sealed_and_blocks_link(db):
    write_events(3)
    assert PendingEvent.objects.count() == 3
    first = seal_pending(limit=2)
    second = seal_pending(limit=2)
    assert (first.position, second.position) == (1, 2)
    assert second.previous_hash == first.hash
    assert len(first.event_ids) == 2
    assert seal_pending() is None
    found = verify_chain()
    assert (found.intact, found.events, found.unsealed, found.head) == (True, 3, 0, second.hash)


@pytest.mark.parametrize("table", ["ledger_ledgerevent", "ledger_ledgerblock"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_changes(table, statement):
    sealed_chain()
    column = "subject" if table.endswith("event") else "hash"
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table, column, "'x'"))


def test_an_altered_event_is_named():
    event = sealed_chain()[1]
    tamper("UPDATE ledger_ledgerevent SET data = '{\"n\": 9}' WHERE id = %s", event.pk)
    assert verify_chain().faults == [f"Event {event.pk} of block 1 was altered."]


def test_a_removed_event_is_named():
    event = sealed_chain()[4]
    tamper("DELETE FROM ledger_ledgerevent WHERE id = %s", event.pk)
    assert verify_chain().faults == [f"Event {event.pk} of block 2 was removed."]


def test_an_event_slipped_in_is_named():
    sealed_chain()
    tamper(
        "INSERT INTO ledger_ledgerevent (actor, kind, subject, data, simulated, created_at)"
        " VALUES ('system', 'x', 'x', '{}', false, now())"
    )
    stranger = LedgerEvent.objects.order_by("-pk").first()
    assert verify_chain().faults == [f"Event {stranger.pk} is in no block: it was added past the record's own way in."]


def test_reordered_events_are_found():
    sealed_chain()
    block = LedgerBlock.objects.get(position=1)
    ids = block.event_ids[::-1]
    tamper("UPDATE ledger_ledgerblock SET event_ids = %s::jsonb WHERE position = 1", str(ids))
    faults = verify_chain().faults
    assert "Block 1 was altered: its contents do not give its hash." in faults


def test_a_removed_block_is_found():
    sealed_chain()
    tamper("DELETE FROM ledger_ledgerblock WHERE position = 1")
    assert "Block 1 is missing: block 2 follows." in verify_chain().faults


def test_a_cut_tail_is_found_by_a_noted_head():
    sealed_chain()
    head = LedgerBlock.objects.get(position=2).hash
    assert verify_chain(expected_head=head).intact
    last = LedgerBlock.objects.get(position=2)
    tamper("DELETE FROM ledger_ledgerblock WHERE position = 2")
    tamper("DELETE FROM ledger_ledgerevent WHERE id = ANY(%s)", last.event_ids)
    assert verify_chain().intact
    assert verify_chain(expected_head=head).faults == [
        f"No block has the hash {head}: the chain was cut short or rewritten."
    ]


def test_the_command_exits_with_a_fault(capsys):
    event = sealed_chain()[0]
    call_command("ledger_verify")
    assert "The ledger holds: 5 events in 2 blocks" in capsys.readouterr().out
    tamper("DELETE FROM ledger_ledgerevent WHERE id = %s", event.pk)
    with pytest.raises(CommandError, match="does not hold: 1 fault"):
        call_command("ledger_verify")


@pytest.mark.django_db(transaction=True)
def test_recording_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="inside the transaction"):
        record(kind="x", actor="system", subject="x")
