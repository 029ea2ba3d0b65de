"""Saying whom a project's models are held against."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import Project
from annotations.services.ruling import rules_set
from ledger.errors import invalid
from llm_workers.replacing.models import Judges, StandInRules
from llm_workers.replacing.testing import rules_of


def judges_set(*, project: Project, actor: User, judges: str) -> tuple[StandInRules, bool]:
    """Set who labels here; (the rules, whether anything changed). The test follows in the background.

    Raises ``DomainError`` 400 for an unknown answer, 409 where the project is closed.
    """
    if judges not in Judges.values:
        text = _("Choose one of: %(known)s.") % {"known": ", ".join(Judges.values)}
        raise invalid(text, fields={"judges": [text]})
    return rules_set(
        project=project,
        actor=actor,
        kind="trust.judges_changed",
        rules_of=rules_of,
        values={"judges": judges},
        fields=("judges",),
    )
