"""Which items are drawn: a coin for each item and stream, fixed by a seed. Pure: no database.

The uniform stream throws an item's coin when it is finished, whatever it is and whatever was said of it. The chosen one
draws where errors are expected, by Poisson sampling: each item by a coin of its own, with a chance in proportion to
its expected error and a floor under it, so that every item might have been drawn and can be weighted by 1/chance.

Source of the sampling: Särndal, Swensson & Wretman (1992), Model assisted survey sampling, section 3.5.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from annotations.models.labelling import Stream
from annotations.state import ItemState

#: Part of the chosen stream's chances that is the same for every item: no weight exceeds 1/FLOOR times the mean one's.
FLOOR = 0.2


@dataclass(frozen=True)
class UniformStream:
    """``StreamRules``, as far as the uniform stream goes by them."""

    share: float
    models_alone: bool
    seed: int


def toss(seed: int, stream: str, item_id: int) -> float:
    """A number in [0, 1), uniform over items, that nobody without the seed can foresee; another for each stream."""
    digest = hashlib.sha256(f"{seed}:{stream}:{item_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def finished(state: ItemState, *, models_alone: bool) -> bool:
    """Whether the item's coin is due. Gold items have none: their label is known, and they come as hidden checks."""
    labelled = bool(state.people or state.models or state.settled)
    return labelled and state.gold is None and (state.complete or (models_alone and bool(state.models)))


def falls_due(before: ItemState | None, after: ItemState, rules: UniformStream) -> bool:
    """Whether this very change finishes the item."""
    was = before is not None and finished(before, models_alone=rules.models_alone)
    return not was and finished(after, models_alone=rules.models_alone)


def is_drawn(item_id: int, rules: UniformStream) -> bool:
    """How the item's coin falls for the uniform stream at the share that is in force."""
    return toss(rules.seed, Stream.AUDIT.value, item_id) < rules.share


def chance(error: float, mean: float, share: float) -> float:
    """The chance to be chosen of an item with this expected ``error``, where the ``mean`` item has ``share``.

    ``π = min(1, share · (FLOOR + (1 - FLOOR) · error / mean))``; ``share`` for all where no error is expected at all.
    """
    if mean <= 0:
        return share
    return min(1.0, share * (FLOOR + (1 - FLOOR) * error / mean))
