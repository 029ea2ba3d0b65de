"""The uploaded file itself, in the default storage for as long as it is needed."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from ledger.errors import DomainError

CHUNK = 1 << 20


class _Chunks(File):  # type: ignore[type-arg]
    """A file that storage can save while it comes in; notes its size and SHA-256."""

    def __init__(self, chunks: Iterable[bytes], name: str) -> None:
        self._source: Iterator[bytes] = iter(chunks)
        self._rest = b""
        self._digest = hashlib.sha256()
        self.received = 0
        self.name = name
        self.mode = "rb"
        self.file = self  # type: ignore[assignment]  # storages that upload from a file object read from here

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while block := self.read(chunk_size or CHUNK):
            yield block

    def read(self, size: int = -1) -> bytes:
        parts, have = [self._rest] if self._rest else [], len(self._rest)
        while size < 0 or have < size:
            chunk = next(self._source, None)
            if chunk is None:
                break
            self._digest.update(chunk)
            self.received += len(chunk)
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        data, self._rest = (data, b"") if size < 0 else (data[:size], data[size:])
        return data

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self._source = iter(())

    @property
    def closed(self) -> bool:
        return False

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def store_upload(*, folder: str, ending: str, chunks: Iterable[bytes]) -> tuple[str, int, str]:
    """Write ``chunks`` to the storage as they come; (name in the storage, bytes, SHA-256 in hex).

    Raises ``DomainError`` (507) where the disk is full.
    """
    name = f"{folder}/{get_random_string(24)}.{ending}"
    upload = _Chunks(chunks, name)
    try:
        stored = default_storage.save(name, upload)
    except OSError as error:
        remove_upload(name)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            text = _("The file could not be stored: the disk is full. Make room, or ask whoever runs this server to.")
            raise DomainError("disk_full", text, 507) from None
        raise
    return stored, upload.received, upload.sha256


def open_upload(name: str) -> BinaryIO:
    """The stored file, for reading; raises ``DomainError`` (410) where it is gone."""
    try:
        return cast(BinaryIO, default_storage.open(name, "rb"))
    except FileNotFoundError:
        text = _("The uploaded file is not there any more. Upload it again.")
        raise DomainError("upload_gone", text, 410) from None


def remove_upload(name: str) -> None:
    """Delete the stored file; one that is gone already is no error."""
    if name:
        default_storage.delete(name)


def chunks_of(stream: Any) -> Iterator[bytes]:
    """A request body, or any file, block by block."""
    while block := stream.read(CHUNK):
        yield block
