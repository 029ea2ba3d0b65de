"""How many label changes a second the live counters take in, and how fast the live page's numbers are read from them.

Runs in one transaction that is rolled back: nothing stays in the database. Needs a running database (`evenhand up`).
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from annotations.models import Annotator, LabelSchema, OutboxRow, Project, ProtectedAttribute  # noqa: E402
from annotations.state import ItemState, hour_of  # noqa: E402
from evenhand.cli.bench import Figure  # noqa: E402
from fairness.selectors.live import live_view  # noqa: E402
from fairness.services.fold import fold_outbox  # noqa: E402

CHANGES = 20_000
ITEMS = 4_000
GROUPS = {"religion": 6, "gender": 4, "origin": 8}
LABELS = ("keep", "review", "remove")
VIEWS = 30


def run() -> dict[str, Figure]:
    with transaction.atomic():
        project, model = _project()
        OutboxRow.objects.bulk_create(_changes(project, model), batch_size=2000)
        started = time.perf_counter()
        folded = 0
        while folded < CHANGES:
            folded += fold_outbox().get(project.pk, 0)
        seconds = time.perf_counter() - started
        reads = [_timed_view(project) for _ in range(VIEWS)]
        transaction.set_rollback(True)
    return {
        "changes folded": Figure(round(CHANGES / seconds), "changes/s", "higher", goal=10_000),
        "live numbers read, median": Figure(round(1000 * statistics.median(reads), 1), "ms", "lower", goal=50),
    }


def _project() -> tuple[Project, Annotator]:
    owner = get_user_model().objects.create(email="bench-fold@localhost")
    project = Project.objects.create(name="Benchmark of the fold", created_by=owner, favourable_label=LABELS[0])
    config = {"labels": [{"key": key, "name": key, "description": "", "shortcut": ""} for key in LABELS]}
    LabelSchema.objects.create(project=project, version=1, task_type="single_choice", config=config, created_by=owner)
    for name in GROUPS:
        ProtectedAttribute.objects.create(project=project, name=name, column=name)
    return project, Annotator.objects.create(project=project, kind="model", name="bench")


def _changes(project: Project, model: Annotator) -> Iterator[OutboxRow]:
    """Items that gather labels of people, one in five changes a model's label."""
    chance = random.Random(1)
    states = [
        ItemState(
            groups={name: f"group {chance.randrange(n)}" for name, n in GROUPS.items()},
            needed=5,
            dataset=1 + chance.randrange(2),
        )
        for _ in range(ITEMS)
    ]
    now = timezone.now()
    hour = hour_of(now)
    for _ in range(CHANGES):
        number = chance.randrange(ITEMS)
        before, label = states[number], chance.choice(LABELS)
        if chance.random() < 0.2:
            after = replace(before, models={str(model.pk): label}, models_at={str(model.pk): hour})
        else:
            people = {**before.people, label: before.people.get(label, 0) + 1}
            after = replace(before, people=people, people_at={str(hour): people}, human=label)
        states[number] = after
        yield OutboxRow(
            project_id=project.pk, item_id=number, before=before.as_json(), after=after.as_json(), created_at=now
        )


def _timed_view(project: Project) -> float:
    started = time.perf_counter()
    live_view(project, attribute="origin")
    return time.perf_counter() - started
