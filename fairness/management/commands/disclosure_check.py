"""``manage.py disclosure_check FILE``: hold a record that was disclosed to this installation's ledger."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fairness.disclosure.checking import faults_of


class Command(BaseCommand):
    help = "Compare a disclosed record to the ledger; exits with 1 where they disagree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The record, as it was downloaded.")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{file} cannot be read as a record: {error}") from None
        try:
            faults = faults_of(record)
        except (KeyError, TypeError, AttributeError) as error:
            raise CommandError(f"{file} is not a whole record: {type(error).__name__}: {error}") from None
        for fault in faults:
            self.stdout.write(fault)
        if faults:
            raise CommandError("The record and the ledger disagree.")
        self.stdout.write("The record agrees with the ledger.")
