"""Files of templates that owners add to the shipped ones."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.models import Project
from annotations.services.holding import project_held
from fairness.audits.limits import MAX_FILES
from fairness.models import ProbeFile
from fairness.probes.catalogue import Catalogue, catalogue_of, extended
from fairness.probes.lines import BadTemplates
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record


def project_catalogue(project: Project) -> Catalogue:
    """The shipped templates and those of the project's files."""
    texts = ProbeFile.objects.filter(project=project).order_by("id").values_list("text", flat=True)
    return catalogue_of(texts)


def decoded(raw: bytes) -> str:
    """The text of an uploaded file; raises ``BadTemplates`` where it is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise BadTemplates(line, _("This is not UTF-8. Save the file as UTF-8.")) from None


def probe_file_add(*, project: Project, by: Any, name: str, text: str) -> ProbeFile:
    """Check a file against what is there already and add it. Raises ``DomainError`` (400) with the line at fault."""
    name = " ".join(name.replace("\x00", "").split())[:120]
    if not name:
        problem = _("Give the file a name.")
        raise invalid(problem, fields={"name": [problem]})
    with transaction.atomic():
        project_held(project)
        files = ProbeFile.objects.filter(project=project)
        if files.filter(name=name).exists():
            problem = _("There is a file “%(name)s” already. Remove it first, or choose another name.") % {"name": name}
            raise invalid(problem, fields={"file": [problem]}, code="file_exists")
        if files.count() >= MAX_FILES:
            raise DomainError("too_many_files", _("A project has at most %(most)s files.") % {"most": MAX_FILES})
        before = project_catalogue(project)
        after = extended(before, text)
        made = ProbeFile.objects.create(project=project, name=name, text=text, created_by=by)
        data = {
            "tasks": len(after.tasks) - len(before.tasks),
            "attributes": len(after.attributes) - len(before.attributes),
            "families": after.families() - before.families(),
        }
        record(kind="audit.templates_added", actor=actor_of(by), subject=f"probe_file:{made.pk}",
               project_id=project.pk, data=data)  # fmt: skip
    return made


def probe_file_remove(*, probe_file: ProbeFile, by: Any) -> None:
    """Take a file away; sets that were made with it stay as they are.

    Raises ``DomainError`` (409) where a later file builds on it.
    """
    with transaction.atomic():
        project_held(probe_file.project)
        others = ProbeFile.objects.filter(project_id=probe_file.project_id).exclude(pk=probe_file.pk).order_by("id")
        try:
            catalogue_of(others.values_list("text", flat=True))
        except BadTemplates as error:
            text = _("Another file builds on this one: %(why)s Remove that file first.")
            raise DomainError("file_in_use", text % {"why": error.message}) from None
        record(kind="audit.templates_removed", actor=actor_of(by), subject=f"probe_file:{probe_file.pk}",
               project_id=probe_file.project_id, data={})  # fmt: skip
        ProbeFile.objects.filter(pk=probe_file.pk).delete()
