"""Lines of a UTF-8 file, read in blocks, with the place of every byte that is no UTF-8."""

from __future__ import annotations

import codecs
import itertools
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from annotations.importing.errors import BrokenFile

BLOCK = 1 << 20
MAX_LINE = 8 << 20  # bytes; a longer "line" is a file of another kind
_OTHER_ENCODINGS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


class Lines:
    """Iterates over decoded lines, ends kept.

    ``number``: lines given so far; ``offset``: the bytes that they took. ``bad_byte``: position in the file of the
    first byte since ``forget()`` that is no UTF-8, else None (the line then holds U+FFFD in its place).
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._source = self._split()
        self._ahead: deque[bytes] = deque()
        self.number = 0
        self.offset = 0
        self.bad_byte: int | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._ahead.popleft() if self._ahead else next(self._source)
        self.number += 1
        try:
            line = raw.decode()
        except UnicodeDecodeError as error:
            line = raw.decode(errors="replace")
            if self.bad_byte is None:
                self.bad_byte = self.offset + error.start
        self.offset += len(raw)
        return line

    def peek(self, count: int) -> list[str]:
        """The next ``count`` lines or fewer, which will still be given."""
        self._ahead.extend(itertools.islice(self._source, max(0, count - len(self._ahead))))
        return [raw.decode(errors="replace") for raw in itertools.islice(self._ahead, count)]

    def forget(self) -> None:
        self.bad_byte = None

    def _without_mark(self, raw: bytes) -> bytes:
        for mark, name in _OTHER_ENCODINGS.items():
            if raw.startswith(mark):
                text = _("The file is encoded as %(encoding)s. Save it as UTF-8 and upload it again.")
                raise BrokenFile(text % {"encoding": name}, "wrong_encoding")
        if raw.startswith(codecs.BOM_UTF8):
            self.offset = len(codecs.BOM_UTF8)
            return raw[len(codecs.BOM_UTF8) :]
        return raw

    def _split(self) -> Iterator[bytes]:
        rest, started = b"", False
        while block := self._stream.read(BLOCK):
            if not started:
                block, started = self._without_mark(block), True
            lines = (rest + block).split(b"\n") if rest else block.split(b"\n")
            rest = lines.pop()
            for line in lines:
                yield line + b"\n"
            if len(rest) > MAX_LINE:
                text = _("Line %(line)s is longer than 8 MB: this is not a text file with one row per line.")
                raise BrokenFile(text % {"line": self.number + 1})
        if rest:
            yield rest


def encoding_problem(position: int) -> str:
    """The reason given for a row, or a header, that is not UTF-8."""
    return _("Not UTF-8: byte %(position)s of the file cannot be read. Save the file as UTF-8.") % {
        "position": position + 1
    }
