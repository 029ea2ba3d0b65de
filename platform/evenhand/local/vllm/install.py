"""Build the environment: pip's work, once, in steps that a later call continues where an earlier one was cut off.

What pip has downloaded stays in its cache, and what it has installed stays in the folder; the mark comes last."""

from __future__ import annotations

import errno
import fcntl
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evenhand.env import env
from evenhand.local import models
from evenhand.local.errors import LocalError, not_writable
from evenhand.local.vllm.folder import FORMAT, Place

CONVERT = Path(__file__).with_name("convert.py")
TRY = "import vllm; print(vllm.__version__)"
LAST_LINES = 3


def install(where: Place, *, quiet: bool = False) -> float:
    """Make ``where`` ready and return the seconds that it took; 0 where it was.

    Raises LocalError with what is in the way: no network, too little room, no package for this machine.
    """
    if where.ready:
        return 0.0
    started = time.monotonic()
    try:
        with _alone(where):
            if not where.mark.exists():
                _environment(where, quiet=quiet)
            if not where.model.exists():
                _model(where, quiet=quiet)
        where.failure.unlink(missing_ok=True)
    except LocalError as error:
        where.failure.write_text(f"{error}\n")
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(where) from error
        raise not_writable(error.filename or where.home, error.strerror or str(error)) from error
    return time.monotonic() - started


@contextmanager
def _alone(where: Place) -> Iterator[None]:
    """One installation at a time: a second call waits, and finds the work done."""
    where.home.mkdir(parents=True, exist_ok=True)
    with open(where.home / ".install.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _environment(where: Place, *, quiet: bool) -> None:
    if not where.python.exists():
        _require_room(where)
        _run([sys.executable, "-m", "venv", str(where.folder)], "The environment could not be made")
    for options in _steps(where):
        command = [
            str(where.python),
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--no-warn-conflicts",
            "--no-compile",
        ]
        _run([*command, *(["--quiet"] if quiet else ["--quiet", "--progress-bar", "on"]), *options], "pip failed")
    _run([str(where.python), "-c", TRY], "vLLM was installed but cannot be imported", show=False)
    where.mark.touch()


def _steps(where: Place) -> list[list[str]]:
    """pip's arguments, call by call.

    The CPU list is whole, so pip need not look for what fits: it must not, for vLLM asks for torchvision, torchaudio
    and torchcodec, whose wheels are built for CUDA and break its import here. PyTorch alone brings what it needs, which
    on its CUDA build is more than the list says.
    """
    named = ["--requirement", str(where.build.requirements)]
    if not where.build.whole:
        return [named]
    lines = where.build.requirements.read_text().splitlines()
    torch = next(line for line in lines if line.startswith("torch=="))
    return [[torch], ["--no-deps", *named]]


def _model(where: Place, *, quiet: bool) -> None:
    """The platform's own local model, out of its GGUF file, under its name when it is whole."""
    source = models.ensure(models.DEFAULT_MODEL, where.home, quiet=quiet)
    part = where.model.with_name(f".{where.model.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    command = [str(where.python), str(CONVERT), str(source), str(part), "--dtype", FORMAT]
    _run(command, "The model could not be converted", show=False)
    part.replace(where.model)


def _require_room(where: Place) -> None:
    if shutil.disk_usage(where.home).free < where.build.bytes_needed:
        raise _no_room(where)


def _no_room(where: Place) -> LocalError:
    return LocalError(
        f"vLLM needs {where.build.bytes_needed / 1e9:.0f} GB on the disk that holds {where.home}, and there is less. "
        "Free some space, or name another folder with EVENHAND_VLLM_HOME=/path."
    )


def _run(command: list[str], what: str, *, show: bool = True) -> None:
    """Run one step. ``show``: its output goes to the terminal as it comes; its errors are quoted either way."""
    environment = env.overridden(HF_HUB_OFFLINE="1", PYTHONPATH="")
    output = None if show else subprocess.DEVNULL
    done = subprocess.run(command, env=environment, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        raise LocalError(f"{what}: {' '.join(errors[-LAST_LINES:]) or f'exit code {done.returncode}'}")
