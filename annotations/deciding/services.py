"""Changing how a project's labels are fitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.deciding.selectors import FIELDS, rules_of
from annotations.models import FINISHED, ConsensusRules, FitMethod, Project
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record


def rules_update(*, project: Project, actor: User, values: Mapping[str, Any]) -> tuple[ConsensusRules, bool]:
    """Set some or all of the rules; (the rules, whether anything changed). The fit follows in the background.

    Raises ``DomainError`` 400 for an unknown method, 409 where the project is closed.
    """
    if "method" in values and values["method"] not in FitMethod.values:
        text = _("Choose one of: %(known)s.") % {"known": ", ".join(FitMethod.values)}
        raise invalid(text, fields={"method": [text]})
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if project.status in FINISHED:
            raise DomainError("project_closed", _("This project is closed and read only. Reopen it to change it."))
        rules = rules_of(project)
        changed = {name: values[name] for name in FIELDS if name in values and getattr(rules, name) != values[name]}
        if changed:
            for name, value in changed.items():
                setattr(rules, name, value)
            rules.save()
            record(
                kind="deciding.rules_changed",
                actor=actor_of(actor),
                subject=f"project:{project.pk}",
                project_id=project.pk,
                data=changed,
                simulated=actor.is_simulated,
            )
    return rules, bool(changed)
