"""The checks, one function a part. Each looks for itself: a check never trusts what another has found."""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from itertools import islice
from pathlib import Path

import httpx
import redis
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from accounts.demographics.boxes import all_boxes
from accounts.demographics.vault import is_on
from accounts.models import DemographicBox
from annotations.models import DemographicsFigures
from evenhand.celery import app as celery_app
from evenhand.doctor.heartbeat import seconds_since
from evenhand.doctor.report import Check, Finding, Status
from evenhand.doctor.servers import language_models
from evenhand.local.state import is_running, read_state

OLDEST_POSTGRES = 16
PING_SECONDS = 3.0
SILENT_SECONDS = 60.0
SAMPLED_BOXES = 200
GIGABYTE = 1_000_000_000
QUEUES = ("default", "llm")
NEEDED_STATIC = (
    "django_htmx/htmx-4.min.js",
    "vendor/@picocss/pico/css/pico.min.css",
    "vendor/uplot/dist/uPlot.iife.min.js",
)
START = "Start the platform (evenhand up), or the part on its server"


def database() -> Finding:
    connection = connections["default"]
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('server_version_num')::int")
        version, number = cursor.fetchone()
    found = f"PostgreSQL {version}, answered in {(time.perf_counter() - started) * 1000:.0f} ms"
    if number // 10000 < OLDEST_POSTGRES:
        return Finding("database", "fail", found, f"Evenhand needs PostgreSQL {OLDEST_POSTGRES} or newer: upgrade it.")
    return Finding("database", "ok", found)


def migrations() -> Finding:
    executor = MigrationExecutor(connections["default"])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        first = missing[0][0]
        found = f"{len(missing)} not applied, the first is {first.app_label}.{first.name}"
        return Finding("migrations", "fail", found, "Apply them: evenhand manage migrate")
    return Finding("migrations", "ok", "all applied")


def broker() -> Finding:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PING_SECONDS, socket_connect_timeout=PING_SECONDS)
    try:
        client.ping()
        info = client.info()
    finally:
        client.close()
    name = "Valkey" if "valkey_version" in info else "Redis"
    found = f"{name} {info.get('valkey_version') or info['redis_version']}, {info['used_memory_human']} used"
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        advice = "Set maxmemory-policy noeviction on the server: the queue must not be thrown away."
        return Finding("broker", "warn", f"{found}, may drop entries ({info['maxmemory_policy']})", advice)
    return Finding("broker", "ok", found)


def worker() -> Finding:
    inspect = celery_app.control.inspect(timeout=PING_SECONDS)
    served = inspect.active_queues() or {}
    if not served:
        advice = f"{START}: celery -A evenhand worker --queues {','.join(QUEUES)}"
        return Finding("worker", "fail", f"no worker answered within {PING_SECONDS:.0f} s", advice)
    queues = {queue["name"] for listed in served.values() for queue in listed}
    missing = [queue for queue in QUEUES if queue not in queues]
    if missing:
        advice = f"{START}: celery -A evenhand worker --queues {','.join(missing)}"
        return Finding("worker", "fail", f"nobody works on the queue {' or '.join(missing)}", advice)
    return Finding("worker", "ok", f"{len(served)} alive: {', '.join(sorted(served))}")


def _heartbeat(part: str, advice: str) -> Finding:
    age = seconds_since(part)
    if age is None:
        return Finding(part, "fail", "no sign of life", advice)
    if age > SILENT_SECONDS:
        return Finding(part, "fail", f"silent for {age:.0f} s", advice)
    return Finding(part, "ok", f"last sign of life {age:.0f} s ago")


def beat() -> Finding:
    scheduler = "evenhand.doctor.heartbeat:HeartbeatScheduler"
    return _heartbeat("beat", f"{START}: celery -A evenhand beat --scheduler {scheduler}")


def relay() -> Finding:
    return _heartbeat("relay", f"{START}: evenhand manage relay")


def channel_layer() -> Finding:
    started = time.perf_counter()
    asyncio.run(asyncio.wait_for(_round_trip(), timeout=PING_SECONDS * 2))
    took = (time.perf_counter() - started) * 1000
    return Finding("channel layer", "ok", f"a message came back in {took:.0f} ms")


