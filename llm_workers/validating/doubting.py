"""Which items are worth an expert's look, though nobody disagrees about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from annotations.aggregation import SettlingTime
from annotations.state import Doubt
from llm_workers.validating.collecting import Collected
from llm_workers.validating.models import VerifierRules
from llm_workers.validating.verifier import Verified

LESS_LIKELY_THAN_NOT = 0.5
HOLDING = 0.8  # of the error that opens a case: it stays open above this, so that it does not come and go


@dataclass(frozen=True)
class Standing:
    """Open cases: ids of items with a case for a low score, ids of items that are disputed, and what is at stake in
    the latter (expected errors per expert minute)."""

    low: set[int] = field(default_factory=set)
    disputed: set[int] = field(default_factory=set)
    at_stake: list[float] = field(default_factory=list)


def doubted(
    found: Collected,
    verified: Verified,
    against: Sequence[tuple[str, ...]],
    *,
    rules: VerifierRules,
    standing: Standing,
    time: SettlingTime,
) -> dict[int, Doubt]:
    """Item id → doubt of the items that should have a case for a low score, those with most at stake.

    An item's score is that of the label that it would end with: what people decided on or, where only models have
    labelled it and the owner wants these too, the label with the highest score. Its expected error is 1 − score.
    Without a threshold of the owner's, an item is doubted where a minute finds as many errors as in the median
    disagreement; where there is none, where its label is more probably wrong than right.
    """
    row = _deciding_row(found, verified.score, models_alone=rules.models_alone)
    there = np.flatnonzero((row >= 0) & ~found.closed)
    there = there[[pk not in standing.disputed for pk in found.item_ids[there].tolist()]]
    error = 1 - verified.score[row[there]]
    minutes = np.array([time.minutes(letters) for letters in found.letters[there].tolist()])
    stake = error / np.maximum(minutes, 1e-9)
    if rules.threshold is not None:
        measure, least = error, 1 - rules.threshold
    elif standing.at_stake:
        measure, least = stake, median(standing.at_stake)
    else:
        measure, least = error, LESS_LIKELY_THAN_NOT
    open_now = np.array([pk in standing.low for pk in found.item_ids[there].tolist()], bool)
    wanted = np.flatnonzero(measure > np.where(open_now, HOLDING, 1.0) * least)
    most = max(int(rules.share * len(found.item_ids)), 1)
    # Among equals those that are open already: a case that comes and goes helps nobody.
    order = wanted[np.lexsort((found.item_ids[there[wanted]], ~open_now[wanted], -stake[wanted]))][:most]
    doubts = {}
    for place in order.tolist():
        label = int(row[there[place]])
        doubts[int(found.item_ids[there[place]])] = Doubt(
            token=found.tokens[int(found.given.label[label])],
            score=round(float(verified.score[label]), 3),
            why=against[label],
            method=verified.method,
        )
    return doubts


def expected_errors(found: Collected, verified: Verified, *, models_alone: bool) -> dict[int, float]:
    """Item id → how probably its label is wrong: 1 − the score of the label that it would end with (see ``doubted``).
    Where nothing is decided it is that of the label with the highest score."""
    row = _deciding_row(found, verified.score, models_alone=models_alone)
    order = np.argsort(verified.score, kind="stable")
    highest = np.full(len(row), -1, np.int64)
    highest[found.given.item[order]] = order  # the last written, the highest, stays
    row = np.where(row >= 0, row, highest)
    there = np.flatnonzero(row >= 0)
    error = np.round(1 - verified.score[row[there]], 4)
    return dict(zip(found.item_ids[there].tolist(), error.tolist(), strict=True))


def _deciding_row(found: Collected, score: Any, *, models_alone: bool) -> Any:
    """The row of the label whose score is the item's, (n_items,); −1 where an item's label is not up for doubt.

    Of people's labels that say what they decided on it is the one with the median score: a careless hand among three
    does not make a label wrong.
    """
    given = found.given
    person = given.base[given.annotator] < 0
    row = np.full(given.n_items, -1, np.int64)
    deciding = np.flatnonzero(person & (given.label == found.consensus[given.item]))
    _take_middle(row, given.item[deciding], score[deciding], deciding)
    if models_alone:
        alone = np.bincount(given.item, person, given.n_items)[given.item] == 0
        of_models = np.flatnonzero(alone)
        order = of_models[np.argsort(score[of_models], kind="stable")]
        row[given.item[order]] = order  # the last written, the highest, stays
    return row


def _take_middle(row: Any, item: Any, score: Any, rows: Any) -> None:
    """Write into ``row`` for each item the one of its ``rows`` with the median score, the lower of two."""
    order = np.lexsort((score, item))
    names, first, count = np.unique(item[order], return_index=True, return_counts=True)
    row[names] = rows[order[first + (count - 1) // 2]]
