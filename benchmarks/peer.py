"""Evenhand beside Label Studio in one run: the same items, as many clients, the same machine and PostgreSQL.

Each takes in the items, lets the clients label at redundancy 1, and gives everything out again, one after the other.
Processor time is that of whole process trees: PostgreSQL and all of `evenhand up` against PostgreSQL and Label Studio.
Runs against a running `evenhand up`; a project of its own there, and Label Studio with its database, go afterwards.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
django.setup()

from django.db import connection  # noqa: E402

from accounts.models import Membership, Role, Scope, User  # noqa: E402
from accounts.services.tokens import token_create  # noqa: E402
from annotations.models import Project  # noqa: E402
from benchmarks import _label_studio as label_studio  # noqa: E402
from benchmarks import serve  # noqa: E402
from benchmarks._stack import project_of_an_owner, running_stack, tree_seconds, work_together  # noqa: E402
from evenhand.cli.bench import Figure, Missing  # noqa: E402
from evenhand.local.errors import LocalError  # noqa: E402
from evenhand.local.state import State  # noqa: E402

ITEMS = 10_000
CLIENTS = 16
SECONDS = 20.0
OURS = "Evenhand"
PROGRAM = "label-studio"
USES_PROGRAMS = True
MISSING = (
    "Label Studio is not installed, so there is nothing to compare with. It needs an environment of its own: "
    "python3 -m venv label-studio && label-studio/bin/pip install label-studio; "
    "then: evenhand bench peer --programs label-studio/bin"
)


@dataclass(frozen=True)
class Measured:
    """One platform's numbers. ``doubled``: submissions to an item that had one already, at one label an item."""

    taken_in: float  # rows a second
    labels: float  # a second
    per_label: float  # milliseconds of processor time
    given_out: float  # items with all their labels, a second
    doubled: float  # share of all submissions


class Platform(Protocol):
    """What both can do. ``export`` gives the number of labels of each item, all items counted."""

    def take_in(self, texts: list[str]) -> None: ...
    def annotators(self, count: int) -> Sequence[Any]: ...
    def export(self) -> list[int]: ...
    def processor_seconds(self) -> float: ...


def run(programs: Path | None = None) -> dict[str, Figure]:
    program = find(programs)
    state = running_stack(("web", "worker", "postgres"))
    texts = [f"Message number {number}, and a few more words to read." for number in range(ITEMS)]
    with _ours(state) as ours:
        own = measure(ours, texts)
    postgres = state.processes["postgres"].pid
    with label_studio.running(program, connection.settings_dict) as peer:
        name = f"Label Studio {peer.version}"
        other = measure(peer, texts, beside=postgres)
    return figures(own, other, name)


def find(programs: Path | None) -> Path:
    """The program, from the folder ``programs`` or the search path; raises Missing with what to do."""
    found = shutil.which(PROGRAM, path=str(programs)) if programs else shutil.which(PROGRAM)
    if found is None:
        raise Missing(MISSING)
    return Path(found).absolute()


def measure(platform: Platform, texts: list[str], beside: int | None = None) -> Measured:
    """Items in, labels, everything out. ``beside``: a process whose tree works for the platform too."""

    def spent() -> float:
        return platform.processor_seconds() + (tree_seconds(beside) if beside else 0.0)

    began = time.perf_counter()
    platform.take_in(texts)
    taken_in = len(texts) / (time.perf_counter() - began)
    people = platform.annotators(CLIENTS)
    seconds, before, after = work_together(people, SECONDS, spent)
    sent = sum(len(person.waits) for person in people)
    began = time.perf_counter()
    counts = platform.export()
    given_out = len(texts) / (time.perf_counter() - began)
    if (len(counts), sum(counts)) != (len(texts), sent) or not sent:
        raise LocalError(f"{len(texts)} items and {sent} labels went in; {len(counts)} and {sum(counts)} came out.")
    return Measured(taken_in, sent / seconds, 1000 * (after - before) / sent, given_out, doubled(counts))


