"""Our own processes: web, workers, beat, relay, and the one-time commands before them."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from evenhand.local.process import Spec

ROOT = Path(__file__).resolve().parents[3]
LLM_TASKS_AT_ONCE = 1
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - recognised, not chosen


def source_path(existing: str) -> str:
    """PYTHONPATH with both source roots, so that children find the code however Evenhand was started."""
    parts = [str(ROOT), str(ROOT / "platform"), *filter(None, existing.split(":"))]
    return ":".join(dict.fromkeys(parts))


def find_sources() -> None:
    """Name the settings and make the apps importable in this process where the project runs from its
    folder.
    """
    for folder in (ROOT / "platform", ROOT):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")


def command(env: Mapping[str, str], name: str, *arguments: str, stop_rank: int = 1) -> Spec:
    """A management command that runs once."""
    return Spec(
        name=name.replace("_", "-"),
        command=[sys.executable, "-m", "django", name, *arguments],
        env=env,
        cwd=ROOT,
        stop_rank=stop_rank,
        stop_seconds=20.0,
    )


# Each of the many threads would keep a heap of its own, and Arrow yet another, for what one large export once needed.
THRIFTY = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}


def web(env: Mapping[str, str], *, bind: str, port: int, processes: int) -> Spec:
    options = ["--host", bind, "--port", str(port), "--workers", str(processes)]
    # Django reads the proxy's headers itself and by its own count of trusted proxies.
    options += [
        "--no-proxy-headers",
        "--no-access-log",
        "--lifespan",
        "off",
        "--timeout-graceful-shutdown",
        "4",
    ]
    return Spec(
        name="web",
        command=[sys.executable, "-m", "uvicorn", "evenhand.asgi:application", *options],
        env={**THRIFTY, **env},
        cwd=ROOT,
        stop_rank=0,
        ready=_answers_http("127.0.0.1" if bind in EVERYWHERE else bind, port),
    )


def worker(env: Mapping[str, str], *, concurrency: int) -> Spec:
    """Short jobs: imports, exports, upkeep. They take what processor time pages and labels leave."""
    spec = _worker(env, "worker", queue="default", concurrency=concurrency)
    nice = shutil.which("nice")
    return spec if nice is None else replace(spec, command=[nice, "-n", "5", *spec.command])


def llm_worker(env: Mapping[str, str]) -> Spec:
    """Labelling by language models, apart from the rest: a long run must not keep an import waiting."""
    return _worker(env, "llm-worker", queue="llm", concurrency=LLM_TASKS_AT_ONCE)


def _worker(env: Mapping[str, str], name: str, *, queue: str, concurrency: int) -> Spec:
    options = ["--queues", queue, "--concurrency", str(concurrency), "--hostname", f"{name}@%h"]
    options += ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    return Spec(
        name=name,
        command=[sys.executable, "-m", "celery", "-A", "evenhand", "worker", *options],
        env=env,
        cwd=ROOT,
        stop_rank=1,
        # First Celery lets running tasks end; then it gives them back to the queue, for the next start.
        urgent_signal=signal.SIGQUIT,
        stop_seconds=10.0,
    )


def beat(env: Mapping[str, str]) -> Spec:
    options = ["--scheduler", "evenhand.doctor.heartbeat:HeartbeatScheduler", "--loglevel", "WARNING"]
    return Spec(
        name="beat",
        command=[sys.executable, "-m", "celery", "-A", "evenhand", "--quiet", "beat", *options],
        env=env,
        cwd=ROOT,
        stop_rank=1,
    )


def relay(env: Mapping[str, str]) -> Spec:
    return command(env, "relay")


def crowd(env: Mapping[str, str]) -> Spec:
    """The simulated crowd of the sample project; the platform does without it."""
    made = command(env, "simulate_crowd")
    return Spec(name="crowd", command=made.command, env=env, cwd=ROOT, stop_rank=1, needed=False)


def _answers_http(host: str, port: int) -> Callable[[], bool]:
    def answers() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=10)
        try:
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True

    return answers
