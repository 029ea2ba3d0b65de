"""What a running `evenhand up` is doing, readable by any other process beside it.

The supervisor holds an exclusive lock on ``EVENHAND_HOME/run/up.lock`` for as long as it lives, and keeps
``run/state.json`` beside it. The operating system drops the lock when the supervisor dies, however it dies,
so a state file without a held lock is a leftover and is never believed."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SERVICE_VARIABLES = ("DATABASE_URL", "REDIS_URL", "LLM_BASE_URL")


@dataclass
class ProcessState:
    """One supervised process: its id, when it was created (seconds since the epoch), and where its log is."""

    pid: int
    created: float
    log: str


@dataclass
class State:
    """The content of ``state.json``: services by variable name, processes by name, and the site's address."""

    pid: int
    address: str = ""
    demo: bool = False
    services: dict[str, str] = field(default_factory=dict)
    processes: dict[str, ProcessState] = field(default_factory=dict)


def run_folder(home: Path) -> Path:
    return home / "run"


def state_path(home: Path) -> Path:
    return run_folder(home) / "state.json"


def lock_path(home: Path) -> Path:
    return run_folder(home) / "up.lock"


class AlreadyRunning(Exception):
    """Another `evenhand up` holds this home."""


class InstanceLock:
    """The exclusive lock that makes one `evenhand up` per EVENHAND_HOME; released by ``release`` or
    by dying.
    """

    def __init__(self, home: Path) -> None:
        self._path = lock_path(home)
        self._descriptor: int | None = None

    def acquire(self, patience: float = 1.0) -> None:
        """Take the lock, waiting ``patience`` seconds for a reader that is only looking; else
        AlreadyRunning.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise AlreadyRunning from None
                time.sleep(0.05)
            else:
                self._descriptor = descriptor
                return

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_running(home: Path) -> bool:
    """Whether a supervisor is alive on ``home``."""
    try:
        descriptor = os.open(lock_path(home), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks: better no instance than a wrong one
        return False
    else:
        return False
    finally:
        os.close(descriptor)


def write_state(home: Path, state: State) -> None:
    """Replace ``state.json`` in one step; only its owner may read it, for it holds the broker's password."""
    path = state_path(home)
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(state), file, indent=1)
    temporary.replace(path)


def read_state(home: Path) -> State | None:
    """The state file as it lies, whether its supervisor lives or not; None where there is none to read."""
    try:
        raw: dict[str, Any] = json.loads(state_path(home).read_text())
        processes = {name: ProcessState(**process) for name, process in raw.pop("processes", {}).items()}
        return State(processes=processes, **raw)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def running_services(home: Path) -> dict[str, str]:
    """Addresses of the live instance's services (DATABASE_URL, REDIS_URL, LLM_BASE_URL); {} when none is
    alive.
    """
    if not is_running(home):
        return {}
    state = read_state(home)
    if state is None:
        return {}
    return {name: url for name, url in state.services.items() if name in SERVICE_VARIABLES and url}
