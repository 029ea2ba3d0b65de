"""``manage.py erase_person EMAIL``: erase somebody who asked for it by letter, as they could themselves."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.rights.letters import person_called
from accounts.rights.selectors import prospect
from accounts.rights.services import person_erase
from ledger.errors import DomainError


class Command(BaseCommand):
    help = "Erase the person with this e-mail address, for good: their labels stay under a pseudonym."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="The address that the person signs in with.")
        parser.add_argument("--yes", action="store_true", help="Do not ask: the address need not be typed again.")

    def handle(self, *args: Any, email: str, yes: bool = False, **options: Any) -> None:
        try:
            user = person_called(email)
            for notice in prospect(user).warnings:
                self.stdout.write(f"Told to the person: {notice.text}")
            if (
                not yes
                and input("Type the address again to erase this person for good: ").strip().lower() != user.email
            ):
                raise CommandError("Nothing was erased: the addresses differ.")
            person_erase(user=user, by_operator=True)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Erased. What is left is the empty account number {user.pk}.")
