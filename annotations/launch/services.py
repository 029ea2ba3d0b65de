"""Answering the checklist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.launch.selectors import answers_of
from annotations.models import Bias, BiasAnswer, Project, Verdict
from annotations.services.holding import project_held
from ledger.errors import invalid
from ledger.services import actor_of, record

MAX_NOTE = 2000


@dataclass(frozen=True)
class Answer:
    verdict: str
    note: str


def checklist_answer(*, project: Project, actor: User, answers: Mapping[str, Answer]) -> list[BiasAnswer]:
    """Store the answers that are new or differ from those that hold; returns the stored ones.

    Raises ``DomainError`` 400 with the bias at fault, 409 where the project is closed. All are stored or none.
    """
    _check(answers)
    with transaction.atomic():
        project = project_held(project)
        known, now = answers_of(project), timezone.now()
        made = []
        for bias, answer in answers.items():
            old, note = known.get(bias), answer.note.strip()
            if old is not None and (old.verdict, old.note) == (answer.verdict, note):
                continue
            new = BiasAnswer(project=project, bias=bias, verdict=answer.verdict, note=note)
            new.answered_by, new.answered_at = actor, now
            made.append(new)
        BiasAnswer.objects.bulk_create(made)
        if made:
            record(
                kind="checklist.answered",
                actor=actor_of(actor),
                subject=f"project:{project.pk}",
                project_id=project.pk,
                data={answer.bias: answer.verdict for answer in made}
                | {"notes": {answer.bias: answer.note for answer in made}},
                simulated=actor.is_simulated,
            )
    return made


def _check(answers: Mapping[str, Answer]) -> None:
    fields: dict[str, list[str]] = {}
    for bias, answer in answers.items():
        note = answer.note.strip()
        if bias not in Bias.values:
            known = ", ".join(Bias.values)
            fields[bias[:60]] = [_("This is not on the list. Known: %(known)s.") % {"known": known}]
        elif answer.verdict not in Verdict.values:
            fields[bias] = [_("Choose one of the three answers.")]
        elif not note:
            fields[bias] = [_("Say in a sentence why, or what is done about it.")]
        elif len(note) > MAX_NOTE or "\x00" in note:
            fields[bias] = [_("At most %(most)s characters of plain text.") % {"most": MAX_NOTE}]
    if fields:
        raise invalid(_("Some answers cannot be stored as they are."), fields=fields)
