"""Made-up crowds: honest people of different skill, lures that many fall for, and what is planted among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotations.suspicion.detectors import Said


@dataclass
class Crowd:
    """``answers``: (n_items, n_people), −1 where there is none; ``seconds`` and ``at`` likewise; ``words`` per item."""

    truth: np.ndarray
    answers: np.ndarray
    seconds: np.ndarray
    at: np.ndarray
    words: np.ndarray
    chance: np.random.Generator

    def said(self, **given: Any) -> Said:
        item, person = np.nonzero(self.answers >= 0)
        label = self.answers[item, person]
        columns = {
            "seconds": self.seconds[item, person],
            "at": self.at[item, person],
            "words": self.words,
        }
        return Said.plain(item, person, label, **(columns | given))


def crowd(
    seed: int,
    *,
    items: int = 400,
    people: int = 20,
    labels: int = 3,
    each: int = 3,
    prior: list[float] | None = None,
    skill: tuple[float, float] = (8, 2),
    words_per_minute: tuple[float, float] = (180, 450),
) -> Crowd:
    """Honest people: skills are Beta-distributed, a fifth of the items lures half of those who read it to one wrong
    label, everybody has a speed of reading of their own and chooses within about a second."""
    chance = np.random.default_rng(seed)
    truth = chance.choice(labels, items, p=prior)
    given = chance.random((items, people)).argsort(axis=1) < each
    right = chance.random((items, people)) < chance.beta(*skill, people)
    other = (truth[:, None] + chance.integers(1, labels, (items, people))) % labels
    answers = np.where(right, truth[:, None], other)
    lured = (chance.random(items) < 0.2)[:, None] & (chance.random((items, people)) < 0.5)
    answers = np.where(lured, ((truth + 1) % labels)[:, None], answers)
    words = chance.integers(8, 60, items).astype(float)
    reading = words[:, None] * 60 / chance.uniform(*words_per_minute, people)
    seconds = (reading + chance.lognormal(0, 0.4, (items, people))) * chance.lognormal(0, 0.25, (items, people))
    at = chance.uniform(0, 7 * 86400, (items, people))
    return Crowd(truth, np.where(given, answers, -1), seconds, at, words, chance)


def plant_constant(made: Crowd, person: int, label: int = 0) -> None:
    made.answers[:, person] = np.where(made.answers[:, person] >= 0, label, -1)


def plant_copy(made: Crowd, source: int, copier: int, *, share: float = 1.0) -> None:
    """The copier takes over ``share`` of what the source says, a minute later, and labels the rest honestly."""
    copied = (made.answers[:, source] >= 0) & (made.chance.random(len(made.truth)) < share)
    made.answers[copied, copier] = made.answers[copied, source]
    made.at[copied, copier] = made.at[copied, source] + made.chance.uniform(5, 90, int(copied.sum()))
