"""Changing how a project's labels are fitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from annotations.deciding.selectors import FIELDS, rules_of
from annotations.models import ConsensusRules, FitMethod, Project
from annotations.services.ruling import rules_set
from ledger.errors import invalid


def rules_update(*, project: Project, actor: User, values: Mapping[str, Any]) -> tuple[ConsensusRules, bool]:
    """Set some or all of the rules; (the rules, whether anything changed). The fit follows in the background.

    Raises ``DomainError`` 400 for an unknown method, 409 where the project is closed.
    """
    if "method" in values and values["method"] not in FitMethod.values:
        text = _("Choose one of: %(known)s.") % {"known": ", ".join(FitMethod.values)}
        raise invalid(text, fields={"method": [text]})
    return rules_set(
        project=project, actor=actor, kind="deciding.rules_changed", rules_of=rules_of, values=values, fields=FIELDS
    )
