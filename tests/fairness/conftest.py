"""Projects with enough labels to compare groups."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from annotations.models import Annotator, Project
from fairness.services.fold import fold_outbox
from tests import addresses
from tests.factories import add_label, make_annotator
from tests.fairness.test_fold import fresh_items

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def start_relay() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """``start_relay()``: a relay process on this test's database; every one of them is ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "DATABASE_URL": addresses.database_url(),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
        }
        process = subprocess.Popen([sys.executable, "manage.py", "relay"], cwd=ROOT, env=environment)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait(timeout=20)


def fold_all() -> None:
    while fold_outbox():
        pass


def label_group(
    project: Project, group: str, selected: int, n: int, by: Annotator | None = None, beside: Sequence[str] = ()
) -> None:
    """``n`` items of one group, each with one label, ``selected`` of them "keep"; ``beside``: their origins in turn."""
    by = by or make_annotator(project)
    if beside:
        origins = [beside[number % len(beside)] for number in range(n)]
        items = [fresh_items(project, 1, groups={"religion": group, "origin": one})[0] for one in origins]
    else:
        items = fresh_items(project, n, groups={"religion": group})
    for number, item in enumerate(items):
        add_label(item, by, "keep" if number < selected else "remove")


@pytest.fixture
def labelled() -> Callable[[Project], None]:
    """Fills a project: people keep 20 of 40 christian and 31 of 40 muslim messages; a model labels 3 of them."""

    def fill(project: Project) -> None:
        label_group(project, "christian", 20, 40)
        label_group(project, "muslim", 31, 40)
        model = make_annotator(project, kind="model", name="smollm2")
        for item in project.items.order_by("pk")[:3]:
            add_label(item, model, "remove")
        fold_all()

    return fill
