"""Seeded chance that is the same on every machine and every Python version.

Of the standard library's generator only ``random()`` is promised to stay the same from version to version, so
everything else is computed from it here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from random import Random
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")
_NORMAL = NormalDist()


class Chance:
    """A stream of draws that depends on the given parts alone: the same parts, the same draws."""

    def __init__(self, *parts: object) -> None:
        self._random = Random("\x1f".join(map(str, parts)))  # noqa: S311 - a simulation, no secret

    def unit(self) -> float:
        """A number from [0, 1)."""
        return self._random.random()

    def happens(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def between(self, low: float, high: float) -> float:
        """A number spread evenly over [low, high)."""
        return low + (high - low) * self.unit()

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely; raises ``IndexError`` for none."""
        return choices[int(self.unit() * len(choices))]

    def shuffled(self, values: Iterable[T]) -> list[T]:
        """The values in a random order."""
        return [value for _, _, value in sorted((self.unit(), place, value) for place, value in enumerate(values))]

    def lognormal(self, median: float, spread: float) -> float:
        """A positive number around ``median``; ``spread`` is the standard deviation of its logarithm."""
        # 1 - u lies in (0, 1], and the largest double below 1 keeps the quantile finite.
        quantile = _NORMAL.inv_cdf(min(1.0 - self.unit(), 1.0 - 2.0**-53))
        return median * math.exp(spread * quantile)
