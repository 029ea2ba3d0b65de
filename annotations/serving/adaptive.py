"""Adaptive redundancy: another label for an item in doubt, up to a maximum. Pure: no database.

An item is certain once its most probable label reaches ``tau``. Until the project has been fitted, the probability is
that of people who are each right with probability ``ACCURACY`` and otherwise pick any other label alike (the one-coin
model of Dawid and Skene, 1979).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from annotations.state import Vote

ACCURACY = 0.8


@dataclass(frozen=True)
class Demand:
    """What the owner asks for: from ``redundancy`` up to ``max_labels`` labels of people (None: fixed), ``tau``."""

    redundancy: int
    max_labels: int | None = None
    tau: float = 0.95
    labels: int = 2


def certainty(votes: Iterable[Vote], *, labels: int, accuracy: float = ACCURACY) -> float:
    """The probability of the most probable label given people's votes, in [0, 1]; 1 ÷ labels where there is none."""
    counts = Counter(vote.token for vote in votes if not vote.is_model)
    size = max(labels, len(counts), 2)
    odds = math.log(accuracy * (size - 1) / (1 - accuracy))  # what one vote adds to its label's log-odds
    if not counts:
        return 1 / size
    top = max(counts.values())
    weights = [math.exp(odds * (count - top)) for count in counts.values()]
    return 1 / (sum(weights) + (size - len(counts)) * math.exp(-odds * top))


def extra_labels(votes: Iterable[Vote], demand: Demand) -> int:
    """Labels to ask for on top of ``demand.redundancy``: those that are there already, and one more while in doubt."""
    if demand.max_labels is None:
        return 0
    votes = list(votes)
    people = sum(not vote.is_model for vote in votes)
    wanted = people
    if people >= demand.redundancy and certainty(votes, labels=demand.labels) < demand.tau:
        wanted = people + 1
    return max(0, min(wanted, demand.max_labels) - demand.redundancy)
