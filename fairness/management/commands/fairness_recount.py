"""``evenhand fairness recount``: prove that the live counters equal a count of all rows, or put them right."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.models import Project
from fairness.services.recount import Difference, recount

SHOWN = 20  # differing cells of a project that the text names


class Command(BaseCommand):
    help = "Compare the live counters to a recount; exits with 1 where they differ, unless --mend puts them right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", type=int, help="Only this project.")
        parser.add_argument("--mend", action="store_true", help="Write the recounted values where they differ.")
        parser.add_argument("--json", action="store_true", dest="as_json", help="One JSON object instead of text.")

    def handle(
        self, *args: Any, project: int | None = None, mend: bool = False, as_json: bool = False, **options: Any
    ) -> None:
        projects = Project.objects.order_by("pk")
        if project is not None:
            projects = projects.filter(pk=project)
            if not projects.exists():
                raise CommandError(f"There is no project {project}.")
        found: dict[int, list[Difference]] = {}
        for one in projects:
            found[one.pk] = recount(project=one, mend=mend)
            if not as_json:
                self._tell(one.pk, found[one.pk], mend)
        if as_json:
            self.stdout.write(json.dumps(_as_json(found, mend)))
        if any(found.values()) and not mend:
            raise CommandError("The live counters differ from the rows. Run again with --mend to put them right.")

    def _tell(self, project_id: int, differences: list[Difference], mend: bool) -> None:
        mended = ", mended" if mend and differences else ""
        self.stdout.write(f"Project {project_id}: {len(differences)} differing cells{mended}")
        for one in differences[:SHOWN]:
            self.stdout.write(f"  {one.cell}: live {one.live}, recounted {one.recounted}")


def _as_json(found: dict[int, list[Difference]], mend: bool) -> dict[str, Any]:
    wrong = sum(len(differences) for differences in found.values())
    projects = [
        {
            "project": pk,
            "differences": [
                {"cell": one.cell._asdict(), "live": one.live, "recounted": one.recounted} for one in differences
            ],
        }
        for pk, differences in found.items()
    ]
    return {"differing": wrong, "mended": bool(mend and wrong), "projects": projects}
