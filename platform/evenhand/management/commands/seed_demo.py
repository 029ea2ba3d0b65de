"""``manage.py seed_demo``: make the sample project, if it is not there yet, and print how to sign in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from evenhand.sample.people import sign_in_lines
from evenhand.sample.seed import seed


class Command(BaseCommand):
    help = "Make the sample project with its simulated crowd; does nothing where it exists. Prints the accounts."

    def handle(self, *args: Any, **options: Any) -> None:
        seed()
        for line in sign_in_lines():
            self.stdout.write(line)
