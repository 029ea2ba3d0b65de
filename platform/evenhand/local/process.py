"""One supervised process: how to start it, when it is ready, how to stop it, and where its output goes."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 10_000_000
LOG_BACKUPS = 3
TAIL_LINES = 12
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Spec:
    """What to run and how to treat it.

    ``stop_rank`` orders the stop: processes of rank 0 go first, and a rank begins when the one before is gone.
    After half of ``stop_seconds`` comes ``urgent_signal``, where there is one, and at their end SIGKILL. A dead
    process is started again after a growing pause, unless it ``holds_data``: then the platform stops, and it is
    never killed to save time. ``needed`` says that the platform cannot go on without it. ``user`` is a (uid, gid)
    to run as, for a server that refuses root.
    """

    name: str
    command: list[str]
    env: Mapping[str, str]
    cwd: Path
    stop_rank: int = 0
    stop_signal: signal.Signals = signal.SIGTERM
    urgent_signal: signal.Signals | None = None
    stop_seconds: float = 10.0
    ready: Callable[[], bool] | None = None
    ready_seconds: float = 60.0
    holds_data: bool = False
    needed: bool = True
    user: tuple[int, int] | None = None


@dataclass
class Exit:
    """How a process ended, in words."""

    returncode: int

    def __str__(self) -> str:
        if self.returncode < 0:
            try:
                return f"killed by {signal.Signals(-self.returncode).name}"
            except ValueError:
                return f"killed by signal {-self.returncode}"
        return f"ended with exit code {self.returncode}"


class _LogFile(RotatingFileHandler):
    """A log file of bounded size; a full disk must not stop the supervisor from reading on."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


@dataclass
class Child:
    """A started process with its log; ``read`` moves what it has written into the log and returns the
    lines.
    """

    spec: Spec
    log: Path
    process: subprocess.Popen[bytes]
    started: float
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))
    _rest: bytes = b""
    _handler: RotatingFileHandler | None = None

    @classmethod
    def start(cls, spec: Spec, folder: Path) -> Child:
        """Start ``spec`` in its own session, so that Ctrl-C in the terminal reaches the supervisor alone."""
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"{spec.name}.log"
        uid, gid = spec.user or (None, None)
        process = subprocess.Popen(
            spec.command,
            env=dict(spec.env),
            cwd=spec.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=uid,
            group=gid,
            extra_groups=[] if uid is not None else None,
            # The supervisor has one thread, so running code between fork and exec is safe.
            preexec_fn=_die_with_parent(spec.stop_signal) if _libc else None,
        )
        if process.stdout is None:
            raise OSError("the process has no output pipe")
        os.set_blocking(process.stdout.fileno(), False)
        handler = _LogFile(log, maxBytes=LOG_BYTES, backupCount=LOG_BACKUPS, delay=True)
        return cls(spec=spec, log=log, process=process, started=time.time(), _handler=handler)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> int:
        """The file descriptor that its output arrives on."""
        if self.process.stdout is None:
            raise ValueError("output is closed")
        return self.process.stdout.fileno()

    def read(self) -> tuple[list[str], bool]:
        """Complete lines that have arrived, and whether the output is closed. Never blocks."""
        chunks, closed = [], False
        while True:
            try:
                chunk = os.read(self.output, 65536)
            except BlockingIOError:
                break
            if not chunk:
                closed = True
                break
            chunks.append(chunk)
        *complete, self._rest = (self._rest + b"".join(chunks)).split(b"\n")
        if closed and self._rest:
            complete.append(self._rest)
            self._rest = b""
        lines = [raw.decode("utf-8", "replace").rstrip("\r") for raw in complete]
        for line in lines:
            self._write(line)
        return lines, closed

    def _write(self, line: str) -> None:
        if line.strip():
            self.tail.append(line)
        if self._handler:
            self._handler.emit(logging.LogRecord(self.spec.name, logging.INFO, "", 0, line, None, None))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process itself; its own children are its affair."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill_group(self) -> None:
        """End whatever is left of the process and its children, at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()
        if self._handler is not None:
            with suppress(OSError):  # its last lines do not fit on a full disk
                self._handler.close()
            self._handler = None


def _die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Ask Linux to send ``number`` to the child when the supervisor dies, even by kill -9: no orphans."""

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)

    return prepare
