"""``evenhand ledger verify``: walk the chain and say whether anything was altered, removed, added or reordered."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.verification import verify_chain

SHOWN = 20


class Command(BaseCommand):
    help = "Recompute the ledger's hash chain; exits with 1 and names the rows where it does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", help="A block hash noted earlier, which must be in the chain.")

    def handle(self, *args: Any, head: str | None = None, **options: Any) -> None:
        found = verify_chain(expected_head=head)
        for fault in found.faults[:SHOWN]:
            self.stderr.write(fault)
        if len(found.faults) > SHOWN:
            self.stderr.write(f"… and {len(found.faults) - SHOWN} more.")
        counts = f"{found.events:,} events in {found.blocks:,} blocks, {found.unsealed:,} waiting to be sealed"
        if not found.intact:
            raise CommandError(f"The ledger does not hold: {len(found.faults)} faults. {counts}.")
        self.stdout.write(f"The ledger holds: {counts}.\nHead: {found.head}")
