"""Choosing what a project asks."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.demographics.questions import BY_KEY, questions_of
from accounts.demographics.vault import vault
from accounts.models import User
from annotations.demographics.selectors import rules_of
from annotations.models import DemographicsRules, Project
from annotations.services.holding import project_held
from ledger.errors import invalid
from ledger.services import actor_of, record

MAX_REASON = 600


def demographics_choose(
    *, project: Project, actor: User, questions: Collection[str], reason: str
) -> tuple[DemographicsRules, bool]:
    """(what the project asks now, whether that is a change). The record says which questions, never what anybody
    answers.

    A question that is added needs the consent of everybody anew; one that is taken away is used no more from now on.
    Raises ``DomainError``: 400 for an unknown question or no reason, 409 where the project is closed or no key is set.
    """
    reason = " ".join(reason.split())
    _check(questions, reason)
    wanted = [question.key for question in questions_of(questions)]
    if wanted:
        vault()  # asks for the key
    with transaction.atomic():
        project = project_held(project)
        rules = rules_of(project)
        before, said = rules.questions, rules.reason
        if (before, said) == (wanted, reason):
            return rules, False
        rules.questions, rules.reason = wanted, reason
        rules.save()
        record(
            kind="demographics.chosen",
            actor=actor_of(actor),
            subject=f"project:{project.pk}",
            project_id=project.pk,
            data={"before": before, "after": wanted, "reason_changed": said != reason},
            simulated=actor.is_simulated,
        )
    return rules, True


def _check(questions: Collection[str], reason: str) -> None:
    fields: dict[str, list[str]] = {}
    if set(questions) - set(BY_KEY):
        text = _("Choose from the list: %(known)s.")
        fields["questions"] = [text % {"known": ", ".join(BY_KEY)}]
    if questions and not reason:
        fields["reason"] = [_("Say why you ask: the people who are asked read it.")]
    elif len(reason) > MAX_REASON or "\x00" in reason:
        fields["reason"] = [_("At most %(most)s characters of plain text.") % {"most": MAX_REASON}]
    if fields:
        raise invalid(next(iter(fields.values()))[0], fields=fields)
