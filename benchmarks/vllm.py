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
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from evenhand.cli.bench import ROOT, Figure, Missing
from evenhand.env import env
from evenhand.local.errors import LocalError
from evenhand.local.state import read_state
from evenhand.local.valkey import free_port
from evenhand.local.vllm.folder import place
from evenhand.local.vllm.server import VllmServer
from llm_workers.client import probe

START, LIMIT = 180.0, 1500.0  # seconds
GOAL = 0.95
PROCESSES = {"web", "llm-worker", "beat"}


def run() -> dict[str, Figure]:
    with tempfile.TemporaryDirectory(prefix="evenhand-bench-") as folder, _server(Path(folder)) as url:
        recorder = free_port()
        urls = f"http://127.0.0.1:{recorder}/v1,{url}"
        with _platform(Path(folder) / "home", urls) as environment:
            return figures(_measured(environment, url, recorder))


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


@contextmanager
def _platform(home: Path, urls: str) -> Iterator[dict[str, str]]:
    """An `evenhand up` of its own that asks ``urls``; the environment in which other processes find it."""
    home.mkdir()
    path = f"{ROOT}:{ROOT / 'platform'}"
    environment = env.overridden(
        EVENHAND_HOME=str(home), LLM_BASE_URL=urls, PYTHONPATH=path, DATABASE_URL="", REDIS_URL="", SECRET_KEY=""
    )
    log = home / "up.txt"
    command = [sys.executable, "-m", "evenhand.cli", "up", "--no-llm", "--port", str(free_port())]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output, stderr=output)
    try:
        _wait(home, process, log)
        yield environment
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()


def _wait(home: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START
    while process.poll() is None and time.monotonic() < end:
        state = read_state(home)
        if state is not None and state.address and set(state.processes) >= PROCESSES:
            return
        time.sleep(0.2)
    raise LocalError(f"The platform did not start: {log.read_text(errors='replace')[-800:]}")


def _measured(environment: dict[str, str], url: str, recorder: int) -> dict[str, Any]:
    """Django is set up in another process, with that platform's settings: this one may have others already."""
    command = [sys.executable, "-m", "benchmarks._vllm_run", url, str(recorder)]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    if done.returncode:
        raise LocalError(f"The measurement broke off: {done.stderr[-800:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
