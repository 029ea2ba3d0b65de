"""A platform of a benchmark's own, in a temporary folder: nothing of it is left afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evenhand.cli.bench import ROOT
from evenhand.env import env
from evenhand.local.errors import LocalError
from evenhand.local.state import State, read_state
from evenhand.local.valkey import free_port

START = 180.0  # seconds


@contextmanager
def own_stack(home: Path, **variables: str) -> Iterator[State]:
    """An `evenhand up` of its own, with these environment variables; no language model but one that they name.

    This process's Django is pointed at it, so none may have been set up before.
    """
    path = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
    environment = env.overridden(
        EVENHAND_HOME=str(home),
        DJANGO_SETTINGS_MODULE="evenhand.settings",
        PYTHONPATH=path,
        DATABASE_URL="",
        REDIS_URL="",
        SECRET_KEY="",
        **variables,
    )
    env.taken_over(environment)
    log = home / "up.txt"
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "evenhand.cli", "up", "--no-llm", "--port", str(free_port())]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output, stderr=output)
    try:
        yield _ready(home, process, log)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _ready(home: Path, process: subprocess.Popen[bytes], log: Path) -> State:
    end = time.monotonic() + START
    while process.poll() is None and time.monotonic() < end:
        state = read_state(home)
        if state is not None and state.address and "beat" in state.processes and "llm-worker" in state.processes:
            return state
        time.sleep(0.2)
    raise LocalError(f"The platform did not start: {log.read_text(errors='replace')[-800:]}")
