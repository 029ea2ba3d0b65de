"""The anchoring effect: how much more often people agree with a model whose label they were shown. Pure numpy.

Difference of two shares, pooled over all labels: agreement with the model where its label was shown, less agreement
where it was held out. The interval is a percentile bootstrap that draws whole people with replacement, because one
person's labels resemble each other more than those of two people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotations.agreement.reasons import ReasonCode, gettext_noop

MIN_PEOPLE = 5  # fewer cannot be drawn in enough ways
MIN_LABELS = 30  # in each of the two arms
DRAWS = 2000
BLOCK = 2_000_000  # cells of drawn counts in memory at a time


class Insufficient(ReasonCode):
    """Why there is no effect to report."""

    NO_LABELS = ("no_labels", gettext_noop("Nobody has labelled an item yet for which the model had a label before."))
    FEW_PEOPLE = (
        "few_people",
        gettext_noop(
            "Fewer than five people have labelled such items, too few to tell a habit of theirs from an effect."
        ),
    )
    FEW_LABELS = (
        "few_labels",
        gettext_noop("With the model's label shown, or without it, there are fewer than thirty labels."),
    )
    NO_INTERVAL = (
        "no_interval",
        gettext_noop("Labels without the model's label come from so few people that no interval can be given."),
    )


@dataclass(frozen=True)
class Arm:
    """Labels given, and how many of them equal the model's."""

    labels: int
    agreeing: int

    @property
    def share(self) -> float | None:
        return self.agreeing / self.labels if self.labels else None


@dataclass(frozen=True)
class Effect:
    """``value`` = share agreeing when shown − when held out, in [-1, 1], with its 95 % interval; None where
    ``insufficient`` says why."""

    people: int
    shown: Arm
    held_out: Arm
    value: float | None
    low: float | None
    high: float | None
    insufficient: Insufficient | None


def anchoring_effect(counts: Sequence[tuple[int, int, int, int]], *, seed: int, draws: int = DRAWS) -> Effect:
    """``counts``: for each person (shown, agreeing when shown, held out, agreeing when held out)."""
    table = np.asarray(counts, dtype=np.int64).reshape(-1, 4)
    table = table[(table[:, 0] + table[:, 2]) > 0]
    total = table.sum(axis=0)
    shown, held = Arm(int(total[0]), int(total[1])), Arm(int(total[2]), int(total[3]))
    people = len(table)
    why = _insufficient(people, shown, held)
    if why is not None or shown.share is None or held.share is None:
        return Effect(people, shown, held, None, None, None, why)
    drawn = _draw(table, np.random.default_rng(seed), draws)
    if len(drawn) < 0.95 * draws:
        return Effect(people, shown, held, None, None, None, Insufficient.NO_INTERVAL)
    low, high = (float(limit) for limit in np.quantile(drawn, [0.025, 0.975]))
    return Effect(people, shown, held, shown.share - held.share, low, high, None)


def _insufficient(people: int, shown: Arm, held: Arm) -> Insufficient | None:
    if not shown.labels and not held.labels:
        return Insufficient.NO_LABELS
    if people < MIN_PEOPLE:
        return Insufficient.FEW_PEOPLE
    if min(shown.labels, held.labels) < MIN_LABELS:
        return Insufficient.FEW_LABELS
    return None


def _draw(table: np.ndarray, rng: np.random.Generator, draws: int) -> np.ndarray:
    """The effect in each drawn crowd that has labels in both arms."""
    people = len(table)
    block = max(1, BLOCK // people)
    found = []
    for start in range(0, draws, block):
        times = rng.multinomial(people, np.full(people, 1 / people), size=min(block, draws - start))
        sums = times @ table
        sums = sums[(sums[:, 0] > 0) & (sums[:, 2] > 0)]
        found.append(sums[:, 1] / sums[:, 0] - sums[:, 3] / sums[:, 2])
    return np.concatenate(found)
