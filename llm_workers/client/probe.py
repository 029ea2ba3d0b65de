"""Ask a server what it serves, and find out which dialect it speaks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from django.utils.translation import gettext as _

from llm_workers.addresses import leads_to_refused, metadata_words
from llm_workers.client.transport import Answered
from llm_workers.client.wire import Offer, is_local

SECONDS = 5.0


@dataclass(frozen=True)
class Probe:
    """What was found at ``url``: ``problem`` is empty where it answered as it should; ``listed``: it gave its list."""

    url: str
    dialect: str = "other"
    offers: tuple[Offer, ...] = ()
    listed: bool = False
    problem: str = ""
    answer_ms: int | None = None


def probe(url: str, *, api_key: str = "", seconds: float = SECONDS) -> Probe:
    """``GET /models`` of the server at ``url`` (which ends in ``/v1``). A fault is part of the finding."""
    if leads_to_refused(url):
        return Probe(url, problem=metadata_words())
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    started = time.monotonic()
    try:
        with httpx.Client(headers=headers, timeout=seconds, trust_env=not is_local(url)) as http:
            answer = http.get(f"{url}/models")
    except httpx.ConnectError:
        return Probe(url, problem=_("Nothing answers there. Start the server, or mend its address."))
    except httpx.TimeoutException:
        text = _("No answer within %(seconds)g seconds. See whether the server is still loading.")
        return Probe(url, problem=text % {"seconds": seconds})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        text = _("The connection failed (%(how)s). See the server's log.")
        return Probe(url, problem=text % {"how": type(error).__name__})
    return read_list(url, answer, took=round((time.monotonic() - started) * 1000))


def read_list(url: str, answer: Answered, *, took: int) -> Probe:
    """What a server's answer to ``GET /models`` says; ``took`` in milliseconds."""
    if answer.status_code in (401, 403):
        text = _("Access is refused (%(status)s). Set LLM_API_KEY, or its own key, to one that it accepts.")
        return Probe(url, problem=text % {"status": answer.status_code}, answer_ms=took)
    if answer.status_code != 200:
        text = _("The server answers %(status)s instead of a list of models. Its address must end in /v1.")
        return Probe(url, problem=text % {"status": answer.status_code}, answer_ms=took)
    try:
        return _read(url, answer.json(), took)
    except (ValueError, TypeError, KeyError, AttributeError):
        text = _("What answers there is not an OpenAI-compatible server. Its address must end in /v1.")
        return Probe(url, problem=text, answer_ms=took)


def _read(url: str, data: Mapping[str, Any], took: int) -> Probe:
    entries = data["data"]
    owners = {entry.get("owned_by") for entry in entries}
    dialect = "vllm" if "vllm" in owners else "llamacpp" if "llamacpp" in owners else "other"
    offers = tuple(_offer(entry) for entry in entries)
    problem = "" if offers else _("The server runs but serves no model yet. Load one there.")
    return Probe(url, dialect=dialect, offers=offers, listed=True, problem=problem, answer_ms=took)


def _offer(entry: Mapping[str, Any]) -> Offer:
    """vLLM says ``root``, ``parent`` (for an adapter) and ``max_model_len``; llama.cpp puts figures into ``meta``."""
    meta = entry.get("meta") or {}
    parent, root = str(entry.get("parent") or ""), str(entry.get("root") or "")
    return Offer(
        name=str(entry["id"])[:200],
        base=(parent or root)[:300],
        adapter=root[:300] if parent else "",
        quantization=str(meta.get("ftype") or "")[:40],
        parameters=_number(meta.get("n_params")),
        context_tokens=_number(entry.get("max_model_len") or meta.get("n_ctx")),
    )


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value < 2**31 * 1000 else None
