"""Labels a second through the whole platform from a real vLLM, beside a bare client that sends the same requests.

The server is the one that ``LLM_BASE_URL`` names; without it, the one of ``make vllm`` is started here with the small
model. The platform is an `evenhand up` of its own in a temporary folder. A first run against a recorder gives the very
requests that the platform sends; a second, over as many new items, is timed against vLLM; then a closed-loop client
sends the recorded ones, with as many under way as the server had seen from us at most.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks._own_stack import own_stack
from evenhand.cli.bench import ROOT, Figure, Missing
from evenhand.env import env
from evenhand.local.errors import LocalError
from evenhand.local.valkey import free_port
from evenhand.local.vllm.folder import place
from evenhand.local.vllm.server import VllmServer
from llm_workers.client import probe

LIMIT = 1500.0  # seconds
GOAL = 0.95


def run() -> dict[str, Figure]:
    with tempfile.TemporaryDirectory(prefix="evenhand-bench-") as folder, _server(Path(folder)) as url:
        recorder = free_port()
        urls = f"http://127.0.0.1:{recorder}/v1,{url}"
        with own_stack(Path(folder) / "home", LLM_BASE_URL=urls):
            return figures(_measured(url, recorder))


def figures(seen: dict[str, Any]) -> dict[str, Figure]:
    """What the measuring process found, as figures; a ratio of 1 would mean that we cost nothing."""
    ours, bare = seen["ours"], seen["bare"]
    return {
        "labels a second, Evenhand": Figure(round(ours, 2), "labels/s", "higher"),
        "labels a second, bare client": Figure(round(bare, 2), "labels/s", "higher"),
        "ratio": Figure(round(ours / bare, 3), "x", "higher", goal=GOAL),
        "requests at a time": Figure(seen["concurrency"], "requests", "higher"),
        "items": Figure(seen["items"], "items", "higher"),
        "prompt tokens from the cache": Figure(round(100 * seen["cached"], 1), "%", "higher"),
    }


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """The address of a vLLM server: the given one, or one of our own for the length of the block."""
    given = env.web_urls("LLM_BASE_URL")
    if given:
        found = probe(given[0], api_key=env.text("LLM_API_KEY"))
        if found.problem or found.dialect != "vllm":
            raise LocalError(f"{given[0]} is no vLLM that answers. {found.problem}")
        yield given[0]
        return
    where = place()
    if not where.ready:
        raise Missing(f"{where.why_not()} Or name a server: LLM_BASE_URL=http://host:8000/v1 evenhand bench vllm")
    with VllmServer(where, folder / "vllm.log") as server:
        yield server.url


def _measured(url: str, recorder: int) -> dict[str, Any]:
    """Django is set up in another process, with that platform's settings: this one may have others already."""
    command = [sys.executable, "-m", "benchmarks._vllm_run", url, str(recorder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    if done.returncode:
        raise LocalError(f"The measurement broke off: {done.stderr[-800:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
