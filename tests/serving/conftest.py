"""People at work in a project whose serving rules a test chooses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from annotations.labelling.services import claim, submit
from annotations.models import Annotator, Assignment, ServingRules
from tests.factories import make_user


@pytest.fixture
def rules(cast):
    """``rules(strategy="depth", …)`` sets the project's rules."""

    def made(**values: object) -> ServingRules:
        return ServingRules.objects.update_or_create(project=cast.project, defaults=values)[0]

    return made


@pytest.fixture
def person(cast) -> Callable[[str], Annotator]:
    """``person("ada")`` is a new worker's annotator in the project."""
    return lambda name: Annotator.objects.create(project=cast.project, user=make_user(name), kind="human")


@pytest.fixture
def label_all():
    """``label_all(annotator, 3)`` labels up to three items; the assignments in the order in which they were served."""

    def worked(annotator: Annotator, most: int = 1000, value: str = "keep") -> list[Assignment]:
        served = []
        while len(served) < most and (lease := claim(annotator=annotator, project=annotator.project)):
            served.append(lease)
            submit(annotator=annotator, assignment_id=lease.pk, value=value)
        return served

    return worked
