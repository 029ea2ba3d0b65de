"""A worker's annotator, and labels given as the labelling page gives them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from annotations.labelling.services import claim, submit
from annotations.models import Annotation, Annotator, Project


@pytest.fixture
def worker():
    """``worker(user, project)`` is the user's annotator in the project."""

    def made(user: User, project: Project) -> Annotator:
        return Annotator.objects.get_or_create(project=project, user=user, defaults={"kind": "human"})[0]

    return made


@pytest.fixture
def label(worker):
    """``label(user, project, value)`` claims the next item and labels it."""

    def given(user: User, project: Project, value: Any = "keep", **more: Any) -> Annotation:
        annotator = worker(user, project)
        lease = claim(annotator=annotator, project=project)
        assert lease is not None
        return submit(annotator=annotator, assignment_id=lease.pk, value=value, **more).annotation

    return given