def doubled(counts: Sequence[int]) -> float:
    """Of all submissions, the share that came after another one for the same item; 0 where there is none."""
    total = sum(counts)
    return sum(count - 1 for count in counts if count > 1) / total if total else 0.0


def figures(own: Measured, other: Measured, name: str) -> dict[str, Figure]:
    """Both platforms' numbers, and ours divided by theirs."""
    shown = (
        ("import", "rows/s", "higher", own.taken_in, other.taken_in),
        ("labels", "labels/s", "higher", own.labels, other.labels),
        ("processor per label", "ms", "lower", own.per_label, other.per_label),
        ("export", "items/s", "higher", own.given_out, other.given_out),
    )
    found: dict[str, Figure] = {}
    for title, unit, better, ours, theirs in shown:
        found[f"{title}, {OURS}"] = Figure(round(ours, 2), unit, better)  # type: ignore[arg-type]
        found[f"{title}, {name}"] = Figure(round(theirs, 2), unit, better)  # type: ignore[arg-type]
        found[f"{title}, ratio"] = Figure(round(ours / theirs, 3), "x", better)  # type: ignore[arg-type]
    found[f"submissions to items that were labelled, {OURS}"] = Figure(round(100 * own.doubled, 2), "%", "lower", 0)
    found[f"submissions to items that were labelled, {name}"] = Figure(round(100 * other.doubled, 2), "%", "lower")
    return found


class Ours:
    """A project of the running stack, used over the REST API."""

    def __init__(self, state: State, project: Project, token: str, people: list[User]) -> None:
        self.state, self.project, self.token, self._people = state, project, token, people

    def take_in(self, texts: list[str]) -> None:
        body = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
        job = json.loads(self._ask(f"/api/v1/projects/{self.project.pk}/imports/?filename=items.jsonl", body))
        while job["status"] in ("queued", "running"):
            time.sleep(0.05)
            job = json.loads(self._ask(f"/api/v1/imports/{job['id']}/"))
        if job["items_added"] != len(texts):
            raise LocalError(f"The import ended as {job['status']} with {job['items_added']} items: {job['error']}")

    def annotators(self, count: int) -> list[serve.Client]:
        made = []
        for number in range(count):
            person = User.objects.create(email=f"bench-peer-{self.project.pk}-{number}@localhost")
            self._people.append(person)
            Membership.objects.create(project=self.project, user=person, role=Role.WORKER)
            token = token_create(user=person, name="bench", scopes=[Scope.READ, Scope.LABEL])[1]
            made.append(serve.Client(self.state.address, self.project.pk, token))
        return made

    def export(self) -> list[int]:
        """Two files: the items and the labels."""
        path = f"/api/v1/projects/{self.project.pk}/exports/?format=jsonl&what="
        items, labels = (self._ask(path + what).splitlines() for what in ("items", "annotations"))
        counts = Counter(json.loads(line)["item_id"] for line in labels)
        return [counts[json.loads(line)["item_id"]] for line in items]

    def processor_seconds(self) -> float:
        """Of everything that the stack runs: what a label leaves to the workers is part of its price."""
        return sum(tree_seconds(process.pid) for process in self.state.processes.values())

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        parts = urlsplit(self.state.address)
        client = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=600)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/x-ndjson"}
        client.request("POST" if body else "GET", path, body, headers)
        answer = client.getresponse()
        text = answer.read()
        client.close()
        if answer.status >= 300:
            raise LocalError(f"{path} answered {answer.status}: {text[:300]!r}")
        return text


@contextmanager
def _ours(state: State) -> Iterator[Ours]:
    people: list[User] = []
    try:
        with project_of_an_owner("Benchmark beside a peer") as (project, token):
            Project.objects.filter(pk=project.pk).update(redundancy=1, min_support=1)
            yield Ours(state, project, token, people)
    finally:
        User.objects.filter(pk__in=[person.pk for person in people]).delete()
