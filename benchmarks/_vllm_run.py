"""The measuring half of ``bench vllm``, in the environment of the platform that is measured: prints one JSON object.

``python -m benchmarks._vllm_run VLLM_URL RECORDER_PORT``. The platform's LLM_BASE_URL names both.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import django
import httpx

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
django.setup()

from django.conf import settings  # noqa: E402

from accounts.models import User  # noqa: E402
from annotations.models import Project, Run  # noqa: E402
from benchmarks._stack import items_made, project_made  # noqa: E402
from llm_workers.models import ModelVersion  # noqa: E402
from llm_workers.services.models import models_refresh  # noqa: E402
from llm_workers.services.runs import run_start  # noqa: E402
from tests.llm_server import ScriptedServer  # noqa: E402

SECONDS = 100.0  # about so long each of the two is timed: a run begins and ends once, whatever its length
LEAST, MOST = 200, 6000  # items
WARM, WARM_AT_ONCE = 64, 16
LIMIT = 1200.0
RECORDER = "recorder"
GUIDELINES = "Keep what is friendly or useful, review what you cannot judge, remove what insults people. " * 12


def main(url: str, recorder_port: int) -> dict[str, Any]:
    owner = User.objects.create(email="bench-vllm@localhost")
    with ScriptedServer(model=RECORDER, port=recorder_port) as recorder:
        models_refresh()
        name = ModelVersion.objects.exclude(name=RECORDER).filter(endpoints__url=url).order_by("id")[0].name
        _labelled(_project(owner, "warm", WARM), RECORDER, owner)
        rate = _replayed(url, name, recorder.requests, WARM_AT_ONCE)
        items = round(min(max(rate * SECONDS, LEAST), MOST))
        recorder.requests.clear()
        _labelled(_project(owner, "recorded", items), RECORDER, owner)
        bodies = list(recorder.requests)
    with _most_at_once(url) as seen:
        run, seconds = _labelled(_project(owner, "timed", items), name, owner)
    with _most_at_once(url):  # being watched costs a server something, so both are
        bare = _replayed(url, name, bodies, max(seen[0], 1))
    cached = run.plan.cached_tokens / max(run.prompt_tokens, 1)
    ours = run.labelled / seconds
    return {"ours": ours, "bare": bare, "items": items, "concurrency": seen[0], "cached": cached}


def _project(owner: User, kind: str, count: int) -> Project:
    """Projects alike but for a word in each item, so that one's requests bring nothing to the cache for another's."""
    project = project_made(f"Benchmark of vLLM, {kind}", owner)
    project.schemas.update(guidelines=GUIDELINES)
    texts = (
        f"{kind.title()} {number}: what somebody wrote to a neighbour about the stairs." for number in range(count)
    )
    items_made(project, texts)
    return project


def _labelled(project: Project, model_name: str, owner: User) -> tuple[Run, float]:
    """A run by the platform's own workers, and the seconds from its start to its end."""
    model = ModelVersion.objects.filter(name=model_name, endpoints__isnull=False).order_by("id")[0]
    began = time.perf_counter()
    run = run_start(project=project, model=model, started_by=owner, step_size=1000)
    while run.status in ("queued", "running"):
        if time.perf_counter() - began > LIMIT:
            sys.exit(f"The run has {run.labelled} labels after {LIMIT:.0f} seconds. {run.reason}")
        time.sleep(0.05)
        run.refresh_from_db()
    if run.status != "done" or run.unanswered:
        sys.exit(f"The run is {run.status} with {run.unanswered} items unanswered. {run.reason}")
    return run, time.perf_counter() - began


def _replayed(url: str, model: str, bodies: Sequence[dict[str, Any]], at_once: int) -> float:
    """Requests a second of a closed-loop client with ``at_once`` under way."""
    return asyncio.run(_replay(url, model, bodies, at_once))


async def _replay(url: str, model: str, bodies: Sequence[dict[str, Any]], at_once: int) -> float:
    headers = {"Authorization": f"Bearer {settings.LLM_API_KEY}"} if settings.LLM_API_KEY else {}
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    waiting = iter(bodies)
    async with httpx.AsyncClient(headers=headers, timeout=300, limits=limits, trust_env=False) as client:

        async def work() -> None:
            for body in waiting:
                answer = await client.post(f"{url}/chat/completions", json=body | {"model": model})
                answer.raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return len(bodies) / (time.perf_counter() - began)


@contextmanager
def _most_at_once(url: str) -> Iterator[list[int]]:
    """The most requests that the server had at a time within the block, by its own metrics, five times a second."""
    most, over = [0], threading.Event()
    address = url.removesuffix("/v1") + "/metrics"

    def watch() -> None:
        while not over.wait(0.2):
            with urllib.request.urlopen(address, timeout=30) as answer:
                text = answer.read().decode()
            now = re.findall(r"^vllm:num_requests_(?:running|waiting)\{.*\} (\S+)$", text, re.MULTILINE)
            most[0] = max(most[0], round(sum(map(float, now))))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield most
    finally:
        over.set()
        watcher.join()


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
