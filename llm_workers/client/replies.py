"""What a server's answer means: a reply, or which kind of refusal."""

from __future__ import annotations

import re
from typing import Any

import httpx
from django.utils.translation import gettext as _

from llm_workers.client.errors import BadRequest, Refused, Transient
from llm_workers.client.transport import Answered
from llm_workers.client.wire import Reply, Request, Server, parse_reply

TRANSIENT = {408, 425, 429}
KEYS = re.compile(r"(?i)\b(?:bearer\s+\S+|sk-[\w*.-]+)")  # keys as servers repeat them


def broken(error: httpx.TransportError, *, seconds: float) -> Transient:
    """What it means that no answer came, ``seconds`` after the request was sent."""
    if isinstance(error, httpx.ConnectError):
        return Transient(_("nothing answers there. Start the server, or mend its address."))
    if isinstance(error, httpx.TimeoutException):
        text = _("no answer within %(seconds)s seconds. See whether the server is overloaded or hangs.")
        return Transient(text % {"seconds": round(seconds)})
    text = _("the connection broke (%(how)s). See the server's log.")
    return Transient(text % {"how": type(error).__name__}, lost=True)


def reply_of(server: Server, request: Request, answer: Answered, *, seconds: float, key: str = "") -> Reply:
    """The reply; raises ``BadRequest``, ``Refused`` or ``Transient`` with what happened and what to do, in which the
    ``key`` that was sent is never repeated, whatever the server says."""
    if answer.status_code != 200:
        raise _refusal(server, request, answer, key)
    try:
        return parse_reply(answer.json(), seconds=seconds)
    except (ValueError, TypeError, KeyError, AttributeError):
        text = _("the answer is not a chat completion. See whether the address ends in /v1.")
        raise Transient(text) from None


def not_served(*, url: str, model: str, status: str) -> Refused:
    """``status``: how the server says it."""
    text = _(
        "%(url)s does not serve the model “%(model)s” (%(status)s). Load it there, or start a run with a model that"
        " is served."
    )
    return Refused(text % {"url": url, "model": model, "status": status})


def _refusal(server: Server, request: Request, answer: Answered, key: str) -> Exception:
    status = answer.status_code
    facts = {"url": server.url, "model": request.model, "status": f"{status}{_said(answer, key)}"}
    if status in (401, 403):
        text = _(
            "%(url)s refuses access (%(status)s). Set LLM_API_KEY, or its own key, to one that the server accepts."
        )
        return Refused(text % facts)
    if status == 404:
        return not_served(**facts)
    if status == 429:
        text = _("the server is overloaded (%(status)s). See its log.")
        return Transient(text % facts, retry_after(answer), overloaded=True)
    if status in TRANSIENT or status >= 500:
        text = _("the server has a problem (%(status)s). See its log.")
        return Transient(text % facts, retry_after(answer), broke=status >= 500 and status != 503)
    return BadRequest(_("The server did not take this item (%(status)s).") % facts)


def _said(answer: Answered, key: str) -> str:
    """The server's own words, shortened, from the shapes that are in use. They are stored and shown: without keys."""
    try:
        data: Any = answer.json()
    except ValueError:
        return ""
    if isinstance(data, dict):
        error = data.get("error", data)
        text = error.get("message") or error.get("detail") if isinstance(error, dict) else error
        if isinstance(text, str) and text.strip():
            whole = text.replace(key, "…") if key else text
            return f": {' '.join(KEYS.sub('…', whole).split())[:160]}"
    return ""


def retry_after(answer: Answered) -> float:
    """The seconds for which the server wishes to be left alone; 0 where it does not say."""
    try:
        return max(float(answer.headers.get("Retry-After", "0")), 0.0)
    except ValueError:
        return 0.0
