"""How many labels of a model are stored a second, and what each costs us, against a server that answers in 20 ms.

Starts an `evenhand up` of its own in a temporary folder, because the servers that a running one asks are its own
affair. Processor time is that of the worker, the database and the relay, told apart; the scripted server, in a process
of its own, is not counted. ``--items 1000000`` shows whether memory stays flat in a long run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

from benchmarks._own_stack import own_stack
from evenhand.cli.bench import ROOT, Figure
from evenhand.local.errors import LocalError
from evenhand.local.state import State
from evenhand.local.valkey import free_port

ITEMS = 60_000
STEP = 1000
LATENCY = 0.02  # seconds
WARM = 2000  # labels before the clock starts: connections, plans, caches
LIMIT, SLOWEST = 420.0, 150  # seconds that a part may take at least, and labels a second where there are many
LEAST = 2 * WARM
MEASURED = {"llm-worker": "the worker", "postgres": "the database", "relay": "the relay"}
GROWS = ["llm-worker", "relay"]
RATE_GOAL, COST_GOAL = 600, 1.5
USES_ITEMS = True


def run(items: int | None = None) -> dict[str, Figure]:
    count = ITEMS if items is None else items
    if count < LEAST:
        raise LocalError(f"At least {LEAST:,} items are needed: the first {WARM:,} only warm it up.")
    with (
        tempfile.TemporaryDirectory(prefix="evenhand-bench-") as folder,
        _server() as url,
        own_stack(Path(folder), LLM_BASE_URL=url) as state,
    ):
        return _measured(state, count)


def _measured(state: State, count: int) -> dict[str, Figure]:
    django.setup()
    from accounts.models import User
    from benchmarks._stack import peak_memory, processor_seconds, project_made
    from llm_workers.models import ModelVersion
    from llm_workers.services.models import models_refresh
    from llm_workers.services.runs import run_start

    models_refresh()
    owner = User.objects.create(email="bench@localhost")
    project = project_made("Benchmark of model runs", owner)
    _items(project, count)
    run = run_start(project=project, model=ModelVersion.objects.get(), started_by=owner, step_size=STEP)
    _until(run, WARM)
    warm = run.labelled
    before, began = {name: processor_seconds(state, name) for name in MEASURED}, time.perf_counter()
    with peak_memory(state, GROWS) as early:
        _until(run, warm + (count - warm) // 4)
    with peak_memory(state, GROWS) as late:
        _until(run, count)
    seconds = time.perf_counter() - began
    _folded(project)
    after = {name: processor_seconds(state, name) for name in MEASURED}
    if run.unanswered:
        raise LocalError(f"{run.unanswered} items were not answered: {run.reason}")
    stored = run.labelled - warm
    cost = {name: 1000 * (after[name] - before[name]) / stored for name in MEASURED}
    return {
        "labels a second": Figure(round(stored / seconds), "labels/s", "higher", goal=RATE_GOAL),
        "processor per label": Figure(round(sum(cost.values()), 2), "ms", "lower", goal=COST_GOAL),
        **{f"of it in {MEASURED[name]}": Figure(round(cost[name], 2), "ms", "lower") for name in MEASURED},
        "worker's peak memory": Figure(round(late["llm-worker"]), "MiB", "lower"),
        "its growth after the first quarter": _growth(early, late, "llm-worker"),
        "the relay's growth after the first quarter": _growth(early, late, "relay"),
    }


def _growth(early: dict[str, float], late: dict[str, float], name: str) -> Figure:
    return Figure(round(late[name] - early[name], 1), "MiB", "lower", goal=16)


def _items(project: Any, count: int) -> None:
    from django.db import connection

    from annotations.models import Dataset

    dataset = Dataset.objects.create(project=project, name="Messages", created_by=project.created_by)
    values = {"project": project.pk, "dataset": dataset.pk, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(ITEMS_SQL, values)
        cursor.execute(QUEUE_SQL, values)
        cursor.execute("ANALYZE annotations_item, annotations_queueentry")


ITEMS_SQL = """
INSERT INTO annotations_item (project_id, dataset_id, external_id, modality, payload, content_hash, groups, extra,
    created_at)
SELECT %(project)s, %(dataset)s, n::text, 'text',
    jsonb_build_object('text', 'Message ' || n || ': ' || repeat('what somebody wrote to somebody else. ', 4)),
    md5(n::text) || md5(n::text), jsonb_build_object('dialect', 'dialect ' || n %% 4), '{}',
    now()
FROM generate_series(1, %(count)s) n
"""
QUEUE_SQL = """
INSERT INTO annotations_queueentry (item_id, project_id, remaining, shuffle, redundancy, min_support)
SELECT id, project_id, 3, (random() * 1e15)::bigint, 3, 2 FROM annotations_item WHERE project_id = %(project)s
"""


def _until(run: Any, labelled: int) -> None:
    end = time.monotonic() + max(LIMIT, labelled / SLOWEST)
    while True:
        run.refresh_from_db()
        if run.labelled >= labelled:
            return
        if run.status not in ("queued", "running") or time.monotonic() > end:
            raise LocalError(f"The run is {run.status} at {run.labelled} labels. {run.reason}")
        time.sleep(0.1)


def _folded(project: Any) -> None:
    """Wait until the relay has counted every label: that is part of what a label costs."""
    from annotations.models import OutboxRow

    end = time.monotonic() + 120
    while OutboxRow.objects.filter(project_id=project.pk).exists():
        if time.monotonic() > end:
            raise LocalError("The relay has not counted the labels.")
        time.sleep(0.1)


@contextmanager
def _server() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, str(ROOT / "benchmarks" / "_llm_server.py"), str(port), str(LATENCY)]
    process = subprocess.Popen(command)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()
