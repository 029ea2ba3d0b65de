"""What a detector hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from annotations.agreement.intervals import wilson
from annotations.suspicion.detectors.said import Floats, Ints

MOST_SHOWN = 100  # items of a finding that are kept to look at


class Kind(StrEnum):
    SPEED = "speed"
    CONSTANT = "constant"
    RUN = "run"
    POSITION = "position"
    COPYING = "copying"


@dataclass(frozen=True)
class Finding:
    """A pattern of one person's labels, or of a group's.

    ``telling`` of ``n`` labels (or pairs of labels) show it: ``share``, with Wilson's 95 % interval. ``p``: after
    correction for all the people or pairs that were tested. ``items``: what to look at, the most telling first;
    ``reference``: what the others say of each, or ``UNKNOWN``; ``floor``: the least plausible seconds of each, or NaN.
    ``figures``: what else the kind has to say, by name.
    """

    kind: Kind
    people: tuple[int, ...]
    telling: int
    n: int
    p: float
    items: Ints
    reference: Ints
    floor: Floats = field(default_factory=lambda: np.empty(0))
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def share(self) -> float:
        return self.telling / self.n

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.telling, self.n)
