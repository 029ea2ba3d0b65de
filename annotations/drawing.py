"""What charts that the server draws share: from values to places in the drawing's viewBox, as text for attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Values from ``low`` to ``high`` on the line from ``start`` to ``end``; what lies outside is drawn at its end."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> str:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return f"{self.start + share * (self.end - self.start):.1f}"


@dataclass(frozen=True)
class Tick:
    """A mark on a scale. ``at``: where; ``anchor``: how its label lies to that."""

    at: str
    label: str
    anchor: str = "middle"


def limit(needed: float, limits: Sequence[float]) -> float:
    """The first of ``limits``, which ascend, that holds ``needed``; the last where none does."""
    return next((one for one in limits if one >= needed), limits[-1])


CAP = 4  # half the width of an interval's ends


@dataclass(frozen=True)
class Point:
    """A value with its interval, upright."""

    x: str
    y: str
    low_y: str
    high_y: str
    cap_left: str
    cap_right: str


def point(x: str, up: Scale, value: float, low: float | None, high: float | None) -> Point:
    """The value at ``x`` on the upright scale; without an interval, its ends are the value's."""
    return Point(
        x=x,
        y=up.at(value),
        low_y=up.at(value if low is None else low),
        high_y=up.at(value if high is None else high),
        cap_left=f"{float(x) - CAP:.1f}",
        cap_right=f"{float(x) + CAP:.1f}",
    )
