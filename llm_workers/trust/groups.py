"""Items by the groups of a protected attribute."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


def members(
    attribute: str, combination: Ints, combinations: Sequence[Mapping[str, str]]
) -> Iterator[tuple[str, Flags]]:
    """Each group of the attribute that occurs, in order, with the rows in it (n,); ``combination`` (n,) is the number
    of each row's groups in ``combinations``."""
    found = defaultdict(list)
    for number, groups in enumerate(combinations):
        if attribute in groups:
            found[groups[attribute]].append(number)
    for group in sorted(found):
        inside = np.isin(combination, found[group])
        if inside.any():
            yield group, inside
