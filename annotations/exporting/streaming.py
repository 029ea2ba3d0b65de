"""Sending rows while they are read."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import StreamingHttpResponse


def download(blocks: Iterator[bytes], *, filename: str, content_type: str) -> StreamingHttpResponse:
    """A download of ``blocks`` that begins at once and never lies in memory as a whole.

    A block is made when the one before it was handed to the client's connection (see ``evenhand.threaded``);
    ``close`` reaches the source also when the client has gone away.
    """
    response = StreamingHttpResponse(blocks, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Accel-Buffering"] = "no"  # nginx passes each block on as it comes
    return response
