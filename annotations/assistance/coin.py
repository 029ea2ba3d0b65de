"""Who goes without a model's label on which item: a coin fixed by a seed, the same however often it is thrown."""

from __future__ import annotations

import hashlib


def coin(seed: int, annotator_id: int, item_id: int) -> float:
    """A number in [0, 1), uniform over pairs of person and item, that nobody without the seed can foresee."""
    digest = hashlib.sha256(f"{seed}:{annotator_id}:{item_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def held_out(seed: int, annotator_id: int, item_id: int, share: float) -> bool:
    return coin(seed, annotator_id, item_id) < share
