"""HTTP for thousands of small requests: kept connections, the C parser of httptools, nothing else.

A general client spends most of a millisecond of processor time on each request, more than everything else that a label
costs together; this spends a tenth of that. It raises httpx's exceptions, so that it and ``GeneralClient``, which takes
over where a proxy stands in between, are used alike.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import httptools
import httpx
import orjson

from llm_workers.addresses import is_refused, metadata_words

MOST_BYTES = 16 << 20  # of one answer
LONG_AGO = float("-inf")


class Answered(Protocol):
    """What both clients answer with."""

    @property
    def status_code(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def text(self) -> str: ...

    def json(self) -> Any:
        """Raises ``ValueError``."""


class Poster(Protocol):
    """An HTTP client as ``ChatClient`` needs it."""

    async def post(self, url: str, *, json: Any, headers: Mapping[str, str], timeout: float) -> Answered:
        """Raises ``httpx.ConnectError``, ``httpx.TimeoutException`` or another ``httpx.TransportError``; ``timeout`` of
        the answer in seconds."""

    async def get(self, url: str, *, headers: Mapping[str, str], timeout: float) -> Answered:
        """Raises the same."""

    def opened_at(self, url: str) -> float:
        """When the latest connection to the server of this address was opened, by ``time.monotonic``."""

    async def aclose(self) -> None: ...


class Answer:
    """A whole answer. Header names are in small letters; ``headers.get`` is asked by the name as it is written."""

    __slots__ = ("body", "headers", "status_code")

    def __init__(self) -> None:
        self.status_code = 0
        self.headers: _Headers = _Headers()
        self.body = bytearray()

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        return orjson.loads(self.body)


class _Headers(dict[str, str]):
    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class _Connection(asyncio.Protocol):
    """One kept connection: one request at a time. Also the receiver of httptools' parser."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.parser = httptools.HttpResponseParser(self)
        self.waiting: asyncio.Future[Answer] | None = None
        self.answer = Answer()
        self.usable = True

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        self.answer = Answer()
        self.waiting = asyncio.get_running_loop().create_future()
        if self.transport is None or not self.usable:
            self._end(httpx.RemoteProtocolError("closed"))
        else:
            self.transport.write(request)
        return self.waiting

    def close(self) -> None:
        self.usable = False
        if self.transport is not None:
            self.transport.abort()

    # --- asyncio's side -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._end(httpx.RemoteProtocolError("not HTTP"))
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.usable = False
        self._end(httpx.RemoteProtocolError("closed") if error is None else httpx.ReadError(str(error)))

    # --- the parser's side ----------------------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        self.answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, data: bytes) -> None:
        self.answer.body += data
        if len(self.answer.body) > MOST_BYTES:
            self._end(httpx.RemoteProtocolError("too long"))
            self.close()

    def on_message_complete(self) -> None:
        answer = self.answer
        answer.status_code = self.parser.get_status_code()
        if not self.parser.should_keep_alive():
            self.usable = False
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(answer)

    def _end(self, error: Exception) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(error)


