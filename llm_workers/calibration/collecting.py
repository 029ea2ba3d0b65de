"""Models' labels of items that people have checked, as the arrays that calibration takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import DEFAULT_DB_ALIAS, connections

from annotations import columns
from llm_workers.trust.groups import members

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

SOURCES = ("settled", "gold", "consensus")
# An expert's decision stands above gold, gold above what people agree on. A bad item has no label to be held against,
# and people who were shown a model's label before giving theirs did not check it.
CHECKED = """
SELECT given.annotator_id, given.item_id, given.confidence, given.value = known.value, known.source, item.groups::text
FROM annotations_annotation given
JOIN annotations_annotator giver ON giver.id = given.annotator_id AND giver.kind = 'model'
JOIN annotations_item item ON item.id = given.item_id
LEFT JOIN annotations_consensus decided ON decided.item_id = given.item_id
CROSS JOIN LATERAL (SELECT
    CASE WHEN decided.method = 'settled' THEN 'settled' WHEN item.gold IS NOT NULL THEN 'gold' ELSE 'consensus' END,
    CASE WHEN decided.method = 'settled' THEN decided.value ELSE COALESCE(item.gold, decided.value) END
) AS known(source, value)
WHERE given.project_id = %(project)s AND given.status = 'current' AND known.value IS NOT NULL
    AND NOT (known.source = 'consensus' AND EXISTS (
        SELECT FROM annotations_assignment lease
        JOIN annotations_suggestion suggestion ON suggestion.assignment_id = lease.id AND suggestion.shown
        WHERE lease.item_id = given.item_id))
"""
CELLS = {
    "annotator": "whole",
    "item": "whole",
    "confidence": "number",
    "right": "flag",
    "source": "text",
    "groups": "text",
}


@dataclass(frozen=True)
class Checked:
    """One model's labels of checked items, each (n,): whose item, how sure (NaN: not said), whether right, against
    which of ``SOURCES``, and the number of the item's groups in ``combinations``."""

    item: Ints
    confidence: Floats
    right: Flags
    source: Ints
    combination: Ints
    combinations: list[dict[str, str]]

    def __len__(self) -> int:
        return len(self.item)

    def part(self, kept: Any) -> Checked:
        """The labels that ``kept``, flags or places, picks."""
        return Checked(
            self.item[kept],
            self.confidence[kept],
            self.right[kept],
            self.source[kept],
            self.combination[kept],
            self.combinations,
        )

    def groups(self, attribute: str) -> Iterator[tuple[str, Flags]]:
        """Each group of the attribute that occurs, in order, with the labels in it (n,)."""
        return members(attribute, self.combination, self.combinations)


def checked_labels(project_id: int) -> dict[int, Checked]:
    """Annotator id → the model's checked labels."""
    parts = []
    numbers: dict[str, int] = {}
    for batch in columns.batches(connections[DEFAULT_DB_ALIAS], CHECKED, {"project": project_id}, CELLS):
        parts.append(_arrays(batch, numbers))
    if not parts:
        return {}
    annotator, item, confidence, right, source, combination = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    combinations = [json.loads(text) for text in numbers]
    whole = Checked(item, confidence, right, source, combination, combinations)
    return {int(one): whole.part(annotator == one) for one in np.unique(annotator)}


def _arrays(batch: Any, numbers: dict[str, int]) -> list[Any]:
    texts = batch.column("groups").dictionary_encode()
    places = np.array([numbers.setdefault(text, len(numbers)) for text in texts.dictionary.to_pylist()], np.int64)
    sources = batch.column("source").dictionary_encode()
    kinds = np.array([SOURCES.index(text) for text in sources.dictionary.to_pylist()], np.int64)
    return [
        batch.column("annotator").to_numpy(zero_copy_only=False),
        batch.column("item").to_numpy(zero_copy_only=False),
        batch.column("confidence").to_numpy(zero_copy_only=False),
        batch.column("right").to_numpy(zero_copy_only=False).astype(np.bool_),
        kinds[sources.indices.to_numpy()],
        places[texts.indices.to_numpy()],
    ]
