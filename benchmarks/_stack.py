"""What benchmarks against a running `evenhand up` share: the stack, its processes' time and memory, a project."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Protocol, TypeVar

import django
import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from accounts.models import Membership, Role, Scope, User  # noqa: E402
from accounts.services.tokens import token_create  # noqa: E402
from annotations.modalities.base import content_hash  # noqa: E402
from annotations.models import (  # noqa: E402
    Dataset,
    Item,
    LabelSchema,
    Project,
    ProtectedAttribute,
    QueueEntry,
    ServingRules,
)
from annotations.task_types import task_type  # noqa: E402
from evenhand.local.errors import LocalError  # noqa: E402
from evenhand.local.state import State, is_running, read_state  # noqa: E402

LABELS = ("keep", "review", "remove")
TABLES = (
    "annotations_itemposterior",
    "annotations_annotatorskill",
    "annotations_consensusfit",
    "annotations_outboxrow",
    "annotations_case",
    "annotations_consensus",
    "annotations_annotation",
    "annotations_assignment",
    "annotations_queueentry",
    "annotations_importjob",
    "annotations_item",
    "annotations_dataset",
    "annotations_annotator",
    "annotations_labelschema",
)


def running_stack(needed: Iterable[str]) -> State:
    """The running stack, which must run the processes ``needed`` itself; LocalError says what is missing."""
    state = read_state(settings.EVENHAND_HOME)
    if not is_running(settings.EVENHAND_HOME) or state is None or not state.address:
        raise LocalError("Nothing is running here. Start it with `evenhand up`, with the same EVENHAND_HOME.")
    missing = [name for name in needed if name not in state.processes]
    if missing:
        raise LocalError(f"This stack does not run {' and '.join(missing)} itself, so it cannot be measured.")
    return state


class Client(Protocol):
    """One of many who work at once: gets ready, waits for the others at ``start``, works for ``seconds``."""

    def work(self, start: threading.Barrier, seconds: float) -> None: ...


Reading = TypeVar("Reading")


def work_together(
    clients: Sequence[Client], seconds: float, read: Callable[[], Reading]
) -> tuple[float, Reading, Reading]:
    """Let all clients work at once; the seconds that it took, and what ``read`` gave before and afterwards."""
    start = threading.Barrier(len(clients) + 1)
    with ThreadPoolExecutor(len(clients)) as pool:
        jobs = [pool.submit(client.work, start, seconds) for client in clients]
        with suppress(threading.BrokenBarrierError):  # the client that failed says why, below
            start.wait(timeout=120)
        before, began = read(), time.perf_counter()
        for job in jobs:
            job.result()
        return time.perf_counter() - began, before, read()


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def processor_seconds(state: State, name: str) -> float:
    """User and system seconds of a process tree; those of children that ended are with the parent that reaped them."""
    return tree_seconds(state.processes[name].pid)


def tree_seconds(pid: int) -> float:
    """The same of any process and its children."""
    total = 0.0
    for process in _tree(pid):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue  # it ended just now
    return total


def _memory(state: State, name: str) -> float:
    """MiB of the largest process of a tree; pages that processes share are counted in parts."""
    largest = 0
    for process in _tree(state.processes[name].pid):
        try:
            largest = max(largest, process.memory_full_info().pss)
        except psutil.NoSuchProcess:
            continue
    return largest / (1 << 20)


@contextmanager
def peak_memory(state: State, names: Iterable[str]) -> Iterator[dict[str, float]]:
    """The greatest memory (MiB) of any one process of each tree within the block, looked at ten times a second."""
    peaks = dict.fromkeys(names, 0.0)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            for name in peaks:
                peaks[name] = max(peaks[name], _memory(state, name))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


@contextmanager
def project_of_an_owner(title: str) -> Iterator[tuple[Project, str]]:
    """An active project with three labels and one protected attribute, and its owner's token; removed afterwards.

    The ledger keeps its events.
    """
    owner = User.objects.create(email=f"bench-{os.getpid()}-{time.time_ns()}@localhost")
    project = None
    try:
        project = project_made(title, owner)
        token = token_create(user=owner, name="bench", scopes=[Scope.READ, Scope.IMPORT, Scope.EXPORT])[1]
        yield project, token
    finally:
        if project is not None:
            _remove(project)
        owner.delete()


def project_made(title: str, owner: User) -> Project:
    """An active project with three labels and one protected attribute."""
    project = Project.objects.create(name=title, created_by=owner, status="active", redundancy=3)
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
    ProtectedAttribute.objects.create(project=project, name="dialect", column="dialect", position=1)
    Membership.objects.create(project=project, user=owner, role=Role.OWNER)
    return project


def items_made(project: Project, texts: Iterable[str], *, batch: int = 5000) -> None:
    """Texts as items that wait for labels, in one new dataset."""
    dataset = Dataset.objects.create(project=project, name="Messages", created_by=project.created_by)
    chance, left = random.Random(1), iter(texts)
    while payloads := [{"text": text} for text in islice(left, batch)]:
        items = Item.objects.bulk_create(
            Item(project=project, dataset=dataset, payload=payload, content_hash=content_hash("text", payload))
            for payload in payloads
        )
        QueueEntry.objects.bulk_create(
            QueueEntry(
                item=item,
                project=project,
                remaining=project.redundancy,
                shuffle=chance.getrandbits(63),
                redundancy=project.redundancy,
                min_support=project.min_support,
            )
            for item in items
        )


def _remove(project: Project) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM annotations_importrowerror WHERE job_id IN "
            "(SELECT id FROM annotations_importjob WHERE project_id = %s)",
            [project.pk],
        )
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE project_id = %s", [project.pk])
        project.delete()
