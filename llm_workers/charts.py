"""Geometry of the charts on the run page: numbers in, numbers for SVG attributes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 520, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 18, 46
GAP = 4


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram: its place, its count, and the range of confidence that it stands for."""

    x: float
    y: float
    width: float
    height: float
    count: int
    low: float
    high: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Tick:
    at: float
    value: float


@dataclass(frozen=True)
class Histogram:
    """``bars`` over ``x_ticks`` (confidence from 0 to 1) and ``y_ticks`` (whole counts). Units: SVG user units."""

    bars: list[Bar]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    left: int = LEFT
    right: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def histogram(counts: Sequence[int]) -> Histogram:
    """Bars of equal width for ``counts`` over equal parts of [0, 1]."""
    top = _nice(max([*counts, 1]))
    room, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    step = room / len(counts)
    bars = []
    for number, count in enumerate(counts):
        height = tall * count / top
        bars.append(
            Bar(
                x=round(LEFT + number * step + GAP / 2, 2),
                y=round(HEIGHT - BOTTOM - height, 2),
                width=round(step - GAP, 2),
                height=round(height, 2),
                count=count,
                low=number / len(counts),
                high=(number + 1) / len(counts),
            )
        )
    x_ticks = [Tick(round(LEFT + room * part / 5, 2), part / 5) for part in range(6)]
    y_values = sorted({0, top // 2, top})
    y_ticks = [Tick(round(HEIGHT - BOTTOM - tall * value / top, 2), value) for value in y_values]
    return Histogram(bars=bars, x_ticks=x_ticks, y_ticks=y_ticks)


def _nice(top: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100 … so that half of it is a whole number too."""
    scale = 1
    while True:
        for step in (2, 4, 10):
            if top <= step * scale:
                return step * scale
        scale *= 10
