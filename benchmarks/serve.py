"""How fast people are served: each label is one submit that carries the next claim, over the REST API, by many at once.

Runs against a running `evenhand up` on a project of its own, which it removes afterwards (the ledger keeps its events).
Processor time is that of the web and database process trees alone; the clients' own shows in the wall clock only.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
django.setup()

from django.db import transaction  # noqa: E402

from accounts.models import Membership, Role, Scope, User  # noqa: E402
from accounts.services.tokens import token_create  # noqa: E402
from annotations.models import (  # noqa: E402
    Annotation,
    Assignment,
    Case,
    Consensus,
    Dataset,
    Item,
    LabelSchema,
    OutboxRow,
    Project,
    QueueEntry,
    ServingRules,
)
from annotations.task_types import task_type  # noqa: E402
from benchmarks._stack import items_made, processor_seconds, running_stack, work_together  # noqa: E402
from evenhand.cli.bench import Figure  # noqa: E402
from evenhand.local.errors import LocalError  # noqa: E402
from evenhand.local.state import State  # noqa: E402

ITEMS = 10_000
CLIENTS = 64
SECONDS = 20.0
REDUNDANCY = 3
LABELS = ("keep", "review", "remove")
MEASURED = ("web", "postgres")


@dataclass
class Client:
    """One worker with a connection of their own; ``waits`` are the seconds that each submit took."""

    address: str
    project_id: int
    token: str
    waits: list[float] = field(default_factory=list)

    def work(self, start: threading.Barrier, seconds: float) -> None:
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=60)
        chance = random.Random(self.token)
        try:
            lease = self._post(connection, f"/api/v1/projects/{self.project_id}/next/", {})["assignment"]
        except BaseException:
            start.abort()
            raise
        start.wait(timeout=120)
        end = time.perf_counter() + seconds
        while lease is not None and time.perf_counter() < end:
            body = {"value": chance.choice(LABELS), "active_ms": 1000, "claim_next": True}
            began = time.perf_counter()
            lease = self._post(connection, f"/api/v1/assignments/{lease['id']}/submit/", body)["next"]
            self.waits.append(time.perf_counter() - began)
        connection.close()

    def _post(self, connection: http.client.HTTPConnection, path: str, body: dict[str, object]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise LocalError(f"{path} answered {answer.status}: {text[:300]!r}")
        answered: dict[str, Any] = json.loads(text)
        return answered


def run() -> dict[str, Figure]:
    state = running_stack(MEASURED)
    with _project() as (project_id, tokens):
        clients = [Client(state.address, project_id, token) for token in tokens]
        seconds, before, after = work_together(clients, SECONDS, lambda: _processor_seconds(state))
        stored = Annotation.objects.filter(project_id=project_id).count()
    waits = sorted(wait for client in clients for wait in client.waits)
    if stored != len(waits):
        raise LocalError(f"{len(waits)} labels were sent and {stored} are stored.")
    per_label = {name: 1000 * (after[name] - before[name]) / stored for name in MEASURED}
    return {
        "labels a second": Figure(round(stored / seconds, 1), "labels/s", "higher", goal=300),
        "submit and next claim, median": Figure(round(1000 * statistics.median(waits), 1), "ms", "lower"),
        "submit and next claim, p99": Figure(
            round(1000 * waits[int(0.99 * (len(waits) - 1))], 1), "ms", "lower", goal=400
        ),
        "processor per label": Figure(round(sum(per_label.values()), 2), "ms", "lower", goal=4),
        "of it in web": Figure(round(per_label["web"], 2), "ms", "lower"),
        "of it in the database": Figure(round(per_label["postgres"], 2), "ms", "lower"),
    }


def _processor_seconds(state: State) -> dict[str, float]:
    return {name: processor_seconds(state, name) for name in MEASURED}


@contextmanager
def _project() -> Iterator[tuple[int, list[str]]]:
    """A project with ``ITEMS`` items and one token for each of ``CLIENTS`` workers."""
    mark = f"bench-serve-{os.getpid()}-{int(time.time())}"
    people: list[User] = []
    project: Project | None = None
    try:
        owner = User.objects.create(email=f"{mark}@localhost")
        people.append(owner)
        project = Project.objects.create(
            name="Benchmark of serving", created_by=owner, status="active", redundancy=REDUNDANCY
        )
        config = {"labels": [{"key": key, "name": key, "description": "", "shortcut": ""} for key in LABELS]}
        LabelSchema.objects.create(
            project=project,
            version=1,
            task_type="single_choice",
            config=task_type("single_choice").check_config(config),
            created_by=owner,
        )
        # The clients are programs, faster than any person: everything else is as a project has it by default.
        ServingRules.objects.create(project=project, labels_per_minute=None)
        items_made(project, (f"Message number {number}" for number in range(ITEMS)))
        tokens = []
        for number in range(CLIENTS):
            worker = User.objects.create(email=f"{mark}-{number}@localhost")
            people.append(worker)
            Membership.objects.create(project=project, user=worker, role=Role.WORKER)
            tokens.append(token_create(user=worker, name="bench", scopes=[Scope.READ, Scope.LABEL])[1])
        yield project.pk, tokens
    finally:
        _remove(project, people)


def _remove(project: Project | None, people: list[User]) -> None:
    with transaction.atomic():
        if project is not None:
            for model in (OutboxRow, Case, Consensus, Annotation, Assignment, QueueEntry, Item, Dataset, LabelSchema):
                model.objects.filter(project_id=project.pk).delete()
            project.delete()
        User.objects.filter(pk__in=[person.pk for person in people]).delete()
