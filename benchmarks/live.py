"""How soon a label is on twenty open dashboards of a project with a million labels, and what keeping these open costs.

Starts an `evenhand up` of its own in a temporary folder. Dashboards are WebSocket clients, signed in as a browser is;
labels come in at a steady pace from programs of their own, each in a transaction. A label's latency is the time from
its commit until a message of a fold that counts it has reached the dashboard; each counts once for each dashboard.

The million labels arrive at once, which they do in no project: the first fit of consensus, scores and checks that the
platform then makes in the background are let end before anything is measured.
"""

from __future__ import annotations

import asyncio
import bisect
import json
import math
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import django
from django.db import transaction

from benchmarks._own_stack import own_stack
from evenhand.cli.bench import ROOT, Figure
from evenhand.local.errors import LocalError
from evenhand.local.state import State

if TYPE_CHECKING:
    from benchmarks._million import Million

ITEMS = 250_000  # each has four labels
CHUNK = 20_000
RATE, SECONDS = 200, 30.0  # labels a second, and for how long
LABELLERS = 4  # programs that give them
DASHBOARDS = 20
REST = 30.0  # seconds over which the cost at rest is measured
WATCH_EVERY = 0.02
MEASURED = ("web", "relay", "postgres", "valkey")
LONGEST_LOOK = 65.0  # seconds
AT_REST, REST_SEEN, REST_WITHIN = 0.10, 12.0, 900.0  # cores of all processes, over so many seconds, before so many


def run() -> dict[str, Figure]:
    with tempfile.TemporaryDirectory(prefix="evenhand-bench-") as folder, own_stack(Path(folder)) as state:
        django.setup()
        from benchmarks._million import Million

        million = Million.make("Benchmark of the live page", ITEMS)
        million.load(CHUNK)
        _announce(million)
        _until_at_rest(state)
        project_id, cookie = million.project.pk, _cookie(million.project.created_by)
        empty = _cost(state, REST)
        with _dashboards(state.address, project_id, cookie) as dashboards:
            _first_message(dashboards)
            open_ = _cost(state, REST)
            return _measured(state, project_id, dashboards) | {
                f"{DASHBOARDS} dashboards at rest, of a core": Figure(round(open_ - empty, 1), "%", "lower", goal=10),
            }


