"""All detectors over one crowd."""

from __future__ import annotations

from dataclasses import dataclass

from annotations.suspicion.detectors.copying import copying
from annotations.suspicion.detectors.finding import Finding, Kind
from annotations.suspicion.detectors.said import Said
from annotations.suspicion.detectors.sameness import constant, positions, runs
from annotations.suspicion.detectors.speed import speed, unusual


@dataclass(frozen=True)
class Found:
    """``tested``: how many people (pairs of people, for copying) had enough labels, by kind. ``unusual_seconds``: under
    which a label is unusually fast in this project, or NaN."""

    findings: list[Finding]
    tested: dict[str, int]
    unusual_seconds: float


def find_all(said: Said) -> Found:
    """Every finding. A stretch of one label is not told again of somebody who always gives it."""
    findings: list[Finding] = []
    tested: dict[str, int] = {}
    for kind, detect in (
        (Kind.SPEED, speed),
        (Kind.CONSTANT, constant),
        (Kind.RUN, runs),
        (Kind.POSITION, positions),
        (Kind.COPYING, copying),
    ):
        found, tested[kind.value] = detect(said)
        findings += found
    always = {(one.people, one.figures["answer"]) for one in findings if one.kind is Kind.CONSTANT}
    told = [one for one in findings if one.kind is not Kind.RUN or (one.people, one.figures["answer"]) not in always]
    return Found(told, tested, unusual(said))
