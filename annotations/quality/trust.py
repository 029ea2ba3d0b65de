"""How far a person's answers to hidden gold items are to be trusted, and how often to ask again. Pure: no database.

A person is right on a gold item with some probability; before any answer every value is as likely (Beta(1, 1)), after
``right`` and ``wrong`` answers it is Beta(1 + right, 1 + wrong) (Bayes; Laplace's rule of succession for the mean).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from scipy.special import betainc, betaincinv

from annotations.assistance.coin import coin


@dataclass(frozen=True)
class Trust:
    """The posterior of a person's accuracy on gold items, all in [0, 1]: its mean, and its central 95 % interval."""

    right: int
    wrong: int
    mean: float
    low: float
    high: float

    @property
    def answers(self) -> int:
        return self.right + self.wrong


@lru_cache(maxsize=4096)
def trust(right: int, wrong: int) -> Trust:
    """The trust that so many answers earn. Raises ``ValueError`` for a negative count."""
    if right < 0 or wrong < 0:
        raise ValueError("Counts of answers are not negative.")
    a, b = 1 + right, 1 + wrong
    low, high = (float(betaincinv(a, b, at)) for at in (0.025, 0.975))
    return Trust(right, wrong, a / (a + b), low, high)


@lru_cache(maxsize=4096)
def gold_rate(right: int, wrong: int, *, start: float, floor: float, limit: float) -> float:
    """The share of items that should be gold: ``start`` for somebody new, ``floor`` once they are surely good enough.

    It falls with the probability that the person's accuracy lies under ``limit``, relative to what it was before any
    answer: ``floor + (start − floor) · min(1, P(under | answers) / P(under))``. A limit of 0 is read as one half.
    """
    limit = limit or 0.5
    doubt = float(betainc(1 + right, 1 + wrong, limit)) / limit  # Beta(1, 1) has P(under limit) = limit
    return floor + (start - floor) * min(1.0, doubt)


def gold_due(*, seed: int, annotator_id: int, turn: int, rate: float) -> bool:
    """Whether a person's next item should be gold: a coin that falls the same way however often the same ``turn`` (the
    id of the last item given to them) is asked about, and that nobody without the seed can foresee."""
    return coin(seed, annotator_id, turn) < rate


def under_limit(right: int, wrong: int, *, limit: float, min_answers: int) -> bool:
    """Whether a person is to be paused: enough answers, and a mean of the posterior under the limit."""
    return right + wrong >= min_answers and trust(right, wrong).mean < limit
