"""``manage.py demographics_rotate``: seal what people told about themselves anew, under the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.demographics.vault import is_on
from accounts.services.demographics import boxes_drop_unreadable, boxes_reseal
from annotations.demographics.releasing import figures_reseal


class Command(BaseCommand):
    help = (
        "Seal all answers about people anew under the first key of EVENHAND_DEMOGRAPHICS_KEY; the others may be taken out "
        "of it afterwards. May be stopped and run again."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--drop-unreadable",
            action="store_true",
            help="Delete the answers that none of the keys opens: for a key that is lost for good.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_on():
            raise CommandError("EVENHAND_DEMOGRAPHICS_KEY is not set. Set it to the new key, a comma, the old key.")
        people, lost_people = boxes_reseal()
        counts, lost_counts = figures_reseal()
        self.stdout.write(f"Sealed anew: the answers of {people} people, the counts of {counts} projects.")
        if options["drop_unreadable"]:
            self.stdout.write(f"Deleted: the answers of {boxes_drop_unreadable()} people, which no key opens.")
        elif lost_people or lost_counts:
            raise CommandError(
                f"No key opens the answers of {lost_people} people and the counts of {lost_counts} projects. "
                "Add the key that sealed them, or delete such answers with --drop-unreadable."
            )
