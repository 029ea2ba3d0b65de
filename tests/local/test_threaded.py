"""The way of a request from the ASGI server into a thread and back, streamed both ways."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse, UnreadablePostError
from django.urls import path

from evenhand.threaded import SMALL_BODY, ThreadedHandler

SEEN: dict[str, Any] = {}


def echo(request: HttpRequest) -> HttpResponse:
    SEEN["thread"] = threading.current_thread().name
    return HttpResponse(request.body, headers={"X-Length": str(len(request.body))})


def size(request: HttpRequest) -> HttpResponse:
    total = 0
    try:
        while block := request.read(10_000):
            total += len(block)
    except UnreadablePostError:
        SEEN["cut"] = total
        return HttpResponse("cut", status=400)
    response = HttpResponse(str(total))
    response.set_cookie("seen", "1")
    return response


def count(request: HttpRequest) -> StreamingHttpResponse:
    def numbers() -> Iterator[bytes]:
        SEEN["thread"] = threading.current_thread().name
        try:
            for number in range(10_000):
                SEEN["made"] = number
                yield b"%d\n" % number
        finally:
            SEEN["closed"] = True

    return StreamingHttpResponse(numbers())


def who(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return HttpResponse(str(cursor.fetchone()[0]))


def fails(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [
    path("echo", echo),
    path("size", size),
    path("count", count),
    path("who", who),
    path("fails", fails),
]


@pytest.fixture(autouse=True)
def bare(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    settings.ALLOWED_HOSTS = ["*"]
    SEEN.clear()


@pytest.fixture
def handler() -> Iterator[ThreadedHandler]:
    made = ThreadedHandler(threads=1, streams=1)
    yield made
    for pool in (made.threads, made.streams):
        pool.submit(lambda: connection.close()).result()
        pool.shutdown()


class Client:
    """A server's side of one request: what it receives, what it is sent."""

    def __init__(self, blocks: list[bytes], *, leaves: bool = False) -> None:
        ends = [{"type": "http.disconnect"}] if leaves else []
        self.incoming = [
            {"type": "http.request", "body": block, "more_body": leaves or number < len(blocks)}
            for number, block in enumerate(blocks, 1)
        ] + ends
        self.sent: list[dict[str, Any]] = []
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self.incoming:
            return self.incoming.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def ask(self, handler: ThreadedHandler, where: str, method: str = "POST") -> None:
        scope = {
            "type": "http",
            "method": method,
            "path": where,
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
            "http_version": "1.1",
        }
        await handler(scope, self.receive, self.send)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


async def test_a_small_request_takes_one_thread_and_comes_back_whole(handler):
    client = Client([b"a", b"b"])
    await client.ask(handler, "/echo")
    start, end = client.sent
    assert (start["status"], end["body"]) == (200, b"ab")
    assert (b"X-Length", b"2") in start["headers"]
    assert SEEN["thread"].startswith("request")


async def test_a_large_body_is_read_while_it_arrives(handler):
    blocks = [b"x" * SMALL_BODY] * 5
    client = Client(blocks)
    await client.ask(handler, "/size")
    assert client.body == str(5 * SMALL_BODY).encode()
    assert any(name == b"Set-Cookie" for name, _value in client.sent[0]["headers"])


async def test_a_client_that_leaves_in_the_middle_of_its_upload_is_told_apart_from_its_end(handler):
    client = Client([b"x" * SMALL_BODY, b"y" * SMALL_BODY], leaves=True)
    await client.ask(handler, "/size")
    assert SEEN["cut"] >= SMALL_BODY
    assert client.sent[0]["status"] == 400


async def test_a_client_that_leaves_before_its_request_is_whole_starts_nothing(handler):
    client = Client([b"x"], leaves=True)
    await client.ask(handler, "/echo")
    assert client.sent == []
    assert "thread" not in SEEN


async def test_a_stream_is_sent_as_it_is_made(handler):
    client = Client([b""])
    await client.ask(handler, "/count", "GET")
    assert client.body.endswith(b"9999\n")
    assert len(client.sent) == 10_002
    assert SEEN["closed"]


async def test_a_reader_that_goes_away_ends_the_stream(handler):
    client = Client([b""])

    async def send(message: dict[str, Any]) -> None:
        client.sent.append(message)
        if len(client.sent) == 10:
            client.gone.set()
            await asyncio.sleep(0.05)

    client.send = send  # type: ignore[method-assign]
    await client.ask(handler, "/count", "GET")
    assert SEEN["closed"]
    assert SEEN["made"] < 9999


@pytest.mark.django_db(transaction=True)
async def test_the_thread_keeps_its_database_connection_between_requests(handler):
    pids = []
    for _ in range(3):
        client = Client([b""])
        await client.ask(handler, "/who", "GET")
        pids.append(client.body)
    assert len(set(pids)) == 1


async def test_an_error_is_an_answer_and_the_thread_goes_on(handler, settings):
    settings.DEBUG = False
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    client = Client([b""])
    await client.ask(handler, "/fails", "GET")
    assert client.sent[0]["status"] == 500
    again = Client([b"still here"])
    await again.ask(handler, "/echo")
    assert again.body == b"still here"


async def test_a_reader_that_takes_its_time_holds_up_no_other_request(handler):
    slow, taken = Client([b""]), asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        slow.sent.append(message)
        if len(slow.sent) == 10:
            await taken.wait()

    slow.send = send  # type: ignore[method-assign]
    download = asyncio.create_task(slow.ask(handler, "/count", "GET"))
    while len(slow.sent) < 10:
        await asyncio.sleep(0.01)
    assert SEEN["thread"].startswith("stream")
    other = Client([b"quick"])
    await asyncio.wait_for(other.ask(handler, "/echo"), 10)
    assert other.body == b"quick"
    taken.set()
    await download
    assert slow.body.endswith(b"9999\n")


async def test_an_upload_that_takes_its_time_holds_up_no_other_request(handler):
    slow, more = Client([b"x" * SMALL_BODY, b"y" * SMALL_BODY, b"z"]), asyncio.Event()
    receive = slow.receive

    async def late() -> dict[str, Any]:
        if len(slow.incoming) == 1:
            await more.wait()
        return await receive()

    slow.receive = late  # type: ignore[method-assign]
    upload = asyncio.create_task(slow.ask(handler, "/size"))
    other = Client([b"quick"])
    await asyncio.wait_for(other.ask(handler, "/echo"), 10)
    assert other.body == b"quick"
    assert not upload.done()
    more.set()
    await upload
    assert slow.body == str(2 * SMALL_BODY + 1).encode()
