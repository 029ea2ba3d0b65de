"""Downloads that begin before they are read to the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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


def _download(source: Source):
    return download(source.blocks(), filename="f.csv", content_type="text/csv")


@pytest.mark.django_db  # the end of a request looks at the connection
def test_a_client_that_goes_away_closes_the_source():
    source = Source(1000)
    response = _download(source)
    next(iter(response))
    response.close()
    assert source.closed
    assert source.read == 1


def test_a_block_is_read_when_it_is_wanted():
    source = Source(1000)
    assert next(iter(_download(source))) == b"0\n"
    assert source.read == 1
