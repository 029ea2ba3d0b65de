"""What every file format gives: rows, one by one, with their number and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

EXCERPT = 300


@dataclass(slots=True)
class Row:
    """A row of data. ``number`` 1 is the first row after any header; ``problem`` says why it has no ``values``."""

    number: int
    values: dict[str, Any]
    problem: str = ""
    raw: str = ""

    def excerpt(self) -> str:
        """The row in at most 300 characters that the database can store."""
        text = self.raw or " · ".join(str(value) for value in self.values.values() if value not in (None, ""))
        text = text[: EXCERPT * 2].replace("\x00", "�").encode("utf-8", "replace").decode()
        text = " ".join(text.split())
        return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


class Reader(Protocol):
    """``columns`` are known once the reader is made (JSONL: the keys of the first rows). Memory stays flat."""

    columns: list[str]

    def __init__(self, stream: BinaryIO) -> None:
        """Read the head of ``stream``; raises ``BrokenFile``."""

    def rows(self) -> Iterator[Row]:
        """All rows; raises ``BrokenFile`` where the file breaks off."""

    def bytes_read(self) -> int:
        """How far into the file the rows given so far reach."""
