"""Geometry of the reliability diagram, as text ready for attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotations.drawing import Point, Scale, Tick, point
from llm_workers.calibration.reading import percent

# The template llm_workers/trust/reliability.html writes 360 × 340 (size), 44 and 350 (ends of the confidence), 290 and
# 10 (ends of the shares), 308 and 332 (texts under it).
ALONG = Scale(0.0, 1.0, 44, 350)
UP = Scale(0.0, 1.0, 290, 10)


@dataclass(frozen=True)
class Reliability:
    """``before`` and ``after``: bins on the same scales; ``across`` and ``levels``: their marks."""

    before: tuple[Point, ...]
    after: tuple[Point, ...]
    across: tuple[Tick, ...]
    levels: tuple[Tick, ...]


def reliability_plot(scope: Mapping[str, Any]) -> Reliability:
    """The diagram of one scope of a calibration."""
    marks = [part / 5 for part in range(6)]
    return Reliability(
        before=tuple(_point(one) for one in scope["before"]["bins"]),
        after=tuple(_point(one) for one in scope["after"]["bins"]),
        across=tuple(Tick(ALONG.at(mark), percent(mark), "end" if mark == 1 else "middle") for mark in marks),
        levels=tuple(Tick(UP.at(mark), percent(mark)) for mark in marks),
    )


def _point(one: Mapping[str, Any]) -> Point:
    return point(ALONG.at(one["confidence"]), UP, one["accuracy"], one["accuracy_low"], one["accuracy_high"])
