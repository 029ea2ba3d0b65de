"""What audits measure: an answer beside what is known of its probe; and estimates as JSON. Pure: no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fairness.metrics import Estimate

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Row:
    """An answer beside what is known of its probe. Labels are keys, several where a task allows it.

    ``given`` None: no usable answer. ``favourable``: the label that the metrics count, of this probe's task. ``votes``:
    the label under each order of the options. ``cluster``: shared by the members of a family, and by nobody else.
    ``text``: what was asked about, in words; empty where there are none.
    """

    task: str
    family: str
    cluster: int
    groups: Mapping[str, str]
    truth: frozenset[str]
    given: frozenset[str] | None
    favourable: str
    confidence: float | None
    votes: tuple[frozenset[str], ...] = ()
    text: str = ""


def figure(estimate: Estimate) -> dict[str, Any]:
    """The estimate as JSON."""
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
        "reason": estimate.reason.value if estimate.reason else None,
    }


def clusters_of(rows: Sequence[Row]) -> Array:
    return np.array([row.cluster for row in rows], np.int64)
