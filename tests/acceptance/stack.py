"""A whole Evenhand, started the way a person starts it, and stopped by Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

from evenhand.local.models import DEFAULT_MODEL, ensure

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
STOP_SECONDS = 60
# What the test run sets for itself: the stack starts its own servers and makes its own key.
OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "LLM_BASE_URL",
    "LLM_API_KEY",
    "SECRET_KEY",
    "EVENHAND_DEMOGRAPHICS_KEY",
    "EMAIL_URL",
    "DJANGO_SETTINGS_MODULE",
    "DJANGO_ALLOW_ASYNC_UNSAFE",
    "XDG_RUNTIME_DIR",
)


@dataclass
class Stack:
    """``evenhand up`` in a folder of its own. ``address`` is where its pages and its API are."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @classmethod
    def start(cls) -> Stack:
        """Start it and wait until its pages answer; what it said is in the error where they do not.

        Its language model is there before the clock runs. Raises ``LocalError`` where the model cannot be had.
        """
        home = Path(tempfile.mkdtemp(prefix="evenhand-acceptance-"))
        ensure(DEFAULT_MODEL, home, quiet=True)
        port = _free_port()
        with (home / "up.log").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "evenhand.cli", "up", "--port", str(port)],
                cwd=ROOT,
                env=_environment(home),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C meant for the tests reaches it once, from `stop`
            )
        stack = cls(home, port, process)
        try:
            stack._wait_until_it_answers()
        except BaseException:
            stack.stop()
            raise
        return stack

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"`evenhand up` ended with {self.process.returncode}:\n{self.said()}")
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError(f"`evenhand up` did not answer within {START_SECONDS} s:\n{self.said()}")

    def said(self) -> str:
        """What it wrote on the terminal, the end of it."""
        return (self.home / "up.log").read_text(errors="replace")[-6000:]

    def evenhand(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another ``evenhand`` command beside it."""
        command = [sys.executable, "-m", "evenhand.cli", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=_environment(self.home), capture_output=True, text=True, timeout=120, check=False
        )

    def stop(self) -> list[str]:
        """Ctrl-C; the processes that outlived it, which are then ended. Its folder is removed. Twice is no error."""
        if not self.home.exists():
            return []
        family = self._family()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
            late = []
        except subprocess.TimeoutExpired:
            late = [f"evenhand up did not stop within {STOP_SECONDS} s:\n{self.said()}"]
        _, alive = psutil.wait_procs(family, timeout=2)
        left = late + [_named(process) for process in alive if process.pid != self.process.pid]
        for process in alive:
            process.kill()
        shutil.rmtree(self.home, ignore_errors=True)
        return left

    def _family(self) -> list[psutil.Process]:
        """Itself and everything that it started."""
        try:
            itself = psutil.Process(self.process.pid)
            return [itself, *itself.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _named(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())}"
    except psutil.Error:
        return str(process.pid)


def _environment(home: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in OURS and not name.startswith(("EVENHAND_", "PYTEST_", "COV_"))
    }
    return {**kept, "EVENHAND_HOME": str(home), "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")])}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
