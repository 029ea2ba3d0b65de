"""Sending rows while they are read, under ASGI and under WSGI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse


class AsyncBlocks:
    """An iterator that blocks, as one that an event loop can wait for.

    Every step runs in the request's own thread. Django would otherwise read a blocking iterator to its end, into
    memory, before it sends the first byte. ``close`` is called by the response, also when the client has gone away.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        following = sync_to_async(self._next, thread_sensitive=True)
        while (block := await following()) is not None:
            yield block

    def _next(self) -> bytes | None:
        return next(self._blocks, None)

    def close(self) -> None:
        close = getattr(self._blocks, "close", None)
        if close is not None:
            close()


def download(
    request: HttpRequest, blocks: Iterator[bytes], *, filename: str, content_type: str
) -> StreamingHttpResponse:
    """A download of ``blocks`` that begins at once and never lies in memory as a whole."""
    content = AsyncBlocks(blocks)
    response = StreamingHttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Accel-Buffering"] = "no"  # nginx passes each block on as it comes
    return response
