"""EVENHAND_HOME before anything starts in it: writable, with room, and free of what a killed start left
behind.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import time
from pathlib import Path

from evenhand.local.errors import LocalError, no_space, not_writable
from evenhand.local.state import read_state, run_folder, state_path
from evenhand.secret import KEY_FILES

LEAST_FREE = 300_000_000
LITTLE_FREE = 1_500_000_000
NONE_FREE = 50_000_000
DATA_SERVERS = ("valkey", "postgres")
PROBE_BYTES = 1_000_000


def prepare_home(home: Path) -> None:
    """Make the folders and prove that they can be written; LocalError says what is in the way."""
    try:
        for folder in (home, run_folder(home), home / "logs", home / "media"):
            folder.mkdir(parents=True, exist_ok=True)
        probe = run_folder(home) / ".probe"
        try:
            probe.write_bytes(b"\0" * PROBE_BYTES)
        finally:
            probe.unlink(missing_ok=True)
        for key in (home / name for name in KEY_FILES):
            if key.exists() and key.stat().st_size == 0:  # a full disk cut its writing short
                key.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(home) from error
        raise not_writable(error.filename or home, error.strerror or str(error)) from error
    if shutil.disk_usage(home).free < LEAST_FREE:
        raise no_space(home)


def free_space(home: Path) -> int:
    """Free bytes on the disk that holds ``home``."""
    return shutil.disk_usage(home).free


def require_port(bind: str, port: int) -> None:
    """LocalError, with the process that holds it where that can be seen, when ``bind``:``port`` is taken."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise LocalError(
                    f"Port {port} on {bind} is in use{_holder(port)}. Stop that program, or choose another "
                    f"port: evenhand up --port {_next_free(bind, family, port)}"
                ) from error
            if error.errno == errno.EACCES:
                raise LocalError(
                    f"Port {port} needs administrator rights. Choose one above 1023: evenhand up --port 8000"
                ) from error
            raise LocalError(f"This machine cannot listen on {bind} ({error.strerror}). Check --bind.") from error


def _next_free(bind: str, family: socket.AddressFamily, port: int) -> int:
    for candidate in range(port + 1, min(port + 200, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((bind, candidate))
            except OSError:
                continue
            return candidate
    return 8000


def _holder(port: int) -> str:
    import psutil

    try:
        for connection in psutil.net_connections(kind="tcp"):
            listening = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listening and connection.pid:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    except (psutil.Error, OSError):
        pass
    return ""


def clear_leftovers(home: Path, patience: float = 3.0) -> list[str]:
    """End processes that a killed supervisor left, ours first and the data servers after, and drop its state
    file.

    A process counts as ours only when its id and its time of birth are the recorded ones. Returns their
    names."""
    import psutil

    state = read_state(home)
    found: dict[str, psutil.Process] = {}
    for name, recorded in (state.processes if state else {}).items():
        try:
            process = psutil.Process(recorded.pid)
            if abs(process.create_time() - recorded.created) < 1.0 and process.status() != psutil.STATUS_ZOMBIE:
                found[name] = process
        except psutil.Error:
            continue
    ordinary = [process for name, process in found.items() if name not in DATA_SERVERS]
    _end(ordinary + [child for process in ordinary for child in _family(process)], patience)
    if "valkey" in found:
        _end([found["valkey"]], patience)
    # PostgreSQL stops by its own rules: see postgres.py.
    state_path(home).unlink(missing_ok=True)
    return sorted(found)


def _family(process: object) -> list[object]:
    import psutil

    try:
        return list(process.children(recursive=True)) if isinstance(process, psutil.Process) else []
    except psutil.Error:
        return []


def _end(processes: list, patience: float) -> None:  # type: ignore[type-arg]
    import psutil

    for process in processes:
        try:
            process.terminate()
        except psutil.Error:
            continue
    _, alive = psutil.wait_procs(processes, timeout=patience)
    for process in alive:
        try:
            process.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(alive, timeout=5)


def created(pid: int) -> float:
    """When a process was born, in seconds since the epoch; now, where that cannot be read."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return time.time()


def is_root() -> bool:
    return os.geteuid() == 0
