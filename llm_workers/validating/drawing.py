"""The reliability diagram: of the labels with about the same score, how many are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotations.drawing import Scale, Tick

X, Y = Scale(0, 1, 44, 350), Scale(0, 1, 250, 14)


@dataclass(frozen=True)
class Dot:
    """Labels whose score is about ``score``: their mean score, and the share of them that is right."""

    x: str
    y: str
    labels: int
    score: str
    right: str


@dataclass(frozen=True)
class Reliability:
    dots: list[Dot]
    x_ticks: list[Tick]
    y_ticks: list[Tick]


def reliability(bins: Sequence[Sequence[float]]) -> Reliability | None:
    """The diagram of (labels, mean score, share right) bins; None without any."""
    if not bins:
        return None
    dots = [
        Dot(X.at(score), Y.at(right), int(count), f"{100 * score:.0f} %", f"{100 * right:.0f} %")
        for count, score, right in bins
    ]
    marks = [number / 4 for number in range(5)]
    return Reliability(
        dots,
        [Tick(X.at(mark), f"{100 * mark:.0f} %") for mark in marks],
        [Tick(Y.at(mark), f"{100 * mark:.0f} %") for mark in marks],
    )
