"""What a person tells about themselves: set, allow, delete, hand out, seal anew.

These changes leave no event in the ledger, alone among all: the ledger can never be shortened, and that somebody
answered at a certain time is theirs to take back. See ``docs/adr/0014-demographics-apart-and-sealed.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.demographics.boxes import Box, all_boxes, box_delete, box_of, box_save, boxes_of
from accounts.demographics.questions import BY_KEY, NOT_SAID
from accounts.demographics.vault import is_on
from accounts.models import DemographicBox, User
from ledger.errors import invalid


def demographics_change(
    *,
    user: User,
    answers: Mapping[str, Iterable[str]] | None = None,
    consents: Mapping[int, Iterable[str]] | None = None,
) -> Box:
    """Set the answers and consents that are given; others stay as they are.

    ``answers``: question → options; none of them, or "prefer not to say", takes the answer away. ``consents``: project
    → the questions whose answers it may use; none revokes. The caller has checked that the projects ask these. Raises
    ``DomainError``: 400 naming each question at fault, 409 without a key.
    """
    checked = _checked(answers or {})
    with transaction.atomic():
        box = _own_locked(user)
        for question, chosen in checked.items():
            box.answers.pop(question, None)
            if chosen:
                box.answers[question] = chosen
        for project_id, questions in (consents or {}).items():
            box.consents.pop(project_id, None)
            if allowed := frozenset(questions):
                box.consents[project_id] = allowed
        box_save(box)
    return box


def demographics_delete(*, user: User) -> None:
    """Delete all answers and consents. Where one was counted stays, so that one is not counted twice."""
    with transaction.atomic():
        box = _own_locked(user)
        box.answers, box.consents = {}, {}
        box_save(box)


def demographics_erase(*, user: User) -> None:
    """Take away everything of a person: for the erasing of their account. Without a key there is nothing to find."""
    if not is_on():
        return
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        box_delete(user.pk)


def demographics_as_data(user: User) -> dict[str, Any]:
    """All that is stored about a person here, for themselves and nobody else."""
    box = box_of(user.pk) if is_on() else Box(user.pk)
    return {
        "answers": {question: list(chosen) for question, chosen in sorted(box.answers.items())},
        "consents": {project: sorted(questions) for project, questions in sorted(box.consents.items())},
        "counted_in": {project: sorted(questions) for project, questions in sorted(box.counted.items())},
    }


def boxes_reseal() -> tuple[int, int]:
    """(boxes sealed anew under the newest key, boxes that no key opens). May be stopped and run again."""
    done = lost = 0
    for name, box, current in all_boxes():
        if box is None:
            lost += 1
        elif not current:
            done += _resealed(name, box.user_id)
    return done, lost


def boxes_drop_unreadable() -> int:
    """Delete the boxes that none of the keys opens, after a key was lost for good; how many."""
    names = [name for name, box, _current in all_boxes() if box is None]
    return DemographicBox.objects.filter(name__in=names).delete()[0]


def _resealed(name: str, user_id: int) -> int:
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
        box = boxes_of([user_id], locked=True).get(user_id)
        if box is None or not DemographicBox.objects.filter(name=name).exists():
            return 0  # its person deleted or changed it meanwhile
        box_save(box)
    return 1


def _own_locked(user: User) -> Box:
    """The person's box; nobody else changes it until the transaction ends, also where there is none yet."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return boxes_of([user.pk], locked=True).get(user.pk) or Box(user.pk)


def _checked(answers: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    fields: dict[str, list[str]] = {}
    checked = {}
    for key, given in answers.items():
        question, chosen = BY_KEY.get(key), set(given) - {NOT_SAID}
        if question is None:
            fields[key[:60]] = [_("This question is not on the list. Known: %(known)s.") % {"known": ", ".join(BY_KEY)}]
        elif chosen - question.keys:
            known = ", ".join([*(option.key for option in question.options), NOT_SAID])
            fields[key] = [_("Choose among these: %(known)s.") % {"known": known}]
        elif len(chosen) > 1 and not question.several:
            fields[key] = [_("Choose one answer.")]
        elif len(chosen) > 1 and any(option.alone for option in question.options if option.key in chosen):
            fields[key] = [_("“None of these” cannot go with another answer.")]
        else:
            checked[key] = question.known(chosen)
    if fields:
        raise invalid(_("Nothing was stored: some answers cannot be taken as they are."), fields=fields)
    return checked
