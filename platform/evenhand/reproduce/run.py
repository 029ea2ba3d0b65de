"""Computing all published values of a data folder, and saying what came out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.reproduce.consensus import CONSENSUS
from evenhand.reproduce.crowds import DICES, HATECHECK, MULTIPICO
from evenhand.reproduce.examples import EXAMPLES
from evenhand.reproduce.questions import BBQ
from evenhand.reproduce.values import DataSet, Relation, Value, Verdict

DATA_SETS: tuple[DataSet, ...] = (EXAMPLES, HATECHECK, MULTIPICO, DICES, CONSENSUS, BBQ)


@dataclass(frozen=True)
class Outcome:
    """The values that could be computed, and in words why others could not."""

    folder: Path
    values: Sequence[Value]
    failures: Sequence[str]

    @property
    def holds(self) -> bool:
        """Every value is reached, and none is missing."""
        return self.holds_as_known and not self.count(Verdict.KNOWN)

    @property
    def holds_as_known(self) -> bool:
        """Nothing is off or missing but what is known not to be reached, and comes out as known."""
        return not self.failures and not self.count(Verdict.OFF)

    def count(self, verdict: Verdict) -> int:
        return sum(value.verdict is verdict for value in self.values)

    def as_json(self) -> dict[str, Any]:
        return {
            "data": str(self.folder),
            "holds": self.holds,
            "values": [value.as_json() for value in self.values],
            "failures": list(self.failures),
        }


def reproduce(folder: Path, data_sets: Iterable[DataSet] = DATA_SETS) -> Outcome:
    """Compute every value; a data set that is missing or cannot be read is a failure, and the others go on."""
    values: list[Value] = []
    failures: list[str] = []
    for data_set in data_sets:
        if missing := data_set.missing(folder):
            failures.append(
                f"{data_set.name}: {', '.join(missing)} not found in {folder}. "
                f"Get the data set from {data_set.origin}, or name another folder with --data."
            )
            continue
        try:
            values += data_set.compute(folder)
        except (LookupError, ValueError, TypeError) as error:
            failures.append(
                f"{data_set.name}: the files in {folder} are not what was published ({type(error).__name__}: {error}). "
                f"Get them anew from {data_set.origin}."
            )
    return Outcome(folder, values, failures)


def as_text(outcome: Outcome) -> str:
    """A line for each value: whether it holds, target, ours, difference, tolerance, source."""
    lines = [f"{'':12}{'value':58}{'target':>10}{'ours':>10}{'difference':>12}{'tolerance':>11}  source"]
    for value in outcome.values:
        target = f"{value.target:g}" if value.relation is Relation.EQUAL else f"{value.relation} {value.target:g}"
        lines.append(
            f"{value.verdict:12}{value.name:58}{target:>10}{value.ours:>10.4f}"
            f"{value.difference:>+12.4f}{value.tolerance:>11g}  {value.source}"
        )
    notes = dict.fromkeys(value.note for value in outcome.values if value.note)
    lines += ["", *(f"Note: {note}" for note in notes)] if notes else []
    lines += ["", *outcome.failures] if outcome.failures else []
    holds, known, off = (outcome.count(verdict) for verdict in Verdict)
    lines += ["", f"{holds} values hold, {known} known not to be reached, {off} off; data: {outcome.folder}"]
    return "\n".join(lines)
