"""Label Studio as a peer to measure: its own program with its own database in our PostgreSQL, used over its own API.

It is started as its documentation starts a pip installation (`label-studio start`), with the variables that it
documents for PostgreSQL. People sign up, sign in by cookie, ask for their next task and send annotations as its pages
do. API: https://api.labelstud.io/
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg2
from psycopg2 import sql

from benchmarks._stack import LABELS, tree_seconds
from evenhand.local.errors import LocalError
from evenhand.local.valkey import free_port

READY = 300.0  # seconds; its first start runs some hundred migrations
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text" choice="single">'
    + "".join(f'<Choice value="{label}"/>' for label in LABELS)
    + "</Choices></View>"
)


class Session:
    """One signed-up person: an HTTP client that keeps their cookies, and sends what their browser would."""

    def __init__(self, address: str, email: str) -> None:
        self.address = address
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self._open("/user/signup/")
        form = {"email": email, "password": secrets.token_urlsafe(20), "csrfmiddlewaretoken": self._csrf()}
        self._open("/user/signup/", urlencode(form).encode(), "application/x-www-form-urlencoded")

    def ask(self, path: str, body: Any = None) -> Any:
        """What the API answers, from JSON; with a ``body``, a POST. Raises LocalError for a refusal."""
        data = None if body is None else json.dumps(body).encode()
        answer = self._open(path, data, "application/json")
        return json.loads(answer) if answer else None

    def _csrf(self) -> str:
        return next((cookie.value or "" for cookie in self._cookies if cookie.name == "csrftoken"), "")

    def _open(self, path: str, data: bytes | None = None, content_type: str = "") -> bytes:
        request = urllib.request.Request(self.address + path, data)
        if data is not None:
            request.add_header("Content-Type", content_type)
            request.add_header("X-CSRFToken", self._csrf())
            request.add_header("Referer", self.address + path)
        try:
            with self._opener.open(request, timeout=600) as answer:
                read: bytes = answer.read()
                return read
        except urllib.error.HTTPError as error:
            if error.code == 404 and path.endswith("/next/"):
                return b""  # no task is left for this person
            raise LocalError(f"Label Studio answered {error.code} to {path}: {error.read(300)!r}") from None


class Annotator:
    """A person who asks for a task, sends its annotation, and asks again; ``waits`` are the seconds of each round."""

    def __init__(self, session: Session, project_id: int, number: int) -> None:
        self.session, self.project_id, self.number = session, project_id, number
        self.waits: list[float] = []

    def work(self, start: threading.Barrier, seconds: float) -> None:
        start.wait(timeout=120)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            task = self.session.ask(f"/api/projects/{self.project_id}/next/")
            if task is None:
                return
            label = LABELS[(task["id"] + self.number) % len(LABELS)]
            body = {"result": [annotation_of(label)], "lead_time": 1.0}
            self.session.ask(f"/api/tasks/{task['id']}/annotations/?project={self.project_id}", body)
            self.waits.append(time.perf_counter() - began)


def annotation_of(label: str) -> dict[str, Any]:
    """One choice as Label Studio stores it."""
    return {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [label]}}


class LabelStudio:
    """A running Label Studio with one project that asks for one annotation a task."""

    def __init__(self, address: str, pid: int) -> None:
        self.address, self.pid = address, pid
        self._owner = Session(address, "owner@example.org")
        self.version = str(self._owner.ask("/api/version")["release"])
        made = self._owner.ask(
            "/api/projects/", {"title": "Benchmark", "label_config": CONFIG, "maximum_annotations": 1}
        )
        self.project_id = int(made["id"])

    def take_in(self, texts: list[str]) -> None:
        rows = [{"data": {"text": text}} for text in texts]
        answered = self._owner.ask(f"/api/projects/{self.project_id}/import", rows)
        if answered.get("task_count") != len(texts):
            raise LocalError(f"Label Studio took in {answered.get('task_count')} of {len(texts)} rows.")

    def annotators(self, count: int) -> list[Annotator]:
        sessions = (Session(self.address, f"person{number}@example.org") for number in range(count))
        return [Annotator(session, self.project_id, number) for number, session in enumerate(sessions)]

    def export(self) -> list[int]:
        """Every task by its JSON export; how many annotations each has."""
        path = f"/api/projects/{self.project_id}/export?exportType=JSON&download_all_tasks=true"
        return [len(task["annotations"]) for task in self._owner.ask(path)]

    def processor_seconds(self) -> float:
        return tree_seconds(self.pid)


@contextmanager
def running(program: Path, postgres: dict[str, Any]) -> Iterator[LabelStudio]:
    """Label Studio on a free port of this machine, until the block ends; its database and files go with it.

    ``postgres``: Django's settings of a connection that may create databases.
    """
    with _database(postgres) as name, tempfile.TemporaryDirectory(prefix="label-studio-") as folder:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        log = Path(folder) / "log.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program, "start", "--no-browser", "--port", str(port), "--internal-host", "127.0.0.1"],
                env=_environment(program, folder, postgres, name),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                _wait_until_ready(process, address, log)
                yield LabelStudio(address, process.pid)
            finally:
                os.killpg(process.pid, signal.SIGKILL)  # the group that it was started as
                process.wait()


def _environment(program: Path, folder: str, postgres: dict[str, Any], name: str) -> dict[str, str]:
    return {
        "PATH": f"{program.parent}{os.pathsep}{os.defpath}",
        "HOME": folder,
        "LANG": "C.UTF-8",
        "LABEL_STUDIO_BASE_DATA_DIR": folder,
        "DJANGO_DB": "default",
        "POSTGRE_NAME": name,
        "POSTGRE_USER": str(postgres["USER"]),
        "POSTGRE_PASSWORD": str(postgres["PASSWORD"]),
        "POSTGRE_HOST": str(postgres["HOST"]),
        "POSTGRE_PORT": str(postgres["PORT"] or 5432),
        "LOG_LEVEL": "ERROR",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }


@contextmanager
def _database(postgres: dict[str, Any]) -> Iterator[str]:
    name = f"bench_label_studio_{os.getpid()}"
    settings = {"dbname": postgres["NAME"], "user": postgres["USER"], "password": postgres["PASSWORD"]}
    admin = psycopg2.connect(**settings, host=postgres["HOST"], port=postgres["PORT"] or 5432)
    admin.autocommit = True
    try:
        with admin.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield name
        finally:
            with admin.cursor() as cursor:
                cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    finally:
        admin.close()


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + READY
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise LocalError(f"Label Studio did not start. The end of its log: {log.read_text(errors='replace')[-800:]}")
