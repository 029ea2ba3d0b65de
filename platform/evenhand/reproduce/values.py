"""A published value beside ours, and the data sets that values are computed from."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Relation(StrEnum):
    """How ours must stand to the target. ``AT_MOST`` and ``AT_LEAST``: being better than published is no failure."""

    EQUAL = "="
    AT_MOST = "≤"
    AT_LEAST = "≥"


class Verdict(StrEnum):
    """``KNOWN``: the published value is not reached, ours is the one that the documentation names, and says what of."""

    HOLDS = "ok"
    KNOWN = "not reached"
    OFF = "OFF"


@dataclass(frozen=True)
class Value:
    """One figure.

    Attributes
    ----------
    tolerance : what rounding in print, or chance, may make of it.
    known : what comes out of the data instead, where the published value is not reached; ``note`` then says more.
    """

    name: str
    target: float
    ours: float
    tolerance: float
    source: str
    relation: Relation = Relation.EQUAL
    known: float | None = None
    note: str = ""

    @property
    def difference(self) -> float:
        return self.ours - self.target

    @property
    def verdict(self) -> Verdict:
        """Whether ours is what was published. What could not be computed (NaN) never is."""
        room = self.tolerance + 1e-9
        reached = {
            Relation.EQUAL: abs(self.difference) <= room,
            Relation.AT_MOST: self.difference <= room,
            Relation.AT_LEAST: self.difference >= -room,
        }
        if reached[self.relation]:
            return Verdict.HOLDS
        is_known = self.known is not None and abs(self.ours - self.known) <= room
        return Verdict.KNOWN if is_known else Verdict.OFF

    def as_json(self) -> dict[str, Any]:
        finite = math.isfinite(self.ours)
        return {
            "name": self.name,
            "target": self.target,
            "relation": self.relation.value,
            "ours": self.ours if finite else None,
            "difference": self.difference if finite else None,
            "tolerance": self.tolerance,
            "verdict": self.verdict.name.lower(),
            "source": self.source,
            "note": self.note,
        }


@dataclass(frozen=True)
class DataSet:
    """Values that need the same files. ``files`` are relative to the data folder; ``origin`` says where they come from.

    ``compute`` takes the data folder; raises ``LookupError``, ``ValueError`` or ``TypeError`` where a file is another.
    """

    name: str
    files: tuple[str, ...]
    origin: str
    compute: Callable[[Path], list[Value]]

    def missing(self, folder: Path) -> list[str]:
        return [name for name in self.files if not (folder / name).is_file()]


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def under(folder: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)
