"""Adaptive redundancy: another label for an item in doubt, up to a maximum. Pure: no database.

An item is certain once its most probable label reaches ``tau``. The probability is that of the project's last fit: what
each person's label tells, and how common the labels are. Until there is one, it is that of people who are each right
with probability ``ACCURACY`` and otherwise pick any other label alike (the one-coin model of Dawid and Skene, 1979).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from annotations.aggregation.adaptive import LOWEST, WEIGHT
from annotations.state import Vote

ACCURACY = 0.8


@dataclass(frozen=True)
class Worth:
    """What a fit found of one person. ``told``: for each label said, the logarithms of P(said | true) for each true
    one (see ``annotations.aggregation.adaptive.told``)."""

    labels: int
    skill: float
    told: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Learnt:
    """The last fit. ``tokens`` names the labels of ``prior`` and of what is ``told``; ``accuracy`` is that of all
    people together; ``people``: annotator id → ``Worth``, of those whom it takes."""

    tokens: tuple[str, ...]
    prior: tuple[float, ...]
    accuracy: float
    people: Mapping[int, Worth] = field(default_factory=dict)


@dataclass(frozen=True)
class Demand:
    """What the owner asks for: from ``redundancy`` up to ``max_labels`` labels of people (None: fixed), ``tau``.

    ``learnt``: None before the first fit.
    """

    redundancy: int
    max_labels: int | None = None
    tau: float = 0.95
    labels: int = 2
    learnt: Learnt | None = None

    def raised_by(self, more: int) -> Demand:
        """With so many labels more from the start; the most that an item gets is no less than that."""
        redundancy = self.redundancy + more
        most = None if self.max_labels is None else max(self.max_labels, redundancy)
        return replace(self, redundancy=redundancy, max_labels=most)


def certainty(votes: Iterable[Vote], *, labels: int, learnt: Learnt | None = None) -> float:
    """The probability of the most probable label given people's votes, in [0, 1]; ``labels``: how many are offered."""
    votes = [vote for vote in votes if not vote.is_model]
    if learnt is not None:
        return _fitted(votes, learnt)
    counts = Counter(vote.token for vote in votes)
    size = max(labels, len(counts), 2)
    odds = math.log(ACCURACY * (size - 1) / (1 - ACCURACY))  # what one vote adds to its label's log-odds
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
    if people >= demand.redundancy and certainty(votes, labels=demand.labels, learnt=demand.learnt) < demand.tau:
        wanted = people + 1
    return max(0, min(wanted, demand.max_labels) - demand.redundancy)


def _fitted(votes: Sequence[Vote], learnt: Learnt) -> float:
    """The same by the last fit. A label that it has not seen is as rare as the rarest that it has."""
    names = [*learnt.tokens, *sorted({vote.token for vote in votes} - set(learnt.tokens))]
    floor = min((share for share in learnt.prior if share > 0), default=1.0)
    prior = [*learnt.prior, *[floor] * (len(names) - len(learnt.prior))]
    scores = [math.log(max(share, LOWEST)) for share in prior]
    place = {token: number for number, token in enumerate(names)}
    for vote in votes:
        for true, log in enumerate(_tells(vote, place[vote.token], len(names), learnt)):
            scores[true] += log
    peak = max(scores)
    return 1 / sum(math.exp(score - peak) for score in scores)


def _tells(vote: Vote, said: int, size: int, learnt: Learnt) -> Sequence[float]:
    """The logarithm of P(this vote | true label), for each true one."""
    worth = learnt.people.get(vote.annotator_id)
    if worth is not None and len(worth.told) == size:
        return worth.told[said]
    right = learnt.accuracy
    if worth is not None:
        right = (worth.skill * worth.labels + right * WEIGHT) / (worth.labels + WEIGHT)
    wrong = (1 - right) / max(size - 1, 1)
    logs = [math.log(max(wrong, LOWEST))] * size
    logs[said] = math.log(max(right, LOWEST))
    return logs
