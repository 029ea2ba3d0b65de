"""What one check says, and how a list of them is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """The result of one check: ``found`` says what is there, in one or more lines, ``mend`` what to do about it (empty
    when all is well). ``details``: the same for programs, where a part consists of several.
    """

    part: str
    status: Status
    found: str
    mend: str = ""
    details: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Check:
    """A named check; ``mend`` is the advice when it fails with an exception that it did not foresee."""

    part: str
    run: Callable[[], Finding]
    mend: str


def perform(check: Check) -> Finding:
    """Run one check; whatever goes wrong in it becomes a finding, for the next part has to be looked
    at too.
    """
    try:
        return check.run()
    except Exception as error:  # noqa: BLE001 - the doctor reports every failure and hides none
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        return Finding(check.part, "fail", reason, check.mend)


def exit_code(findings: Sequence[Finding]) -> int:
    """1 if a part fails; warnings alone give 0."""
    return int(any(finding.status == "fail" for finding in findings))


def as_data(findings: Sequence[Finding]) -> dict[str, Any]:
    parts = [asdict(finding) for finding in findings]
    for part in parts:
        if not part["details"]:
            del part["details"]
    return {"healthy": exit_code(findings) == 0, "parts": parts}


def as_text(findings: Sequence[Finding]) -> str:
    width = max(len(finding.part) for finding in findings)
    lines = []
    for finding in findings:
        first, *others = finding.found.split("\n")
        lines.append(f"{finding.status:<5} {finding.part:<{width}}  {first}")
        lines += [f"{'':<5} {'':<{width}}    {line}" for line in others]
        if finding.mend:
            lines.append(f"{'':<5} {'':<{width}}  → {finding.mend}")
    return "\n".join(lines)
