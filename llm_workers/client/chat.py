"""Chat completions over several servers: retries with jitter, the next replica when one fails, a limit to patience."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from llm_workers.client.errors import BadRequest, ClientError, Refused, Unavailable
from llm_workers.client.load import requests_waiting, serves
from llm_workers.client.transport import Answered, LeanClient, Poster, is_proxied
from llm_workers.client.wire import Reply, Request, Server, parse_reply

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
TRANSIENT = {408, 425, 429}
REST = 10.0  # seconds for which a server that failed is asked only after the others


@dataclass(frozen=True)
class Patience:
    """``rounds`` over all servers, with about ``pause`` · 2ⁿ seconds between, none begun after ``whole``; a server's
    wish to wait counts up to ``longest_wait``. All times in seconds."""

    connect: float = 5.0
    read: float = 45.0
    whole: float = 60.0
    rounds: int = 3
    pause: float = 0.5
    longest_wait: float = 15.0


_NOT_SERVED = gettext_lazy(
    "%(url)s does not serve the model “%(model)s” (%(status)s). Load it there, or start a run with a model that is"
    " served."
)


class _Transient(Exception):
    """``overload``: the server has too much to do, and wishes nothing for ``wait`` seconds."""

    def __init__(self, message: str, wait: float = 0.0, *, overload: bool = False) -> None:
        super().__init__(message)
        self.wait, self.overload = wait, overload


class ChatClient:
    """Use as ``async with ChatClient(…) as client: await client.complete(request)``; safe for many tasks at once."""

    def __init__(
        self, servers: Sequence[Server], *, api_key: str = "", concurrency: int = 8, patience: Patience | None = None
    ) -> None:
        self.servers = list(servers)
        self.patience = patience or Patience()
        self.on_overload: Callable[[float], None] = lambda wait: None  # told of every 429 and 503
        self._resting: dict[str, float] = {}
        # Servers that may have come back as something else: llama.cpp answers for whatever model it has loaded.
        self._doubted = {server.url for server in self.servers}
        self._asking = asyncio.Lock()
        self._turn = itertools.count(random.randrange(max(len(self.servers), 1)))  # noqa: S311
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = self._transport(headers, concurrency)

    def _transport(self, headers: dict[str, str], concurrency: int) -> Poster:
        far = [server.url for server in self.servers if urlsplit(server.url).hostname not in LOOPBACK]
        patience = self.patience
        if not any(is_proxied(url) for url in far):
            lean = LeanClient(headers=headers, connect=patience.connect, whole=patience.read)
            lean.on_lost = self._doubt
            return lean
        timeout = httpx.Timeout(patience.read, connect=patience.connect, pool=None)
        limits = httpx.Limits(max_connections=concurrency + 2, max_keepalive_connections=concurrency + 2)
        return httpx.AsyncClient(headers=headers, timeout=timeout, limits=limits)

    async def __aenter__(self) -> ChatClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def complete(self, request: Request) -> Reply:
        """The answer of the first server that gives one.

        Raises ``BadRequest`` (this request), ``Refused`` (no server will ever take it) or ``Unavailable`` (none could
        now), each with the last reason.
        """
        if not self.servers:
            raise Unavailable(_("No server offers this model. Start one, or mend LLM_BASE_URL."))
        candidates = self._in_turn()
        failure: ClientError = Unavailable(_("No server was asked."))
        started = time.monotonic()
        for number in range(self.patience.rounds):
            wait = 0.0
            for server in list(candidates):
                try:
                    return await self._ask(server, request)
                except Refused as error:
                    candidates.remove(server)
                    failure = error
                except _Transient as error:
                    self._resting[server.url] = time.monotonic() + REST
                    failure = Unavailable(f"{server.url}: {error}")
                    wait = max(wait, error.wait)
                    if error.overload:
                        self.on_overload(error.wait)
            if not candidates:
                raise failure
            if time.monotonic() - started > self.patience.whole:
                break
            if number + 1 < self.patience.rounds:
                await asyncio.sleep(self._pause(number, wait))
        raise failure

    async def waiting(self) -> float | None:
        """How many requests wait inside the servers, together; None where none of them says."""
        asked = [requests_waiting(self._http, server.url) for server in self.servers if server.dialect == "vllm"]
        told = [count for count in await asyncio.gather(*asked) if count is not None]
        return sum(told) if told else None

    def _doubt(self, netloc: str) -> None:
        self._doubted |= {server.url for server in self.servers if urlsplit(server.url).netloc == netloc}

    async def _check(self, server: Server, model: str) -> None:
        """Raises ``Refused`` where the server does not offer the model any more. Of many requests, one asks."""
        async with self._asking:
            if server.url not in self._doubted:
                return
            if not await serves(self._http, server.url, model):
                raise Refused(_NOT_SERVED % {"url": server.url, "model": model, "status": _("by its own list")})
            self._doubted.discard(server.url)

    def _in_turn(self) -> list[Server]:
        """The servers, each request beginning with the next one; those that failed a moment ago come last."""
        start, now = next(self._turn) % len(self.servers), time.monotonic()
        turned = self.servers[start:] + self.servers[:start]
        return sorted(turned, key=lambda server: self._resting.get(server.url, 0.0) > now)

    def _pause(self, number: int, wait: float) -> float:
        jittered = self.patience.pause * 2**number * random.uniform(0.5, 1.5)  # noqa: S311
        return min(max(jittered, wait), self.patience.longest_wait)

    async def _ask(self, server: Server, request: Request) -> Reply:
        started = time.monotonic()
        if server.url in self._doubted:
            await self._check(server, request.model)
        try:
            answer = await self._http.post(f"{server.url}/chat/completions", json=request.body(server.dialect))
        except httpx.ConnectError:
            self._doubted.add(server.url)
            raise _Transient(_("nothing answers there. Start the server, or mend LLM_BASE_URL.")) from None
        except httpx.TimeoutException:
            seconds = round(time.monotonic() - started)
            text = _("no answer within %(seconds)s seconds. See whether the server is overloaded or hangs.")
            raise _Transient(text % {"seconds": seconds}) from None
        except httpx.TransportError as error:
            self._doubted.add(server.url)
            text = _("the connection broke (%(how)s). See the server's log.")
            raise _Transient(text % {"how": type(error).__name__}) from None
        if answer.status_code != 200:
            raise _refusal(server, request, answer)
        try:
            return parse_reply(answer.json(), seconds=time.monotonic() - started)
        except (ValueError, TypeError, KeyError, AttributeError):
            text = _("the answer is not a chat completion. See whether LLM_BASE_URL ends in /v1.")
            raise _Transient(text) from None


def _refusal(server: Server, request: Request, answer: Answered) -> Exception:
    status = answer.status_code
    facts = {"url": server.url, "model": request.model, "status": f"{status}{_said(answer)}"}
    if status in (401, 403):
        return Refused(_("%(url)s refuses access (%(status)s). Set LLM_API_KEY to a key that it accepts.") % facts)
    if status == 404:
        return Refused(_NOT_SERVED % facts)
    if status == 429:
        text = _("the server is overloaded (%(status)s). See its log.")
        return _Transient(text % facts, _retry_after(answer), overload=True)
    if status in TRANSIENT or status >= 500:
        text = _("the server has a problem (%(status)s). See its log.")
        return _Transient(text % facts, _retry_after(answer), overload=status == 503)
    return BadRequest(_("The server did not take this item (%(status)s).") % facts)


def _said(answer: Answered) -> str:
    """The server's own words, shortened, from the shapes that are in use."""
    try:
        data: Any = answer.json()
    except ValueError:
        return ""
    if isinstance(data, dict):
        error = data.get("error", data)
        text = error.get("message") or error.get("detail") if isinstance(error, dict) else error
        if isinstance(text, str) and text.strip():
            return f": {' '.join(text.split())[:160]}"
    return ""


def _retry_after(answer: Answered) -> float:
    try:
        return max(float(answer.headers.get("Retry-After", "0")), 0.0)
    except ValueError:
        return 0.0
