"""Which texts and ids may have been stored already: a Bloom filter, so that most rows of a file need no look-up.

It may say "maybe" of what was never there (once in some ten thousand times at a million rows, once in ten at fifty
million), never "no" of what was. Memory: 64 MiB, whatever the file's size. Source: Bloom, B. H. (1970), "Space/time
trade-offs in hash coding with allowable errors".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BITS = 28  # of an address in the filter, which has 2 ** BITS bits
_PLACES = np.uint64((1 << BITS) - 1)


class Seen:
    """Remembers 64-bit hashes; two bits each."""

    def __init__(self) -> None:
        self._bytes = np.zeros(1 << (BITS - 3), dtype=np.uint8)

    def add(self, hashes: Sequence[int]) -> list[bool]:
        """For each of ``hashes`` (signed or not) whether it may have been added before; then adds them all."""
        numbers = np.array(hashes, dtype=np.int64).astype(np.uint64)
        known = np.ones(len(numbers), dtype=bool)
        marks = []
        for places in (numbers & _PLACES, (numbers >> np.uint64(BITS)) & _PLACES):
            index, bit = (
                (places >> np.uint64(3)).astype(np.int64),
                np.uint8(1) << (places & np.uint64(7)).astype(np.uint8),
            )
            known &= (self._bytes[index] & bit) != 0
            marks.append((index, bit))
        for index, bit in marks:
            np.bitwise_or.at(self._bytes, index, bit)
        return known.tolist()
