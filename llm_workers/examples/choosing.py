"""Which of many candidates become examples. Pure: no database."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Sequence


def balanced(cells: Sequence[tuple[int, Hashable]], *, count: int, seed: int) -> list[int]:
    """``count`` item ids out of (item id, cell), spread over the cells as evenly as they allow.

    A cell is a label in a group. Cells and the items in each are put in an order that follows from ``seed``, then one
    is taken from each cell in turn. The result is in an order of its own, so that labels do not stand in a pattern.
    """
    by_cell: dict[Hashable, list[int]] = defaultdict(list)
    for item_id, cell in cells:
        by_cell[cell].append(item_id)
    order = sorted(by_cell, key=lambda cell: _place(seed, "cell", repr(cell)))
    queues = [sorted(by_cell[cell], key=lambda item_id: _place(seed, "item", str(item_id))) for cell in order]
    chosen: list[int] = []
    for turn in range(max((len(queue) for queue in queues), default=0)):
        chosen += [queue[turn] for queue in queues if turn < len(queue)]
        if len(chosen) >= count:
            break
    return sorted(chosen[:count], key=lambda item_id: _place(seed, "shown", str(item_id)))


def _place(seed: int, what: str, name: str) -> bytes:
    return hashlib.blake2s(f"{seed}:{what}:{name}".encode(), digest_size=12).digest()
