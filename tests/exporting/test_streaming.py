"""Downloads that begin before they are read to the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import AsyncRequestFactory, RequestFactory

from annotations.exporting.streaming import download


class Source:
    """Blocks that note how many were read, and whether the reader was closed."""

    def __init__(self, count: int) -> None:
        self.count, self.read, self.closed = count, 0, False

    def blocks(self) -> Iterator[bytes]:
        try:
            for number in range(self.count):
                self.read += 1
                yield b"%d\n" % number
        finally:
            self.closed = True


def _download(request, source: Source):
    return download(request, source.blocks(), filename="f.csv", content_type="text/csv")


async def test_under_asgi_a_block_is_read_when_it_is_wanted():
    source = Source(1000)
    response = _download(AsyncRequestFactory().get("/"), source)
    assert response.is_async
    blocks = aiter(response)
    assert await anext(blocks) == b"0\n"
    assert await anext(blocks) == b"1\n"
    assert source.read == 2


async def test_under_asgi_all_blocks_come_and_the_source_is_closed():
    source = Source(5)
    response = _download(AsyncRequestFactory().get("/"), source)
    assert b"".join([block async for block in response]) == b"0\n1\n2\n3\n4\n"
    assert source.closed


async def test_under_asgi_a_client_that_goes_away_closes_the_source():
    source = Source(1000)
    response = _download(AsyncRequestFactory().get("/"), source)
    await anext(aiter(response))
    response.close()
    assert source.closed
    assert source.read == 1


@pytest.mark.django_db  # the end of a request looks at the connection
def test_under_wsgi_a_client_that_goes_away_closes_the_source():
    source = Source(1000)
    response = _download(RequestFactory().get("/"), source)
    next(iter(response))
    response.close()
    assert source.closed
    assert source.read == 1


def test_under_wsgi_a_block_is_read_when_it_is_wanted():
    source = Source(1000)
    response = _download(RequestFactory().get("/"), source)
    assert not response.is_async
    assert next(iter(response)) == b"0\n"
    assert source.read == 1
