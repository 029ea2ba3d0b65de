"""Everything about one person as a ZIP archive, made while it is sent: memory holds a few thousand rows at most."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.rights.parts import Part, Row, parts

ROWS = 500  # put into the archive at once
_json = DjangoJSONEncoder(ensure_ascii=False).encode


def archive(user: User) -> Iterator[bytes]:
    """The archive's bytes, in blocks. All its files show one moment of the database."""
    return filter(None, _written(user))


def _written(user: User) -> Iterator[bytes]:
    sink = _Sink()
    now = timezone.now()
    with _one_moment(), ZipFile(sink, "w", ZIP_DEFLATED) as packed:
        for name, blocks in _files(user):
            info = ZipInfo(name, now.timetuple()[:6])
            info.compress_type, info.external_attr = ZIP_DEFLATED, 0o600 << 16
            with packed.open(info, "w") as target:
                for block in blocks:
                    target.write(block)
                    yield sink.drained()
    yield sink.drained()


def _files(user: User) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "README.txt", [_readme().encode()]
    for part in parts():
        yield f"{part.name}.json", _blocks(part.data(user))


def _blocks(data: Row | Iterable[Row]) -> Iterator[bytes]:
    """One object, or a list with one row a line."""
    if isinstance(data, Mapping):
        yield json.dumps(data, ensure_ascii=False, cls=DjangoJSONEncoder, indent=1).encode()
        return
    lines: list[str] = []
    joint = "[\n"
    for row in data:
        lines.append(_json(row))
        if len(lines) == ROWS:
            yield (joint + ",\n".join(lines)).encode()
            joint, lines = ",\n", []
    if lines:
        yield (joint + ",\n".join(lines)).encode()
        joint = ""
    yield b"[]\n" if joint == "[\n" else b"\n]\n"


def _readme() -> str:
    text = _(
        "Everything that this platform stores about you, as of the moment of the download.\n"
        "Times are in UTC. Each file is JSON; lists have one entry a line.\n\n%(files)s\n\n"
        "Not in here: the items that you labelled, which belong to the projects; what other people and models said of\n"
        "them; which items are hidden checks, and figures that would give them away; secrets, which are not stored.\n"
    )
    return text % {"files": "\n".join(_line(part) for part in parts())}


def _line(part: Part) -> str:
    return f"{part.name}.json\n    {part.title}"


@contextmanager
def _one_moment() -> Iterator[None]:
    """A read-only transaction that sees one moment, unless the caller is in a transaction already."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SELECT 1")  # the first question is what fixes the moment
        yield


class _Sink(io.RawIOBase):
    """What was written since it was last drained. It cannot be sought in, so the archive is written straight on."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        return len(part)

    def drained(self) -> bytes:
        data, self._parts = b"".join(self._parts), []
        return data
