"""HateCheck (Röttger et al., ACL 2021): 3,901 short messages, each labelled by five of ten trained annotators.

The two published files are joined here, as somebody would who wants to upload one: the labels are in one of them, and
the identity that a message targets, the protected attribute, is in the other.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "hatecheck"
LABELLED, SUITE = FOLDER / "all_annotations.csv", FOLDER / "test_suite_cases.csv"
LABEL_COLUMNS = [f"label_{number}" for number in range(1, 11)]
COLUMNS = ["case_id", "functionality", "test_case", "label_gold", "target_ident", *LABEL_COLUMNS]
CHUNK = 64 * 1024  # bytes that leave at once


@dataclass(frozen=True)
class HateCheck:
    """The joined rows: a cell is empty where there is no label or no identity."""

    rows: list[dict[str, str]]

    @property
    def labels(self) -> int:
        return sum(bool(row[column]) for row in self.rows for column in LABEL_COLUMNS)

    @property
    def groups(self) -> Counter[str]:
        """Messages per identity, those without one left out."""
        return Counter(row["target_ident"] for row in self.rows if row["target_ident"])

    @property
    def gold(self) -> dict[str, str]:
        """Text, as the platform shows it, → the label that its authors meant."""
        return {row["test_case"].strip(): row["label_gold"] for row in self.rows}

    @property
    def disputed(self) -> int:
        """Messages that got both labels."""
        return sum(len({row[column] for column in LABEL_COLUMNS if row[column]}) > 1 for row in self.rows)

    def csv(self) -> Iterator[bytes]:
        """The rows as one CSV file, in pieces."""
        echo = _Echo()
        writer = csv.DictWriter(echo, COLUMNS, lineterminator="\n")  # type: ignore[type-var]
        writer.writeheader()
        for row in self.rows:
            writer.writerow(row)
            if echo.size >= CHUNK:
                yield echo.take()
        yield echo.take()


class _Echo:
    """A file that gives back what was written."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0

    def write(self, text: str) -> int:
        self.parts.append(text)
        self.size += len(text)
        return len(text)

    def take(self) -> bytes:
        text, self.parts, self.size = "".join(self.parts), [], 0
        return text.encode()


def load() -> HateCheck:
    """Every labelled message, with the identity that the suite gives for it; some are in the first file alone."""
    identities = {row["case_id"]: row["target_ident"] for row in _read(SUITE)}
    rows = [{**row, "target_ident": identities.get(row["case_id"], "")} for row in _read(LABELLED)]
    return HateCheck([{column: row[column] for column in COLUMNS} for row in rows])


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
