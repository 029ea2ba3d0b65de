"""A person's own answers, as page and API set them: only what their projects ask, or what they gave before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from accounts.demographics.boxes import Box, box_of
from accounts.demographics.questions import BY_KEY, Question, questions_of
from accounts.models import User
from accounts.services.demographics import demographics_change
from annotations.demographics.selectors import Asking, asking
from ledger.errors import invalid


def own_questions(projects: Iterable[Asking], box: Box) -> list[Question]:
    """The questions that the person's projects ask, each once, and those that have an answer already."""
    asked = {question.key for one in projects for question in one.questions}
    return questions_of(asked | set(box.answers))


def own_change(*, user: User, answers: Mapping[str, Iterable[str]], consents: Mapping[int, Iterable[str]]) -> Box:
    """Set answers and consents. ``consents``: project → the questions that the person was shown and agrees to.

    Nothing can be told that nobody asks: such an answer is refused (400), as is a consent for a project or a question
    that does not ask this person. Taking away is always possible.
    """
    box = box_of(user.pk)
    projects = asking(user, box)
    _check(projects, own_questions(projects, box), answers, consents)
    return demographics_change(user=user, answers=answers, consents=consents)


def _check(
    projects: list[Asking],
    questions: list[Question],
    answers: Mapping[str, Iterable[str]],
    consents: Mapping[int, Iterable[str]],
) -> None:
    fields: dict[str, list[str]] = {}
    askable = {question.key for question in questions}
    for key in answers:
        if key in BY_KEY and key not in askable:
            fields[key] = [_("None of your projects asks this, so it is not stored.")]
    known = {one.project.pk: {question.key for question in one.questions} for one in projects}
    for project_id, wanted in consents.items():
        if set(wanted) - known.get(project_id, set()):
            fields["consents"] = [
                _("Project %(project)d does not ask you that. Look at the page again: it may have changed.")
                % {"project": project_id}
            ]
    if fields:
        raise invalid(_("Nothing was stored: some answers cannot be taken as they are."), fields=fields)
