"""Whether a candidate answers similar probes alike, over all and for each group. Pure: no database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fairness.audits.alike import neighbours_by_words, without_groups
from fairness.audits.rows import Array, Row, clusters_of, figure
from fairness.metrics import NEIGHBOURS, neighbour_consistency


def consistency_of(rows: Sequence[Row], attributes: Sequence[str], min_group: int) -> dict[str, Any]:
    """Whether similar probes get the same label: over all, and of each group's. ``truth``: how often the right labels
    of the same neighbours are the same, which is what a model has that is always right."""
    kept, near = _neighbours(rows)
    given = [(row.task, *sorted(row.given or ())) for row in kept]
    true = [(row.task, *sorted(row.truth)) for row in kept]
    clusters = clusters_of(kept)

    def of(labels: list[tuple[str, ...]], groups: list[str] | None = None) -> Any:
        return neighbour_consistency(_codes(labels), near, groups=groups, min_group=min_group, clusters=clusters)

    return {
        "neighbours": NEIGHBOURS,
        "overall": figure(of(given).overall),
        "truth": figure(of(true).overall),
        "attributes": {
            name: {
                group: figure(one)
                for group, one in sorted(of(given, [row.groups.get(name, "") for row in kept]).by_group.items())
                if group
            }
            for name in attributes
        },
    }


def with_neighbours(rows: Sequence[Row]) -> list[Row]:
    """The answers that the consistency of neighbours is of."""
    return _neighbours(rows, find=False)[0]


def _neighbours(rows: Sequence[Row], *, find: bool = True) -> tuple[list[Row], Array]:
    """Answers to texts that have words, of tasks with enough of them, and for each its neighbours' places."""
    plain = without_groups([row.text for row in rows], [row.family for row in rows], [row.groups for row in rows])
    kept: list[Row] = []
    places = [np.empty((0, NEIGHBOURS), np.intp)]
    for task in sorted({row.task for row in rows}):
        texts = ((row, text) for row, text in zip(rows, plain, strict=True) if text)
        own = [(row, text) for row, text in texts if row.task == task and row.given is not None]
        if len(own) > NEIGHBOURS:
            if find:
                places.append(neighbours_by_words([text for _row, text in own]) + len(kept))
            kept += [row for row, _text in own]
    return kept, np.concatenate(places)


def _codes(labels: Sequence[tuple[str, ...]]) -> Array:
    """Equal labels as equal numbers."""
    place = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return np.array([place[label] for label in labels], np.int64)