async def _round_trip() -> None:
    from channels.layers import channel_layers

    layer = channel_layers.make_backend("default")
    channel = await layer.new_channel()
    group = f"doctor-{uuid.uuid4().hex}"
    await layer.group_add(group, channel)
    try:
        await layer.group_send(group, {"type": "doctor.ping", "mark": group})
        message = await layer.receive(channel)
        if message.get("mark") != group:
            raise ValueError("another message came back than the one sent")
    finally:
        await layer.group_discard(group, channel)
        await layer.flush()  # in this layer: close its own connections


def disk() -> Finding:
    home: Path = settings.EVENHAND_HOME
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / GIGABYTE:.1f} GB free for {home}"
    if free < 0.3 * GIGABYTE:
        return Finding("disk", "fail", found, "Free some space now: the database stops when the disk is full.")
    if free < 2 * GIGABYTE:
        return Finding("disk", "warn", found, "Free some space, or move EVENHAND_HOME to a larger disk.")
    return Finding("disk", "ok", found)


def demographics() -> Finding:
    """Whether what people told about themselves can be kept and opened; never what it is."""
    people, figures = DemographicBox.objects.count(), DemographicsFigures.objects.exclude(sealed=b"")
    if not is_on():
        if people or figures.exists():
            advice = "Set EVENHAND_DEMOGRAPHICS_KEY to the key that sealed them (docs: keep the demographics key)."
            return Finding("demographics", "fail", f"no key, but {people} people's answers sealed with one", advice)
        return Finding("demographics", "ok", "off: no key, so people are asked nothing about themselves")
    states = [(box is not None, current) for _name, box, current in islice(all_boxes(), SAMPLED_BOXES)]
    if not all(readable for readable, _current in states):
        advice = "Add the key that sealed them to EVENHAND_DEMOGRAPHICS_KEY, after the newest."
        return Finding("demographics", "fail", "some answers are sealed with a key that is not given", advice)
    if not all(current for _readable, current in states):
        return Finding("demographics", "warn", "sealed with an older key", "Run: evenhand manage demographics_rotate")
    return Finding("demographics", "ok", f"on, {people} people's answers sealed")


def static_files() -> Finding:
    missing = [name for name in NEEDED_STATIC if finders.find(name) is None]
    if missing and not any((Path(settings.STATIC_ROOT) / name).exists() for name in missing):
        advice = "Install the front-end libraries (make install, or npm ci beside package.json)."
        return Finding("static files", "fail", f"missing: {', '.join(missing)}", advice)
    return Finding("static files", "ok", "style sheet, htmx and charts are there")


def web() -> Finding:
    state = read_state(settings.EVENHAND_HOME) if is_running(settings.EVENHAND_HOME) else None
    # Otherwise over the public address: through the proxy, where there is one.
    address = state.address if state and state.address else settings.PUBLIC_URL
    url = f"{address}/healthz"
    try:
        answer = httpx.get(url, timeout=PING_SECONDS, follow_redirects=True, trust_env=False)
    except httpx.HTTPError as error:
        status: Status = "fail" if state else "warn"
        advice = "Start it (evenhand up), or set EVENHAND_PUBLIC_URL to the address that people use."
        return Finding("web", status, f"{url} does not answer ({error})", advice)
    if answer.status_code != 200:
        advice = "Look at logs/web.log; a 400 means that EVENHAND_HOSTS lacks the name in EVENHAND_PUBLIC_URL."
        return Finding("web", "fail", f"{url} answered {answer.status_code}", advice)
    return Finding("web", "ok", f"{address} answers")


CHECKS: tuple[Check, ...] = (
    Check("database", database, f"{START}; if it runs elsewhere, correct DATABASE_URL."),
    Check("migrations", migrations, "Mend the database first, then: evenhand manage migrate"),
    Check("broker", broker, f"{START}; if it runs elsewhere, correct REDIS_URL."),
    Check("worker", worker, "Mend the broker first; the workers reach the platform through it."),
    Check("beat", beat, "Mend the broker first; beat's signs of life are kept there."),
    Check("relay", relay, "Mend the broker first; the relay's signs of life are kept there."),
    Check("channel layer", channel_layer, "Mend the broker first; live pages are fed through it (REDIS_URL)."),
    Check("language model", language_models, "Mend the database first, which knows the servers; correct LLM_BASE_URL."),
    Check("demographics", demographics, "Mend the database first; correct EVENHAND_DEMOGRAPHICS_KEY."),
    Check("static files", static_files, "Install the front-end libraries: make install"),
    Check("disk", disk, "Make EVENHAND_HOME readable for this user."),
    Check("web", web, "Correct EVENHAND_PUBLIC_URL."),
)
