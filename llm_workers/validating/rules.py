"""Changing how a project's labels are scored and when low scores open cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotations.models import Project
from annotations.services.ruling import rules_set
from ledger.errors import invalid
from llm_workers.validating.models import OpensCases, VerifierRules
from llm_workers.validating.verifying import verifier_rules_of

FIELDS = ("opens_cases", "threshold", "share", "models_alone", "use_groups")


def verifier_rules_update(*, project: Project, by: Any, values: Mapping[str, Any]) -> tuple[VerifierRules, bool]:
    """Set some or all of the rules; (the rules, whether anything changed). Scores and cases follow in the background.

    Raises ``DomainError``: 400 for a value out of range, 409 where the project is closed.
    """
    _check(values)
    return rules_set(
        project=project,
        actor=by,
        kind="verifier.rules_changed",
        rules_of=verifier_rules_of,
        values=values,
        fields=FIELDS,
    )


def _check(values: Mapping[str, Any]) -> None:
    threshold, share = values.get("threshold"), values.get("share")
    if threshold is not None and not 0 < threshold < 1:
        text = _("The probability lies between 0 and 1; leave it empty for the default.")
        raise invalid(text, fields={"threshold": [text]})
    if share is not None and not 0 < share <= 1:
        text = _("The share is more than 0 and at most 1.")
        raise invalid(text, fields={"share": [text]})
    if "opens_cases" in values and values["opens_cases"] not in OpensCases.values:
        text = _("Choose one of: %(known)s.") % {"known": ", ".join(OpensCases.values)}
        raise invalid(text, fields={"opens_cases": [text]})