def _measured(state: State, project_id: int, dashboards: list[Dashboard]) -> dict[str, Figure]:
    before = sum(len(dashboard.heard) for dashboard in dashboards)
    with Watcher(project_id) as watcher:
        began, spent = time.perf_counter(), _spent(state)
        committed = _label(project_id)
        seconds, busy = time.perf_counter() - began, _spent(state) - spent
        _until_told(watcher, dashboards, len(committed))
    heard = sum(len(dashboard.heard) for dashboard in dashboards) - before
    waits = sorted(wait for dashboard in dashboards for wait in latencies(committed, dashboard.heard, watcher))
    pace = (len(committed) - 1) / (committed[-1] - committed[0])
    return {
        "label to browser, median": Figure(_ms(waits[len(waits) // 2]), "ms", "lower"),
        "label to browser, p95": Figure(_ms(waits[int(0.95 * (len(waits) - 1))]), "ms", "lower", goal=500),
        "pushes a second to each dashboard": Figure(
            round(heard / DASHBOARDS / seconds, 2), "pushes/s", "lower", goal=4
        ),
        "labels came in": Figure(round(pace, 1), "labels/s", "higher", goal=RATE * 0.97),
        "processor meanwhile, of a core": Figure(round(100 * busy / seconds), "%", "lower"),
    }


def _ms(seconds: float) -> float:
    return round(1000 * seconds)


@dataclass
class Dashboard:
    """What an open page was told: when, and of which fold."""

    heard: list[tuple[float, int]] = field(default_factory=list)

    async def listen(self, address: str, cookie: str, stop: asyncio.Event) -> None:
        from websockets.asyncio.client import connect

        headers = {"Cookie": cookie, "Origin": f"http://{urlsplit(address).netloc}"}
        async with connect(address, additional_headers=headers, max_size=None) as socket:
            receiving = asyncio.create_task(self._receive(socket))
            await asyncio.wait([receiving, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
            if receiving.done():
                receiving.result()
            receiving.cancel()

    async def _receive(self, socket: object) -> None:
        async for text in socket:  # type: ignore[attr-defined]
            told = json.loads(text)
            if "version" in told:  # else it only says that it is still there
                self.heard.append((time.time(), told["version"]))
        raise LocalError("A dashboard's connection was closed.")


@contextmanager
def _dashboards(address: str, project_id: int, cookie: str) -> Iterator[list[Dashboard]]:
    """``DASHBOARDS`` open pages, heard in a thread."""
    url = f"ws://{urlsplit(address).netloc}/ws/projects/{project_id}/fairness/"
    dashboards = [Dashboard() for _ in range(DASHBOARDS)]
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def listen() -> None:
        await asyncio.gather(*(dashboard.listen(url, cookie, stop) for dashboard in dashboards))

    listening = threading.Thread(target=loop.run_until_complete, args=[listen()], daemon=True)
    listening.start()
    try:
        yield dashboards
    finally:
        loop.call_soon_threadsafe(stop.set)
        listening.join(timeout=10)


def _first_message(dashboards: list[Dashboard]) -> None:
    end = time.monotonic() + 60
    while not all(dashboard.heard for dashboard in dashboards):
        if time.monotonic() > end:
            raise LocalError("Some dashboards were told nothing.")
        time.sleep(0.1)


class Watcher(threading.Thread):
    """Notes how many labels were counted by which fold: each number goes with the fold's version, in one snapshot."""

    SEEN = """
    SELECT p.version, c.n FROM fairness_pulse p JOIN fairness_counter c ON c.project_id = p.project_id
    WHERE p.project_id = %s AND c."table" = 'totals' AND c.key = 'labels_given'
    """

    def __init__(self, project_id: int) -> None:
        super().__init__(daemon=True)
        self.project_id = project_id
        self.versions: list[int] = []
        self.counted: list[int] = []
        self._over = threading.Event()

    def __enter__(self) -> Watcher:
        self._look()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(WATCH_EVERY):
            self._look()

    def _look(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(self.SEEN, [self.project_id])
            version, counted = cursor.fetchone()
        if not self.versions or version > self.versions[-1]:
            self.versions.append(version)
            self.counted.append(counted)

    def labels(self, version: int) -> int:
        """Labels that had come since the start by this fold; at least, where it was not seen."""
        at = bisect.bisect_right(self.versions, version) - 1
        return self.counted[at] - self.counted[0] if at >= 0 else 0


def latencies(committed: list[float], heard: list[tuple[float, int]], watcher: Watcher) -> Iterator[float]:
    """Seconds from each label's commit until the first message that counts it. Labels are counted in order."""
    told = iter(heard)
    arrived, counts = 0.0, -1
    for number, moment in enumerate(sorted(committed), start=1):
        while counts < number:
            arrived, version = next(told)
            counts = watcher.labels(version)
        yield arrived - moment


def _until_told(watcher: Watcher, dashboards: list[Dashboard], labels: int) -> None:
    end = time.monotonic() + 30
    while any(watcher.labels(dashboard.heard[-1][1]) < labels for dashboard in dashboards):
        if time.monotonic() > end:
            raise LocalError("The dashboards have not heard of every label.")
        time.sleep(0.05)


def _label(project_id: int) -> list[float]:
    """Let all labellers work at once; when each label was committed."""
    command = [sys.executable, "-m", "benchmarks._labeller", str(project_id), str(RATE / LABELLERS), str(SECONDS)]
    started = [
        subprocess.Popen([*command, str(n)], cwd=ROOT, stdout=subprocess.PIPE, text=True) for n in range(LABELLERS)
    ]
    told = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise LocalError("The labels did not come in: a labeller failed.")
    return sorted(float(line) for lines in told for line in lines.split())


def _spent(state: State) -> float:
    from benchmarks._stack import processor_seconds

    return sum(processor_seconds(state, name) for name in MEASURED)


def _announce(million: Million) -> None:
    """As an import does at its end. Else the platform heard of the million labels with the first one that is measured,
    and made its first fits of them meanwhile."""
    from ledger.services import SYSTEM, record

    with transaction.atomic():
        subject, data = f"dataset:{million.dataset_id}", {"labels": million.labels}
        record(kind="import.finished", actor=SYSTEM, subject=subject, project_id=million.project.pk, data=data)


def _until_at_rest(state: State) -> None:
    """Wait until no process of the platform has work left from the loading."""
    from benchmarks._stack import processor_seconds

    end = time.monotonic() + REST_WITHIN
    # Longer than beat's longest pause between two looks at what there is to do: a first look may still have to come.
    quiet, wanted = 0, math.ceil(LONGEST_LOOK / REST_SEEN)
    while quiet < wanted:
        if time.monotonic() > end:
            raise LocalError("The platform was still busy with the million labels after fifteen minutes.")
        before = sum(processor_seconds(state, name) for name in state.processes)
        time.sleep(REST_SEEN)
        spent = sum(processor_seconds(state, name) for name in state.processes) - before
        quiet = quiet + 1 if spent < AT_REST * REST_SEEN else 0


def _cost(state: State, seconds: float) -> float:
    """Percent of a core that the server takes, nothing happening."""
    before = _spent(state)
    time.sleep(seconds)
    return 100 * (_spent(state) - before) / seconds


def _cookie(user: object) -> str:
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
