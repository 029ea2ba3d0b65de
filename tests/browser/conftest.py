"""A real server and a real browser.

``live`` is the address of uvicorn running the project against this test's database (a child process, so that the test's
own connection and the server's do not share anything but the database). ``browser_page(user)`` opens a page that is
signed in as ``user``. ``axe(page)`` lists what axe-core finds serious. Tests carry ``@pytest.mark.browser`` and take
``live`` or ``browser_page``, which bring a database that is emptied after each test.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright

from tests import addresses

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path(playwright: Playwright) -> str | None:
    """Playwright's own Chromium where it was installed, else the system's; None where there is neither."""
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright's synchronous API keeps an event loop in this thread; Django would refuse the ORM there.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            path = chromium_path(playwright)
            if path is None:
                pytest.skip("No Chromium: install one with `playwright install --with-deps chromium`.")
            launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
            yield launched
            launched.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture(scope="session")
def _server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """uvicorn for the whole session, stopped before the test database is dropped."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("server") / "uvicorn.log"
    command = [sys.executable, "-m", "uvicorn", "evenhand.asgi:application", "--port", str(port)]
    environment = {
        **os.environ,
        "DATABASE_URL": addresses.database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "EVENHAND_PUBLIC_URL": address,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform"), os.environ.get("PYTHONPATH", "")]),
    }
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(f"{address}/healthz", process, log)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"The server ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"The server did not answer within {seconds} s:\n{log.read_text()[-4000:]}")


@pytest.fixture
def live(transactional_db: None, _server: str) -> Iterator[str]:
    """The server's address; whatever the test stores and commits, it serves."""
    yield _server
    _quiet()


def _quiet(seconds: float = 10) -> None:
    """Wait until the server has finished what a closing page sent last: emptying the tables would wait for it."""
    busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    still, until = 0, time.monotonic() + seconds
    while still < 3 and time.monotonic() < until:
        time.sleep(0.05)
        with connection.cursor() as cursor:
            cursor.execute(f"{busy} AND state <> 'idle'")
            still = 0 if cursor.fetchone()[0] else still + 1


@pytest.fixture
def browser_page(live: str, browser: Browser) -> Iterator[Callable[..., Page]]:
    """``browser_page(user, width=1280, height=800, dark=False)``: a page of a fresh profile, signed in as ``user``.

    The page's ``base_url`` is the server, so ``page.goto("/projects/1/")`` works. A script's exception fails it.
    """
    contexts: list[Any] = []
    crashes: list[str] = []

    def opened(user: Any = None, *, width: int = 1280, height: int = 800, dark: bool = False, **more: Any) -> Page:
        context = browser.new_context(
            base_url=live,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **{"reduced_motion": "reduce", **more},
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: crashes.append(str(error.error)))
        if user is not None:
            client = Client()
            client.force_login(user)
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live}])
        return context.new_page()

    yield opened
    for context in contexts:
        try:
            context.close()
        except Error:
            continue  # the test closed it itself
    assert not crashes, f"Scripts failed: {crashes}"


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """``axe(page)``: the rules that axe-core finds broken, serious or critical, each with the elements.

    Open the page with ``bypass_csp=True``: the policy of the site refuses the script that axe is.
    """
    if not AXE.exists():
        pytest.skip("axe-core is not in node_modules: run `npm ci`.")

    def run(page: Page) -> list[str]:
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)")
        grave = [rule for rule in found if rule["impact"] in ("serious", "critical")]
        return [f"{rule['id']}: {[node['html'][:200] for node in rule['nodes']]}" for rule in grave]

    return run
