"""Running our code in processes of its own, which is what most of these tests are about."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = (
    "DATABASE_URL", "REDIS_URL", "LLM_BASE_URL", "EVENHAND_HOME", "SECRET_KEY", "EVENHAND_DEMOGRAPHICS_KEY",
    "DJANGO_SETTINGS_MODULE",
)  # fmt: skip


def source_environment(**values: str) -> dict[str, str]:
    """This process's environment without the test run's own servers, with the sources importable."""
    kept = {name: value for name, value in os.environ.items() if name not in SERVICES}
    return {**kept, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", "PYTHONUNBUFFERED": "1", **values}


def start_script(source: str, *arguments: str) -> subprocess.Popen[str]:
    """Run Python source text in a process of its own; output and errors come through one pipe."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source), *arguments],
        env=source_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], seconds: float = 30) -> str:
    """Wait for the end and return what was written; a process that hangs is killed and fails the test."""
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        raise AssertionError(f"still running after {seconds} s; it wrote:\n{output}") from None
    return output


def wait_until(condition: Callable[[], object], seconds: float = 20, what: str = "it") -> None:
    """Poll until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Whether a process runs, zombies not counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
