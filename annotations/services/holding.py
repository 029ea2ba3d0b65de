"""A project's row as the lock under which what belongs to its owner is changed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from annotations.models import FINISHED, Project
from ledger.errors import DomainError


def project_locked(project: Project) -> Project:
    """The project as it is now, its row locked until the transaction ends. Rows that point to it can be added.

    Lock order: the project, then queue entries, then anything else.
    """
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def refuse_if_closed(project: Project) -> None:
    """Raises ``DomainError`` (409) where nothing of the project may be changed any more."""
    if project.status in FINISHED:
        text = _("This project is closed, so it is read only. Reopen it first, on its settings page.")
        raise DomainError("project_closed", text)


def project_held(project: Project) -> Project:
    """As ``project_locked``; raises ``DomainError`` (409) where the project is closed."""
    held = project_locked(project)
    refuse_if_closed(held)
    return held
