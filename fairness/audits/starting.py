"""The probe set that a start form or a REST client means by a few words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from annotations.models import Project
from fairness.audits.files import project_catalogue
from fairness.audits.sets import set_from_gold, set_from_templates
from fairness.models import ProbeKind, ProbeSet
from ledger.errors import invalid

FAMILIES = 12  # with all shipped tasks, enough true positives of every group to compare error rates
GOLD = 500


def set_wanted(
    *, project: Project, by: Any, about: str, families: int | None = None, count: int | None = None
) -> ProbeSet:
    """``about``: "set:ID" for one that is there, "templates" for all tasks and attributes, "gold" for a sample.

    Raises ``DomainError`` (400) where there is no such set.
    """
    if about == ProbeKind.TEMPLATES:
        known = project_catalogue(project)
        return set_from_templates(
            project=project, by=by, tasks=list(known.tasks), attributes=list(known.attributes),
            families=families or FAMILIES,
        )  # fmt: skip
    if about == ProbeKind.GOLD:
        return set_from_gold(project=project, by=by, count=count or GOLD)
    pk = about.removeprefix("set:")
    found = ProbeSet.objects.filter(project=project, pk=pk).first() if pk.isdecimal() and len(pk) < 19 else None
    if found is None:
        text = _("Choose a probe set of this project, templates or gold.")
        raise invalid(text, fields={"about": [text]})
    return found
