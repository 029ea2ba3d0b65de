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

    def ids(self, names: Iterable[str]) -> dict[str, int]:
        """Name → annotator id for every name. Raises ``BrokenFile`` where somebody not imported has one."""
        wanted = set(names)
        if len(self._ids) > REMEMBERED:
            self._ids.clear()
        missing = sorted(wanted - self._ids.keys())
        if missing:
            self._find(missing)
            self._make([name for name in missing if name not in self._ids])
        return {name: self._ids[name] for name in wanted}

    def _find(self, names: list[str]) -> None:
        found = Annotator.objects.filter(project=self._project, kind=AnnotatorKind.HUMAN, name__in=names)
        for pk, name, origin in found.values_list("pk", "name", "origin"):
            if origin != AnnotatorOrigin.IMPORTED:
                text = _("The name “%(name)s” belongs to an annotator of this project who was not imported. Rename it.")
                raise BrokenFile(text % {"name": name[:80]}, "annotator_name_taken")
            self._ids[name] = pk

    def _make(self, names: list[str]) -> None:
        rows = [
            Annotator(project=self._project, kind=AnnotatorKind.HUMAN, origin=AnnotatorOrigin.IMPORTED, name=name)
            for name in names
        ]
        for made in Annotator.objects.bulk_create(rows, batch_size=1000):
            self._ids[made.name] = made.pk
