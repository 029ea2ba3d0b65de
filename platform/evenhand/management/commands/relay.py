"""``manage.py relay``: fold label changes, seal the ledger, tell open pages. Runs until it is told to stop."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from evenhand.relay.loop import Relay


class Command(BaseCommand):
    help = "Fold label changes into live counters, seal the ledger and push to open pages, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        Relay().run()
