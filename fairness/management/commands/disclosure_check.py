"""``manage.py disclosure_check FILE``: hold a record that was disclosed to this installation's ledger."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fairness.disclosure.checking import check

UNHELD = 2  # exit code


class Command(BaseCommand):
    help = (
        "Compare a disclosed record to the ledger; exits with 1 where they disagree, with 2 where some cannot be held."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The record, as it was downloaded.")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{file} cannot be read as a record: {error}") from None
        try:
            found = check(record)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise CommandError(f"{file} is not a whole record: {type(error).__name__}: {error}") from None
        for sentence in found.wrong + found.unheld:
            self.stdout.write(sentence)
        if found.wrong:
            raise CommandError("The record and the ledger disagree.")
        if found.unheld:
            text = "Nothing contradicts the ledger. What is named above was compared with the present state alone."
            raise CommandError(text, returncode=UNHELD)
        self.stdout.write("The record agrees with the ledger.")
