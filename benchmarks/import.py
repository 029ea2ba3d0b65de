"""How fast a file of a million rows comes in: one streamed upload of JSON Lines over the REST API, until it is done.

Runs against a running `evenhand up` on a project of its own, which it removes afterwards. Rows have an id, a text of
some 120 characters and a group. The time runs from the first byte sent to the import's end, as a client sees it.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import tempfile
import time
from typing import IO
from urllib.parse import urlsplit

from benchmarks._stack import peak_memory, processor_seconds, project_of_an_owner, running_stack
from evenhand.cli.bench import Figure
from evenhand.local.errors import LocalError

ROWS = 1_000_000
WORDS = ("a", "message", "about", "people", "who", "came", "back", "late", "and", "found", "that", "nobody", "waited")
GROUPS = ("north", "south", "coast")
MEASURED = ("web", "worker")


def run() -> dict[str, Figure]:
    state = running_stack((*MEASURED, "postgres"))
    with tempfile.TemporaryFile() as file, project_of_an_owner("Benchmark of imports") as (project, token):
        _write(file)
        before = {name: processor_seconds(state, name) for name in (*MEASURED, "postgres")}
        with peak_memory(state, MEASURED) as peaks:
            began = time.perf_counter()
            job = _ask(state.address, token, f"/api/v1/projects/{project.pk}/imports/?filename=rows.jsonl", file)
            received = time.perf_counter() - began
            while job["status"] in ("queued", "running"):
                time.sleep(0.1)
                job = _ask(state.address, token, f"/api/v1/imports/{job['id']}/")
            seconds = time.perf_counter() - began
        if (job["status"], job["items_added"]) != ("done", ROWS):
            raise LocalError(f"The import ended as {job['status']} with {job['items_added']} items: {job['error']}")
        spent = {name: processor_seconds(state, name) - before[name] for name in before}
    return {
        "rows a second": Figure(round(ROWS / seconds), "rows/s", "higher", goal=40_000),
        "of it the upload": Figure(round(received, 2), "s", "lower"),
        "memory of web, peak": Figure(round(peaks["web"]), "MiB", "lower", goal=300),
        "memory of worker, peak": Figure(round(peaks["worker"]), "MiB", "lower", goal=300),
        **{
            f"processor per row, {name}": Figure(round(1e6 * used / ROWS, 1), "µs", "lower")
            for name, used in spent.items()
        },
    }


def _write(file: IO[bytes]) -> None:
    chance = random.Random(1)
    for number in range(ROWS):
        text = f"{number}: " + " ".join(chance.choices(WORDS, k=19))
        row = {"id": f"row-{number}", "text": text, "dialect": GROUPS[number % 3]}
        file.write(json.dumps(row).encode() + b"\n")
    file.seek(0)


def _ask(address: str, token: str, path: str, file: IO[bytes] | None = None) -> dict[str, object]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=600, blocksize=1 << 20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    if file is not None:
        headers["Content-Length"] = str(os.fstat(file.fileno()).st_size)
    connection.request("POST" if file else "GET", path, file, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status >= 300:
        raise LocalError(f"{path} answered {answer.status}: {text[:300]!r}")
    answered: dict[str, object] = json.loads(text)
    return answered
