"""``manage.py fairness_recount``: prove that the live counters equal a count of all rows, or put them right."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.models import Project
from fairness.services.recount import recount


class Command(BaseCommand):
    help = "Compare the live counters to a recount; exits with 1 where they differ, unless --mend puts them right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", type=int, help="Only this project.")
        parser.add_argument("--mend", action="store_true", help="Write the recounted values where they differ.")

    def handle(self, *args: Any, project: int | None = None, mend: bool = False, **options: Any) -> None:
        projects = Project.objects.order_by("pk")
        wrong = 0
        for one in projects.filter(pk=project) if project else projects:
            differences = recount(project=one, mend=mend)
            wrong += len(differences)
            self.stdout.write(f"Project {one.pk}: {len(differences)} differing cells" + (", mended" if mend else ""))
            for difference in differences[:20]:
                self.stdout.write(f"  {difference.cell}: live {difference.live}, recounted {difference.recounted}")
        if wrong and not mend:
            raise CommandError("The live counters differ from the rows. Run again with --mend to put them right.")
