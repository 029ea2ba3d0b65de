"""One real vLLM for all tests of this folder: skipped, with the reason, where none could be installed; or failed, where
it is demanded."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotations.models import Item, Project
from evenhand.local.vllm.folder import Place, demanded, place
from evenhand.local.vllm.server import LORA_RANK, VllmServer
from llm_workers.models import Endpoint, ModelVersion
from llm_workers.services.models import models_refresh
from llm_workers.services.servers import server_change
from tests.addresses import database_url
from tests.factories import make_items, make_user
from tests.llm_workers.conftest import work  # noqa: F401 (a fixture)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ADAPTER = "tuned"
# On two cores that others use too an answer may take minutes, and what is given up and asked anew costs them more.
ANSWER_SECONDS = 240
GUIDELINES = """
Decide about messages that neighbours leave on the board of their house.

- Keep what is friendly or useful: offers, questions, thanks, news of the house.
- Send to review what you cannot judge without knowing the people.
- Remove what insults or threatens somebody, and above all what speaks ill of people because of their religion, origin,
  sex, age or disability. A message that only quotes such words in order to complain about them is kept.

Spelling, length and taste do not matter, and neither does whether you agree. Read the whole message first.
"""
MESSAGES = (
    "Thank you for lending me the ladder, it is back in the cellar.",
    "People like you should not be allowed to live here.",
    "Does anybody know when the water is turned off on Monday?",
    "You are the worst neighbour I have ever had, you idiot.",
    "I give away two chairs and a lamp, first come, first served.",
    "The old woman on the third floor is too deaf to live alone.",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is marked, and may take its time: the server's start counts for the first test."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.vllm)
            item.add_marker(pytest.mark.timeout(900))


def installed() -> Place:
    """Where vLLM is. Without one the test ends here: skipped for a person, failed in CI, which would otherwise pass
    although nothing ran."""
    where = place()
    if not where.ready and demanded():
        pytest.fail(f"{where.why_not()} EVENHAND_VLLM_DEMANDED makes that a failure.", pytrace=False)
    if not where.ready:
        pytest.skip(where.why_not())
    return where


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    where = installed()
    server = VllmServer(where, tmp_path_factory.mktemp("vllm") / "vllm.log")
    try:
        print(f"vLLM ({where.build.name}) started in {server.start():.0f} s")
        yield server
    finally:
        server.stop()


@contextmanager
def llm_worker(url: str) -> Iterator[None]:
    """A Celery worker of the queue ``llm`` with two processes, which asks the server at ``url``."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
    environment = os.environ | {"DATABASE_URL": database_url(), "LLM_BASE_URL": url, "PYTHONPATH": path}
    options = ["--queues", "llm", "--concurrency", "2", "--loglevel", "WARNING"]
    command = [sys.executable, "-m", "celery", "-A", "evenhand", "worker", *options]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def served(vllm: VllmServer, db, settings) -> ModelVersion:
    """The platform knows the server; returns the model as it was found there."""
    connect(vllm.url, settings)
    return ModelVersion.objects.get(name=vllm.model)


def connect(url: str, settings: Any) -> None:
    """What an operator does with a slow server: name it, and say how long it may take for an answer."""
    settings.LLM_BASE_URLS = [url]
    models_refresh()
    by = make_user(is_staff=True)
    server_change(endpoint=Endpoint.objects.get(url=url), by=by, answer_seconds=ANSWER_SECONDS)


@pytest.fixture(scope="session")
def adapter_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small LoRA adapter of the model, made by peft in vLLM's environment."""
    where = installed()
    folder = tmp_path_factory.mktemp("adapter") / ADAPTER
    command = [str(where.python), str(HERE / "make_adapter.py"), str(where.model), str(folder), str(LORA_RANK)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


@dataclass(frozen=True)
class Counters:
    """What the server itself has counted since its start."""

    prompt_tokens: int
    generation_tokens: int
    prefix_cache_hits: int
    finished: int

    def __sub__(self, other: Counters) -> Counters:
        return Counters(
            self.prompt_tokens - other.prompt_tokens,
            self.generation_tokens - other.generation_tokens,
            self.prefix_cache_hits - other.prefix_cache_hits,
            self.finished - other.finished,
        )


@pytest.fixture
def counters(vllm: VllmServer) -> Callable[[], Counters]:
    """``counters()`` reads the server's ``/metrics``, summed over models and engines."""

    def read() -> Counters:
        with urllib.request.urlopen(f"{vllm.root}/metrics", timeout=20) as answer:
            text = answer.read().decode()

        def total(name: str) -> int:
            found = re.findall(rf"^vllm:{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE)
            assert found, f"/metrics has no vllm:{name}"
            return round(sum(map(float, found)))

        return Counters(
            total("prompt_tokens_total"),
            total("generation_tokens_total"),
            total("prefix_cache_hits_total"),
            total("request_success_total"),
        )

    return read


def with_guidelines(project: Project) -> None:
    """Guidelines of a real length: the beginning that all requests of a run have in common."""
    project.schemas.update(guidelines=GUIDELINES)


def make_messages(project: Project, count: int) -> list[Item]:
    items = make_items(project, count)
    for number, item in enumerate(items):
        item.payload = {"text": f"{MESSAGES[number % len(MESSAGES)]} (Note {number}.)"}
    Item.objects.bulk_update(items, ["payload"])
    return items


def post(url: str, body: dict, *, seconds: float = 60) -> httpx.Response:
    return httpx.post(url, json=body, timeout=seconds, trust_env=False)
