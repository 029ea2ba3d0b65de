"""How many labels a second the live counters take in, and whether a million are counted exactly once.

Starts an `evenhand up` of its own in a temporary folder. A backlog of labels is written at once and timed until the
relay has folded it. The others are written while it folds, and it is killed at random moments and started anew. In the
end the counters are compared with a count of all rows, and the live page's numbers are read from them. People finish
every item and a tenth of the items have gold, so labels and consensus against the truth are folded and counted too.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import django

from benchmarks._own_stack import own_stack
from evenhand.cli.bench import Figure
from evenhand.local.errors import LocalError
from evenhand.local.state import read_state

ITEMS = 250_000  # each gets four labels
BACKLOG = 200_000  # labels
CHUNK = 20_000  # labels in a transaction
KILLS = 4  # `evenhand up` gives up a process that dies more often in a minute
VIEWS = 30
LIMIT = 240.0  # seconds


def run() -> dict[str, Figure]:
    with tempfile.TemporaryDirectory(prefix="evenhand-bench-") as folder:
        home = Path(folder)
        with own_stack(home):
            django.setup()
            return measured(lambda: _kill_relay(home))


def measured(kill: Callable[[], None]) -> dict[str, Figure]:
    """``kill``: end the relay at once; whoever watches over it starts another."""
    from benchmarks._million import Million
    from fairness.services.recount import recount

    million = Million.make("Benchmark of the fold", ITEMS, finished=True)
    _until_folded()
    chunks = million.chunks(CHUNK)
    began, written = _backlog(chunks.__next__)
    seconds = time.perf_counter() - began
    kills = sorted(random.sample(range(written, million.labels), KILLS))  # after how many labels
    for so_far in chunks:
        while kills and so_far >= kills[0]:
            kills.pop(0)
            time.sleep(random.random())
            kill()
    _until_folded()
    began = time.perf_counter()
    wrong = recount(project=million.project)
    recounted = time.perf_counter() - began
    held = _held_to_gold(million.project.pk)
    reads = [_timed_view(million.project.pk) for _ in range(VIEWS)]
    return {
        "labels folded a second": Figure(round(written / seconds), "labels/s", "higher", goal=10_000),
        "labels folded in all": Figure(so_far, "labels", "higher"),
        "cells that differ from a recount": Figure(len(wrong), "cells", "lower", goal=0),
        "labels and consensus held to gold": Figure(held, "comparisons", "higher"),
        "the recount": Figure(round(recounted, 1), "s", "lower"),
        "live numbers read, median": Figure(round(1000 * statistics.median(reads), 1), "ms", "lower", goal=50),
    }


def _backlog(write: Callable[[], int]) -> tuple[float, int]:
    """Write the backlog while nobody folds, and wait until it is folded; when that began, and its labels."""
    from django.db import connection

    from fairness.services.fold import FOLD_LOCK

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [FOLD_LOCK])
        try:
            written = 0
            while written < BACKLOG:
                written = write()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [FOLD_LOCK])
    began = time.perf_counter()
    _until_folded()
    return began, written


def _until_folded() -> None:
    from annotations.models import OutboxRow

    end = time.monotonic() + LIMIT
    while OutboxRow.objects.exists():
        if time.monotonic() > end:
            raise LocalError(f"{OutboxRow.objects.count()} changes are still not folded.")
        time.sleep(0.02)


def _held_to_gold(project_id: int) -> int:
    """Labels of the model, people's consensus and the final one, on items with gold: what slices of the truth count."""
    from django.db.models import Sum

    from fairness.models import Slice

    held = Slice.objects.filter(project=project_id, table__startswith="gold:", attribute="origin")
    return held.aggregate(n=Sum("n"))["n"] or 0


def _kill_relay(home: Path) -> None:
    state = read_state(home)
    if state is not None and "relay" in state.processes:
        with suppress(ProcessLookupError):  # it is being started anew
            os.kill(state.processes["relay"].pid, signal.SIGKILL)


def _timed_view(project_id: int) -> float:
    from annotations.models import Project
    from fairness.selectors.live import live_view

    project = Project.objects.get(pk=project_id)
    began = time.perf_counter()
    live_view(project, attribute="origin")
    return time.perf_counter() - began
