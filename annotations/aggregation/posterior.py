"""The posterior of one item from what annotators are known to be worth: no fit, microseconds an item."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Matrix = Sequence[Sequence[float]]  # P(said | true), the true label in rows
LOWEST = 1e-12


@dataclass(frozen=True)
class Skills:
    """What a fit learnt, by annotator. ``labels`` names rows and columns of every matrix.

    One of three kinds, in this order: ``worth`` (a vote's weight; posteriors are shares of votes), ``ability`` (GLAD's;
    with an item's easiness it makes the chance to be right), else ``matrices`` (confusion). Annotators who are missing
    count as the ``common`` matrix, ``common_worth`` or ``common_ability`` says.
    """

    labels: tuple[str, ...]
    prior: tuple[float, ...]
    common: Matrix
    matrices: Mapping[Hashable, Matrix] = field(default_factory=dict)
    worth: Mapping[Hashable, float] | None = None
    ability: Mapping[Hashable, float] | None = None
    common_worth: float = 1.0
    common_ability: float = 1.0

    def right(self, annotator: Hashable) -> float:
        """How probably an annotator's label is right, over the labels as they occur."""
        matrix = self.matrices.get(annotator, self.common)
        return sum(p * matrix[k][k] for k, p in enumerate(self.prior))


def posterior(
    votes: Iterable[tuple[Hashable, str]] | Iterable[tuple[Hashable, str, float]],
    skills: Skills,
    labels: Sequence[str],
    *,
    easiness: float = 1.0,
) -> dict[str, float]:
    """P(true label | votes) for each of ``labels`` and of the labels in ``votes``; it sums to 1.

    ``votes``: (annotator, label) or (annotator, label, weight), a weight in [0, 1] for one that counts less. Without
    votes it is the prior. A label that the fit has not seen is taken as one more label that an annotator mistakes as
    often as the others.
    """
    cast = [(vote[0], vote[1], float(vote[2]) if len(vote) > 2 else 1.0) for vote in votes]
    names = list(dict.fromkeys([*labels, *(label for _annotator, label, _weight in cast)]))
    if skills.worth is not None:
        return _shares(cast, skills, names)
    known = {label: number for number, label in enumerate(skills.labels)}
    floor = min((p for p in skills.prior if p > 0), default=1.0)
    scores = [math.log(max(skills.prior[known[name]] if name in known else floor, LOWEST)) for name in names]
    for annotator, said, weight in cast:
        if weight <= 0:
            continue
        for number, true in enumerate(names):
            chance = _chance(skills, known, annotator, said=said, true=true, easiness=easiness, n_labels=len(names))
            scores[number] += weight * math.log(max(chance, LOWEST))
    peak = max(scores)
    odds = [math.exp(score - peak) for score in scores]
    total = sum(odds)
    return {name: odd / total for name, odd in zip(names, odds, strict=True)}


def _chance(
    skills: Skills,
    known: Mapping[str, int],
    annotator: Hashable,
    *,
    said: str,
    true: str,
    easiness: float,
    n_labels: int,
) -> float:
    if skills.ability is None and said in known and true in known:
        return float(skills.matrices.get(annotator, skills.common)[known[true]][known[said]])
    if skills.ability is None:
        right = skills.right(annotator)
    else:
        strength = skills.ability.get(annotator, skills.common_ability) * easiness
        right = 1 / (1 + math.exp(-max(min(strength, 30.0), -30.0)))
    return right if said == true else (1 - right) / max(n_labels - 1, 1)


def _shares(votes: Sequence[tuple[Hashable, str, float]], skills: Skills, names: Sequence[str]) -> dict[str, float]:
    totals = dict.fromkeys(names, 0.0)
    worth = skills.worth or {}
    for annotator, label, weight in votes:
        totals[label] += weight * worth.get(annotator, skills.common_worth)
    whole = sum(totals.values())
    return {name: total / whole if whole else 1 / len(totals) for name, total in totals.items()}
