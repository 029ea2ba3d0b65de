"""Programs with a token reach the API past what only browsers need, and get the same answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from accounts.services.tokens import token_create
from evenhand.threaded import ThreadedHandler
from tests.factories import make_cast, make_items

FOR_BROWSERS = {b"Content-Security-Policy", b"X-Frame-Options"}


@pytest.fixture
def handler(settings: Any) -> Iterator[ThreadedHandler]:
    settings.ALLOWED_HOSTS = ["*"]
    made = ThreadedHandler(threads=1, streams=1)
    yield made
    made.threads.submit(lambda: connection.close()).result()
    made.threads.shutdown()


def ask(handler: ThreadedHandler, path: str, token: str, body: object = None) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[dict[str, Any]] = []
    content = b"" if body is None else json.dumps(body).encode()
    messages = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"authorization", token.encode())]
    headers.append((b"content-length", str(len(content)).encode()))
    scope = {
        "type": "http", "method": "GET" if body is None else "POST", "path": path, "query_string": b"",
        "headers": headers, "http_version": "1.1",
    }  # fmt: skip
    asyncio.run(handler(scope, receive, send))
    answer = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], dict(sent[0]["headers"]), answer


@pytest.mark.django_db(transaction=True)
def test_the_short_way_leads_to_the_same_answers(handler):
    cast = make_cast()
    make_items(cast.project, 3)
    _token, raw = token_create(user=cast.wanda, name="program", scopes=["read", "label"])
    project = f"/api/v1/projects/{cast.project.pk}/"
    requests = [
        (f"Bearer {raw}", project, None, 200),
        (f"Bearer {raw}", f"{project}next/", {"holding": "none"}, 400),
        ("Bearer nonsense", project, None, 401),
        (f"Bearer {raw}", f"{project}members/", None, 403),
        (f"Bearer {raw}", "/api/v1/projects/987654/", None, 404),
        (f"Bearer {raw}", "/api/v1/nowhere/", None, 404),
    ]
    for token, path, body, status in requests:
        handler._for_programs, short = handler._for_browsers, handler._for_programs
        whole = ask(handler, path, token, body)
        handler._for_programs = short
        brief = ask(handler, path, token, body)
        assert (brief[0], brief[2]) == (whole[0], whole[2])
        assert brief[0] == status
        assert set(whole[1]) >= FOR_BROWSERS
        assert set(brief[1]).isdisjoint(FOR_BROWSERS)
        assert brief[1][b"X-Content-Type-Options"] == b"nosniff"


@pytest.mark.django_db(transaction=True)
def test_programs_read_json_where_nothing_is_at_an_address(handler):
    _status, headers, body = ask(handler, "/api/v1/nowhere/", "Bearer nonsense")
    assert headers[b"Content-Type"] == b"application/json"
    assert json.loads(body)["error"]["code"] == "not_found"


@pytest.mark.django_db(transaction=True)
def test_whoever_shows_no_token_takes_the_whole_way(handler):
    status, headers, _body = ask(handler, "/api/v1/projects/", "Basic abc")
    assert status == 401
    assert set(headers) >= FOR_BROWSERS
