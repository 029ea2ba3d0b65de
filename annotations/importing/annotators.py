"""The named annotators of uploaded files."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from annotations.importing.errors import BrokenFile
from annotations.models import Annotator, AnnotatorKind, AnnotatorOrigin, Project

REMEMBERED = 200_000


class ImportedAnnotators:
    """Ids of a project's imported annotators by name; made when they first give a label."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._ids: dict[str, int] = {}
        self._taken: set[str] = set()

    def ids(self, names: Iterable[str]) -> dict[str, int]:
        """Name → annotator id for every name. Raises ``BrokenFile`` where somebody not imported has one."""
        wanted = set(names)
        known = self.known(wanted)
        for name in sorted(wanted & self._taken):
            raise BrokenFile(self.taken_text(name), "annotator_name_taken")
        if missing := sorted(wanted - known.keys()):
            self._make(missing)
        return {name: self._ids[name] for name in wanted}

    def known(self, names: Iterable[str]) -> dict[str, int]:
        """Those of ``names`` that are imported annotators already; makes none."""
        wanted = set(names)
        if len(self._ids) > REMEMBERED:
            self._ids.clear()
        if missing := sorted(wanted - self._ids.keys()):
            self._find(missing)
        return {name: self._ids[name] for name in wanted if name in self._ids}

    def is_taken(self, name: str) -> bool:
        """Whether somebody who was not imported has this name; of names that were looked up."""
        return name in self._taken

    @staticmethod
    def taken_text(name: str) -> str:
        text = _("The name “%(name)s” belongs to an annotator of this project who was not imported. Rename it.")
        return text % {"name": name[:80]}

    def _find(self, names: list[str]) -> None:
        found = Annotator.objects.filter(project=self._project, kind=AnnotatorKind.HUMAN, name__in=names)
        for pk, name, origin in found.values_list("pk", "name", "origin"):
            if origin == AnnotatorOrigin.IMPORTED:
                self._ids[name] = pk
            else:
                self._taken.add(name)

    def _make(self, names: list[str]) -> None:
        rows = [
            Annotator(project=self._project, kind=AnnotatorKind.HUMAN, origin=AnnotatorOrigin.IMPORTED, name=name)
            for name in names
        ]
        for made in Annotator.objects.bulk_create(rows, batch_size=1000):
            self._ids[made.name] = made.pk
