"""The project's row as the lock under which its audits, sets and choices change."""

from __future__ import annotations

from django.utils.translation import gettext as _

from annotations.models import FINISHED, Project
from ledger.errors import DomainError


def project_held(project: Project) -> Project:
    """The project, locked; inside a transaction. Raises ``DomainError`` (409) where it is closed."""
    held = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if held.status in FINISHED:
        raise DomainError("project_closed", _("This project is closed and read only. Reopen it to change it."))
    return held
