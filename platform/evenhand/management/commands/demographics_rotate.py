"""``manage.py demographics_rotate``: seal what people told about themselves anew, under the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.demographics.vault import is_on
from accounts.services.demographics import boxes_drop_unreadable, boxes_reseal
from annotations.demographics.releasing import figures_drop_unreadable, figures_reseal


class Command(BaseCommand):
    help = (
        "Seal all answers about people anew under the first key of EVENHAND_DEMOGRAPHICS_KEY; the others may be taken "
        "out of it afterwards. May be stopped and run again."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--drop-unreadable",
            action="store_true",
            help="Delete the answers and the figures that none of the keys opens: for a key that is lost for good.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_on():
            raise CommandError("EVENHAND_DEMOGRAPHICS_KEY is not set. Set it to the new key, a comma, the old key.")
        people, lost_people = boxes_reseal()
        counts, lost_counts = figures_reseal()
        self.stdout.write(f"Sealed anew: the answers of {people} people, the counts of {counts} projects.")
        if options["drop_unreadable"]:
            people, counts = boxes_drop_unreadable(), figures_drop_unreadable()
            self.stdout.write(f"Deleted: the answers of {people} people and the figures of {counts} projects.")
        elif lost_people or lost_counts:
            raise CommandError(
                f"No key opens the answers of {lost_people} people and the counts of {lost_counts} projects. "
                "Add the key that sealed them, or delete such answers with --drop-unreadable."
            )
