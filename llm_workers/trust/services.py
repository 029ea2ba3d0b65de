"""Saying whom a project's models are held against."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import FINISHED, Project
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record
from llm_workers.replacing.models import Judges, StandInRules
from llm_workers.replacing.testing import rules_of


def judges_set(*, project: Project, actor: User, judges: str) -> tuple[StandInRules, bool]:
    """Set who labels here; (the rules, whether anything changed). The test follows in the background.

    Raises ``DomainError`` 400 for an unknown answer, 409 where the project is closed.
    """
    if judges not in Judges.values:
        text = _("Choose one of: %(known)s.") % {"known": ", ".join(Judges.values)}
        raise invalid(text, fields={"judges": [text]})
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if project.status in FINISHED:
            raise DomainError("project_closed", _("This project is closed and read only. Reopen it to change it."))
        rules = rules_of(project)
        changed = rules.judges != judges
        if changed:
            rules.judges = judges
            rules.save()
            record(
                kind="trust.judges_changed",
                actor=actor_of(actor),
                subject=f"project:{project.pk}",
                project_id=project.pk,
                data={"judges": judges},
                simulated=actor.is_simulated,
            )
    return rules, changed
