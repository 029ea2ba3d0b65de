"""Django's blocking request cycle under an ASGI server: one hop into a thread that stays.

Django's own ASGI handler runs every synchronous middleware, the view and the clean-up as separate hops, in a thread
that ends with its request and takes the database connection with it. Everything here is synchronous but the sockets,
so a request is handed over once, whole, to one of a few threads that are kept. What lasts as long as a client likes, a
large body that arrives or an answer that is streamed, has threads of its own. See docs/adr/0007.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from io import BufferedReader, BytesIO, RawIOBase
from typing import IO, Any

from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponseBase
from django.urls import set_script_prefix
from django.utils.module_loading import import_string

SMALL_BODY = 64 * 1024  # bytes; a body up to this size is read before the hop, a larger one while it is needed
SEND_SECONDS = 120.0  # a client that takes no byte for so long is gone
FOR_PROGRAMS = frozenset(
    {
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.common.CommonMiddleware",
        "evenhand.errors.DomainErrorMiddleware",
    }
)


class ThreadedHandler(ASGIHandler):
    """An ASGI application for HTTP; at most ``threads`` requests are worked on at once, the others wait their turn.

    Up to ``streams`` large uploads and streamed answers go on beside them.
    """

    def __init__(self, *, threads: int, streams: int) -> None:
        BaseHandler.__init__(self)  # ASGIHandler's own would load the middleware in its asynchronous form
        self.load_middleware(is_async=False)
        self._for_browsers: Any = self._middleware_chain  # type: ignore[has-type]
        self._for_programs = self._short_chain()
        self._middleware_chain = self._chosen
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self.streams = ThreadPoolExecutor(streams, thread_name_prefix="stream")

    def _short_chain(self) -> Any:
        """The middleware without what only browsers need: sessions, forms, messages, frames, htmx."""
        chain: Any = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        for name in reversed([name for name in settings.MIDDLEWARE if name in FOR_PROGRAMS]):
            chain = convert_exception_to_response(import_string(name)(chain))
        return chain

    def _chosen(self, request: HttpRequest) -> HttpResponseBase:
        """Programs that show a token at the API get there by the short way, and to the same answer."""
        by_token = request.META.get("HTTP_AUTHORIZATION", "").startswith("Bearer ")
        chain = self._for_programs if by_token and request.path_info.startswith("/api/v1/") else self._for_browsers
        response: HttpResponseBase = chain(request)
        return response

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        loop = asyncio.get_running_loop()
        try:
            body = await _body(receive, loop)
        except RequestAborted:
            return
        small = isinstance(body, BytesIO)
        client = _Client(receive if small else None, send, loop)
        context = copy_context()
        try:
            answer = await loop.run_in_executor(
                self.threads if small else self.streams, context.run, self.answer, scope, body
            )
            if isinstance(answer, HttpResponseBase):
                answer = await loop.run_in_executor(self.streams, context.run, self.stream, answer, client)
        finally:
            client.leave()
        for message in answer:
            await send(message)

    def answer(self, scope: Any, body: IO[bytes]) -> list[dict[str, Any]] | HttpResponseBase:
        """The whole cycle, in one thread: what is to be sent, in order, or a response that is still to be streamed."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal
        try:
            if request is not None:
                response = self.get_response(request)
            if response.streaming:
                return response  # type: ignore[no-any-return]
            messages = [_start(response), {"type": "http.response.body", "body": response.content}]
        except BaseException:
            if response is not None:
                response.close()
            body.close()
            raise
        response.close()  # also tells Django that the request is finished
        body.close()
        return messages

    def stream(self, response: Any, client: _Client) -> list[dict[str, Any]]:
        """Send each block as it is made, in one thread from the first on; returns what is still to be sent."""
        try:
            client.send(_start(response))
            for block in response.streaming_content:
                client.send({"type": "http.response.body", "body": block, "more_body": True})
            return [{"type": "http.response.body", "body": b""}]
        except _ClientGone:
            return []
        finally:
            response.close()  # and with it the request's body


class _ClientGone(Exception):
    """Nobody reads the answer any more."""


class _Client:
    """The way back to the client for a thread that streams. A block is handed over before the next one is made.

    From the first block on somebody listens for the client's going away, unless its request is still arriving
    (``receive`` is None then).
    """

    def __init__(self, receive: Any, send: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._receive, self._send, self._loop = receive, send, loop
        self._gone = False
        self._watch: asyncio.Task[None] | None = None

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True

    async def _forward(self, message: dict[str, Any]) -> None:
        if self._watch is None and self._receive is not None:
            self._watch = asyncio.create_task(self._listen())
        await self._send(message)

    def leave(self) -> None:
        """Nothing more is streamed; called on the loop."""
        if self._watch is not None:
            self._watch.cancel()

    def send(self, message: dict[str, Any]) -> None:
        if self._gone:
            raise _ClientGone
        sent = asyncio.run_coroutine_threadsafe(self._forward(message), self._loop)
        try:
            sent.result(timeout=SEND_SECONDS)
        except (TimeoutError, OSError):
            sent.cancel()
            raise _ClientGone from None


def _start(response: HttpResponseBase) -> dict[str, Any]:
    headers = [(_bytes(name, "ascii"), _bytes(value, "latin1")) for name, value in response.items()]
    headers += [
        (b"Set-Cookie", cookie.output(header="").strip().encode("ascii")) for cookie in response.cookies.values()
    ]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}


def _bytes(text: str | bytes, encoding: str) -> bytes:
    return text.encode(encoding) if isinstance(text, str) else text


async def _body(receive: Any, loop: asyncio.AbstractEventLoop) -> IO[bytes]:
    """The request's body: in memory where it is small, else a stream that fetches the rest as it is read."""
    start = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestAborted
        start += message.get("body", b"")
        if not message.get("more_body", False):
            return BytesIO(start)
        if len(start) > SMALL_BODY:
            return BufferedReader(_Incoming(start, receive, loop), SMALL_BODY)


class _Incoming(RawIOBase):
    """A body that is still arriving, read from a thread. Raises ``OSError`` where the client goes away."""

    def __init__(self, start: bytes, receive: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._blocks = self._arrive(receive, loop)
        self._rest = memoryview(start)

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _arrive(self, receive: Any, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
        more = True
        while more:
            message = asyncio.run_coroutine_threadsafe(receive(), loop).result()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("The client went away before its request was whole.")
            more = message.get("more_body", False)
            yield message.get("body", b"")
