"""``manage.py person_data EMAIL FILE``: the archive that a person could download themselves, for one who wrote."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.rights.letters import person_called
from accounts.rights.services import data_download
from ledger.errors import DomainError


class Command(BaseCommand):
    help = "Write everything that is stored about the person with this e-mail address into a ZIP archive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="The address that the person signs in with.")
        parser.add_argument("file", type=Path, help="Where to; the file must not exist yet.")

    def handle(self, *args: Any, email: str, file: Path, **options: Any) -> None:
        try:
            user = person_called(email)
            with file.open("xb") as target:
                file.chmod(0o600)
                target.writelines(data_download(user=user, by_operator=True))
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes")
