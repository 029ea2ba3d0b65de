"""People who answer, for these tests."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import Membership, Role, User
from accounts.services.demographics import demographics_change
from annotations.demographics.services import demographics_choose
from annotations.models import Annotator, Project
from tests.factories import make_user


def ask(project: Project, *questions: str, reason: str = "To see who labels.") -> None:
    owner = project.memberships.get(role=Role.OWNER).user
    demographics_choose(project=project, actor=owner, questions=questions, reason=reason if questions else "")


def make_workers(project: Project, number: int) -> list[User]:
    people = [make_user() for _ in range(number)]
    Membership.objects.bulk_create(Membership(project=project, user=user, role=Role.WORKER) for user in people)
    Annotator.objects.bulk_create(Annotator(project=project, user=user, kind="human") for user in people)
    return people


def tell(users: Iterable[User], project: Project, question: str, *answer: str) -> None:
    for user in users:
        demographics_change(user=user, answers={question: answer}, consents={project.pk: [question]})