class LeanClient:
    """JSON over kept connections. Times in seconds. Not more connections than requests at a time."""

    def __init__(self, *, connect: float) -> None:
        self.connect = connect
        self._idle: dict[str, list[_Connection]] = {}
        self._parts: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[SplitResult, bytes]] = {}
        self._tls: ssl.SSLContext | None = None
        self._opened_at: dict[str, float] = {}

    async def post(self, url: str, *, json: Any, headers: Mapping[str, str], timeout: float) -> Answer:
        """The answer, whatever its status."""
        parts, head = self._head(url, headers)
        body = orjson.dumps(json)
        return await self._send(parts, b"POST %b%d\r\n\r\n%b" % (head, len(body), body), timeout)

    async def get(self, url: str, *, headers: Mapping[str, str], timeout: float) -> Answer:
        """The answer, whatever its status."""
        parts, head = self._head(url, headers)
        return await self._send(parts, b"GET %b0\r\n\r\n" % head, timeout)

    def opened_at(self, url: str) -> float:
        return self._opened_at.get(urlsplit(url).netloc, LONG_AGO)

    async def _send(self, parts: SplitResult, request: bytes, whole: float) -> Answer:
        connection = self._kept(parts.netloc) or await self._opened(parts, whole)
        return await self._asked(parts.netloc, connection, request, whole)

    async def aclose(self) -> None:
        for kept in self._idle.values():
            for connection in kept:
                connection.close()
        self._idle.clear()

    def _head(self, url: str, headers: Mapping[str, str]) -> tuple[SplitResult, bytes]:
        """Where a request goes, and its head up to the value of Content-Length; made once."""
        asked = (url, tuple(headers.items()))
        known = self._parts.get(asked)
        if known is not None:
            return known
        fixed = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if not fixed.isascii() or any("\n" in value or "\r" in value for value in headers.values()):
            raise httpx.LocalProtocolError("a key holds characters that no header may hold")
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        host = parts.netloc.rpartition("@")[2]
        head = (
            f"{path} HTTP/1.1\r\nHost: {host}\r\n{fixed}"
            "Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: "
        )
        known = self._parts[asked] = (parts, head.encode())
        return known

    def _kept(self, netloc: str) -> _Connection | None:
        kept = self._idle.get(netloc, [])
        while kept:
            connection = kept.pop()
            if connection.usable:
                return connection
        return None

    async def _opened(self, parts: SplitResult, whole: float) -> _Connection:
        secure = parts.scheme == "https"
        if secure and self._tls is None:
            self._tls = httpx.create_ssl_context()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(min(self.connect, whole)):
                transport, connection = await loop.create_connection(
                    _Connection,
                    parts.hostname or "",
                    parts.port or (443 if secure else 80),
                    ssl=self._tls if secure else None,
                )
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection") from None
        except OSError as error:
            raise httpx.ConnectError(str(error)) from None
        peer = transport.get_extra_info("peername")
        if peer is not None and is_refused(str(peer[0])):  # where a name leads is only known now
            connection.close()
            raise httpx.ConnectError(metadata_words())
        self._opened_at[parts.netloc] = time.monotonic()
        return connection

    async def _asked(self, netloc: str, connection: _Connection, request: bytes, whole: float) -> Answer:
        try:
            async with asyncio.timeout(whole):
                answer = await connection.ask(request)
        except TimeoutError:
            connection.close()
            raise httpx.ReadTimeout("no answer") from None
        except BaseException:
            connection.close()
            raise
        if connection.usable:
            self._idle.setdefault(netloc, []).append(connection)
        else:
            connection.close()
        return answer


class GeneralClient:
    """The same over httpx, which knows proxies."""

    def __init__(self, *, connect: float, connections: int) -> None:
        self.connect = connect
        self._http = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )
        self._opened_at: dict[str, float] = {}

    async def post(self, url: str, *, json: Any, headers: Mapping[str, str], timeout: float) -> Answered:
        times = httpx.Timeout(timeout, connect=min(self.connect, timeout), pool=None)
        return await self._http.post(url, json=json, headers=headers, timeout=times, extensions=self._noting(url))

    async def get(self, url: str, *, headers: Mapping[str, str], timeout: float) -> Answered:
        return await self._http.get(url, headers=headers, timeout=timeout, extensions=self._noting(url))

    def opened_at(self, url: str) -> float:
        return self._opened_at.get(urlsplit(url).netloc, LONG_AGO)

    def _noting(self, url: str) -> dict[str, Any]:
        async def trace(event: str, info: dict[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                self._opened_at[urlsplit(url).netloc] = time.monotonic()

        return {"trace": trace}

    async def aclose(self) -> None:
        await self._http.aclose()


def is_proxied(url: str) -> bool:
    """Whether the environment names a proxy for this address."""
    parts = urlsplit(url)
    proxies = getproxies()
    return bool(parts.scheme in proxies or "all" in proxies) and not proxy_bypass(parts.hostname or "")
