"""`evenhand up` in a process of its own, for tests that kill parts of it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evenhand.local.state import State, read_state
from tests.local.scripts import ROOT, source_environment, wait_until

START_SECONDS = 120
STOP_SECONDS = 60


@dataclass
class Up:
    """One `evenhand up` in a process of its own."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    out: Path

    @property
    def text(self) -> str:
        return self.out.read_text()

    @property
    def state(self) -> State:
        state = read_state(self.home)
        assert state is not None
        return state

    def pid(self, name: str) -> int:
        return self.state.processes[name].pid

    def page(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=20) as answer:
            return answer.status

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {STOP_SECONDS} s:\n{self.text}") from None


def evenhand(home: Path, *arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
    """Another `evenhand` command beside it, in a shell that knows nothing but the folder."""
    return subprocess.run(
        [sys.executable, "-m", "evenhand.cli", *arguments],
        env=source_environment(EVENHAND_HOME=str(home), **values),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def starter(folder: Path) -> Iterator[Callable[..., Up]]:
    """Starts instances, and ends them at the end however it comes; what they write goes to ``folder``."""
    started: list[Up] = []

    def begin(home: Path, *options: str, wait: bool = True, **values: str) -> Up:
        port, out = free_port(), folder / f"up{len(started)}.txt"
        command = [sys.executable, "-m", "evenhand.cli", "up", "--no-llm", "--port", str(port), *options]
        environment = source_environment(EVENHAND_HOME=str(home), EVENHAND_WORKER_CONCURRENCY="1", **values)
        with out.open("wb") as file:
            process = subprocess.Popen(
                command, env=environment, cwd=ROOT, stdout=file, stderr=file, start_new_session=True
            )
        up = Up(home, port, process, out)
        started.append(up)
        if wait:
            ready = lambda: "Evenhand is at" in up.text or process.poll() is not None  # noqa: E731
            wait_until(ready, START_SECONDS, "the start")
            assert process.poll() is None, up.text
            wait_until(lambda: "beat" in up.state.processes, 20, "the start of the last process")
        return up

    try:
        yield begin
    finally:
        for up in started:
            if up.process.poll() is None:
                up.process.send_signal(signal.SIGTERM)
                try:
                    up.process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    up.process.kill()
