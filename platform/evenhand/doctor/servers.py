"""Every server of language models, asked at once: those of LLM_BASE_URL and those that operators added."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from evenhand.doctor.report import Finding, Status
from llm_workers.client import Probe, probe
from llm_workers.models import Breaker, Endpoint
from llm_workers.services.models import server_key
from llm_workers.services.servers import servers_known

PART = "language model"
ANSWER_SECONDS = 5.0  # for each step of asking: connecting, sending, receiving
WHOLE_SECONDS = 7.0  # for all servers, whatever they do
DIALECTS = {"vllm": "vLLM", "llamacpp": "llama.cpp", "other": "plain OpenAI"}
LATE = "It did not come to an end within {seconds:g} seconds. See its log."
KEY_LOST = "Its key cannot be read any more: SECRET_KEY has changed. Give the key again on the models page."


@dataclass(frozen=True)
class Known:
    """A server as the platform knows it. ``endpoint`` is None where no worker has asked it yet; ``key`` None: lost."""

    url: str
    endpoint: Endpoint | None
    key: str | None

    @property
    def is_enabled(self) -> bool:
        return self.endpoint is None or self.endpoint.enabled

    @property
    def is_resting(self) -> bool:
        """Whether the workers leave it alone after faults."""
        return self.is_enabled and self.endpoint is not None and self.endpoint.breaker != Breaker.CLOSED


def language_models() -> Finding:
    """Ask every server exactly as the workers do, so that the doctor sees the dialect that they will speak."""
    try:
        known, registry = servers_to_ask(), True
    except DatabaseError:  # the check of the database says why
        known, registry = [Known(url, None, settings.LLM_API_KEY) for url in settings.LLM_BASE_URLS], False
    if not known:
        return _nothing_known(registry)
    asked = [one for one in known if one.is_enabled]
    found = {one.url: one for one in ask_all(asked)}
    rows = [_row(one, found.get(one.url)) for one in known]
    lines = [_line(row) for row in rows]
    good = sum(row["reachable"] is True for row in rows)
    if len(rows) > 1:
        lines.insert(0, f"{good} of {len(asked)} servers in use answer")
    if not registry:
        lines.append("the database does not answer, so servers that were added at run time were not asked")
    return Finding(PART, _status(asked, good, registry), "\n".join(lines), _advice(known, found), tuple(rows))


def servers_to_ask() -> list[Known]:
    """Those of the settings first, then those that were added."""
    rows = {endpoint.url: endpoint for endpoint in servers_known().order_by("id")}
    urls = list(dict.fromkeys([*settings.LLM_BASE_URLS, *rows]))
    return [Known(url, rows.get(url), server_key(rows[url]) if url in rows else settings.LLM_API_KEY) for url in urls]


def ask_all(servers: Sequence[Known], whole: float | None = None) -> list[Probe]:
    """What each server says, in order. Whoever takes longer than ``whole`` seconds is not waited for: a thread that
    hangs ends with the process.
    """
    whole = WHOLE_SECONDS if whole is None else whole
    until = time.monotonic() + whole
    answers: list[Probe | None] = [None] * len(servers)

    def ask(place: int) -> None:
        answers[place] = _ask(servers[place])

    threads = [threading.Thread(target=ask, args=(place,), daemon=True) for place in range(len(servers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
    late = LATE.format(seconds=whole)
    return [found or Probe(one.url, problem=late) for one, found in zip(servers, list(answers), strict=True)]


def _ask(server: Known) -> Probe:
    if server.key is None:
        return Probe(server.url, problem=KEY_LOST)
    try:
        return probe(server.url, api_key=server.key, seconds=ANSWER_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever a server sends must not hide the others
        return Probe(server.url, problem=f"What it answers cannot be read ({type(error).__name__}). See its log.")


def _row(server: Known, found: Probe | None) -> dict[str, Any]:
    """All that is known of a server, for programs. ``reachable`` is None where it was not asked."""
    endpoint = server.endpoint
    return {
        "url": server.url,
        "added": endpoint is not None and endpoint.added,
        "enabled": server.is_enabled,
        "reachable": None if found is None else not found.problem,
        "problem": found.problem if found else "",
        "answer_ms": found.answer_ms if found else None,
        "dialect": found.dialect if found and found.offers else None,
        "models": [offer.name for offer in found.offers] if found else [],
        "breaker": endpoint.breaker if endpoint else None,
        "rests_until": endpoint.retry_at.isoformat() if endpoint and endpoint.retry_at else None,
        "rests_because": endpoint.fault if endpoint else "",
        "last_asked": endpoint.checked_at.isoformat() if endpoint and endpoint.checked_at else None,
        "was_well": endpoint.healthy if endpoint and endpoint.checked_at else None,
    }


def _line(row: dict[str, Any]) -> str:
    """The same in words."""
    if not row["enabled"]:
        return f"{row['url']} is disabled by an operator and was not asked"
    parts = [f"{row['url']}: {row['problem']}" if row["problem"] else _serves(row)]
    if row["breaker"] not in (None, Breaker.CLOSED):
        fault = f" ({row['rests_because']})" if row["rests_because"] else ""
        parts.append(f"breaker {row['breaker'].replace('_', '-')} until {_time(row['rests_until'])}{fault}")
    if row["last_asked"]:
        parts.append(f"{'well' if row['was_well'] else 'not well'} when the platform last asked, {_ago(row)}")
    elif row["breaker"] is not None:
        parts.append("not asked by the platform yet")
    return "; ".join(parts)


def _serves(row: dict[str, Any]) -> str:
    dialect = DIALECTS.get(row["dialect"], row["dialect"])
    return f"{row['url']} speaks {dialect}, serves {', '.join(row['models'])}"


def _time(written: str) -> str:
    return f"{timezone.localtime(datetime.fromisoformat(written)):%H:%M:%S}"


def _ago(row: dict[str, Any]) -> str:
    seconds = (timezone.now() - datetime.fromisoformat(row["last_asked"])).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"


def _status(asked: Sequence[Known], good: int, registry: bool) -> Status:
    if not asked:
        return "warn"
    if not good:
        return "fail"
    return "ok" if good == len(asked) and registry and not any(one.is_resting for one in asked) else "warn"


def _advice(known: Sequence[Known], found: dict[str, Probe]) -> str:
    """What to do, about each kind of server that is not well."""
    if not found:
        return "Enable a server on the models page: model runs wait."
    bad = {url for url, one in found.items() if one.problem}
    texts = []
    if bad & set(settings.LLM_BASE_URLS):
        texts.append("Start that server, or correct LLM_BASE_URL and LLM_API_KEY (embedded: see logs/llm.log).")
    if bad - set(settings.LLM_BASE_URLS):
        texts.append("Start the added server, or correct, disable or remove it on the models page.")
    if any(one.is_resting and one.url not in bad for one in known):
        texts.append("A server that rests after faults is tried again by itself once its rest is over.")
    return " ".join(texts)


def _nothing_known(registry: bool) -> Finding:
    if not registry:
        advice = "Mend the database first: it knows the servers that were added at run time."
        return Finding(PART, "fail", "LLM_BASE_URL names none, and the database does not answer", advice)
    advice = (
        "Fetch the local model (evenhand models fetch) and start again, set LLM_BASE_URL, or add a server on the models"
        " page."
    )
    return Finding(PART, "warn", "none: people can label, model runs wait", advice)
