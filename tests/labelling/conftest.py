"""A worker's annotator, and threads that each use a connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from annotations.models import Annotator, Project


@pytest.fixture
def worker():
    """``worker(user, project)`` is the user's annotator in the project."""

    def made(user: User, project: Project) -> Annotator:
        return Annotator.objects.get_or_create(project=project, user=user, defaults={"kind": "human"})[0]

    return made


@pytest.fixture
def together():
    """``together([f, g, …])`` runs the functions at the same moment, a thread each: results, or the first error."""

    def run(jobs: list[Callable[[], Any]]) -> list[Any]:
        gate, results, errors = threading.Barrier(len(jobs)), [None] * len(jobs), []

        def work(place: int, job: Callable[[], Any]) -> None:
            try:
                gate.wait(timeout=60)
                results[place] = job()
            except BaseException as error:  # noqa: BLE001 — handed to the test below
                errors.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        if errors:
            raise errors[0]
        return results

    return run
