"""A project's current labels, with what is known of each, as the arrays that the verifier takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from django.db import DEFAULT_DB_ALIAS, connections

from annotations import columns
from annotations.aggregation import NO_GOLD
from annotations.deciding.arrays import Index, Values, known_labels, offered
from annotations.modalities import modality
from annotations.models import Annotator, AnnotatorKind, Item, LabelSchema
from annotations.task_types import task_type
from llm_workers.validating.neighbours import MOST_ITEMS, similar_items
from llm_workers.validating.verifier import Given
from llm_workers.validating.verifier.learning import UNKNOWN
from llm_workers.validating.verifier.signals import PERSON

LETTERS_A_WORD = 6.0  # where items are too many to be read one by one

LABELS = """
SELECT given.id, given.item_id, given.annotator_id, given.value::text, given.confidence, given.probabilities::text,
    given.active_ms::double precision,
    CASE WHEN given.reason <> '' THEN array_length(regexp_split_to_array(trim(given.reason), '\\s+'), 1) END,
    rated.confidence, rated.verdict, rated.probabilities::text, signs.order_share, signs.entropy, signs.stated
FROM annotations_annotation given
LEFT JOIN llm_workers_rating rated ON rated.validator_id = %(validator)s AND rated.item_id = given.item_id
    AND rated.value_md5 = md5(given.value::text) AND rated.status = 'done'
LEFT JOIN llm_workers_answersigns signs ON signs.annotation_id = given.id
WHERE given.project_id = %(project)s AND given.status = 'current'
"""
CELLS = {
    "id": "whole", "item": "whole", "annotator": "whole", "value": "text", "confidence": "number",
    "probabilities": "json", "active_ms": "number", "explained": "number", "rated_confidence": "number",
    "verdict": "text", "rated": "json", "orders_agree": "number", "samples_entropy": "number", "stated": "number",
}  # fmt: skip
ITEMS = """
SELECT item.id, length(item.payload::text), item.groups::text,
    entry.extra < 0 OR item.gold IS NOT NULL OR COALESCE(decided.method = 'settled', false),
    decided.item_id IS NOT NULL, decided.value::text
FROM annotations_item item
LEFT JOIN annotations_queueentry entry ON entry.item_id = item.id
LEFT JOIN annotations_consensus decided ON decided.item_id = item.id
WHERE item.project_id = %(project)s
    AND EXISTS (SELECT FROM annotations_annotation given WHERE given.item_id = item.id AND given.status = 'current')
"""
ITEM_CELLS = {
    "id": "whole", "letters": "number", "groups": "json", "closed": "flag", "decided": "flag", "value": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Collected:
    """``given`` with the ids behind its indices: ``annotation_ids`` (n,), ``item_ids`` (n_items,), both ascending where
    they are looked up; ``tokens`` name its labels. ``right``: (n,) 1 or 0, ``UNKNOWN`` where the item's label is not
    known. ``groups``: item → attribute → group. ``closed``: (n_items,) nothing to doubt: settled, gold or training.
    ``consensus``: (n_items,) index of the label that people decided on, −1 for none. ``letters``: (n_items,).
    """

    given: Given
    annotation_ids: Any
    item_ids: Any
    tokens: list[str]
    right: Any
    groups: list[dict[str, str]]
    closed: Any
    consensus: Any
    letters: Any


def collect(*, schema: LabelSchema, validator_id: int | None) -> Collected | None:
    """The current labels of the schema's project, of people and models; None where there are none."""
    task = task_type(schema.task_type)
    tokens = Index()
    for token in offered(task, schema):
        tokens[token]
    values = Values(task, tokens)
    found = _labels(schema.project_id, validator_id, values)
    if not len(found["id"]):
        return None
    items = _items(schema.project_id, values)
    at = np.searchsorted(items["id"], found["item"])
    at = np.minimum(at, len(items["id"]) - 1)
    kept = items["id"][at] == found["item"]  # both statements see what is committed; a label may come in between
    found = {name: column[kept] for name, column in found.items()}
    annotator_ids, annotator = np.unique(found["annotator"], return_inverse=True)
    gold = known_labels(schema.project_id, task, items["id"], tokens)
    item, label = at[kept], found["label"]
    words, similar = _read(items, schema.project_id)
    given = Given(
        item=item, annotator=annotator, label=label,
        n_items=len(items["id"]), n_annotators=len(annotator_ids), n_labels=len(tokens),
        base=_bases(annotator_ids.tolist()),
        confidence=found["confidence"], margin=found["margin"], entropy=found["entropy"],
        orders_agree=found["orders_agree"], samples_entropy=found["samples_entropy"], stated=found["stated"],
        seconds=found["seconds"], validator=found["validator"], validator_sure=found["validator_sure"],
        explained=found["explained"], words=words, similar=similar,
    )  # fmt: skip
    known = gold[item]
    return Collected(
        given=given,
        annotation_ids=found["id"],
        item_ids=items["id"],
        tokens=list(tokens),
        right=np.where(known == NO_GOLD, UNKNOWN, (known == label).astype(int)),
        groups=items["groups"],
        closed=items["closed"],
        consensus=items["consensus"],
        letters=items["letters"],
    )


def _labels(project_id: int, validator_id: int | None, values: Values) -> dict[str, Any]:
    parts: dict[str, list[Any]] = {}
    given = {"project": project_id, "validator": validator_id or 0}
    for batch in columns.batches(connections[DEFAULT_DB_ALIAS], LABELS, given, CELLS):
        own = {name: batch.column(name) for name in CELLS}
        texts = own["value"].dictionary_encode()
        numbers = np.array([values[text] for text in texts.dictionary.to_pylist()], np.int64)
        spread = np.array([_spread(text) for text in own["probabilities"].to_pylist()], float).reshape(-1, 2)
        ratings = zip(*(own[name].to_pylist() for name in ("verdict", "rated", "rated_confidence")), strict=True)
        rated = np.array([_rated(*one) for one in ratings], float).reshape(-1, 2)
        part = {
            **{name: own[name].to_numpy(zero_copy_only=False) for name in ("id", "item", "annotator")},
            "label": numbers[texts.indices.to_numpy()],
            "confidence": _floats(own["confidence"]),
            "margin": spread[:, 0],
            "entropy": spread[:, 1],
            "seconds": _floats(own["active_ms"]) / 1000,
            **{name: _floats(own[name]) for name in ("explained", "orders_agree", "samples_entropy", "stated")},
            "validator": rated[:, 0],
            "validator_sure": rated[:, 1],
        }
        for name, column in part.items():
            parts.setdefault(name, []).append(column)
    return {name: np.concatenate(column) for name, column in parts.items()} or {"id": np.empty(0)}


def _floats(column: Any) -> Any:
    return column.to_numpy(zero_copy_only=False).astype(float)


def _spread(probabilities: str | None) -> tuple[float, float]:
    """(margin between the two most probable labels, entropy over its maximum) of a model's label; NaN without."""
    if not probabilities:
        return np.nan, np.nan
    shares = np.sort(np.array(list(orjson.loads(probabilities).values()), float))[::-1]
    if len(shares) < 2 or shares.sum() <= 0:
        return np.nan, np.nan
    margin = float(shares[0] - shares[1])
    shares = shares[shares > 0] / shares.sum()
    return margin, float(-(shares * np.log(shares)).sum() / np.log(max(len(shares), 2)))


def _rated(verdict: str | None, probabilities: str | None, confidence: float | None) -> tuple[float, float]:
    """(P(agrees) − P(disagrees), the probability of the verdict); without probabilities by the verdict alone."""
    if not verdict:
        return np.nan, np.nan
    if probabilities:
        shares = orjson.loads(probabilities)
        return shares.get("agree", 0.0) - shares.get("disagree", 0.0), np.nan if confidence is None else confidence
    return {"agree": 1.0, "disagree": -1.0}.get(verdict, 0.0), np.nan


def _items(project_id: int, values: Values) -> dict[str, Any]:
    rows: list[Any] = []
    for batch in columns.batches(connections[DEFAULT_DB_ALIAS], ITEMS, {"project": project_id}, ITEM_CELLS):
        rows += zip(*(batch.column(name).to_pylist() for name in ITEM_CELLS), strict=True)
    rows.sort()
    ids, letters, groups, closed, decided, texts = zip(*rows, strict=True) if rows else ((),) * 6
    consensus = [
        values[text] if there and text not in (None, "null") else -1 for there, text in zip(decided, texts, strict=True)
    ]
    return {
        "id": np.array(ids, np.int64),
        "letters": np.array(letters, float),
        "groups": [orjson.loads(text) for text in groups],
        "closed": np.array(closed, bool),
        "consensus": np.array(consensus, np.int64),
    }


def _read(items: dict[str, Any], project_id: int) -> tuple[Any, Any]:
    """Words of each item, and its most similar other items. Where items are too many to be read, words are estimated
    from letters and nothing is said of what is similar."""
    if len(items["id"]) > MOST_ITEMS:
        return items["letters"] / LETTERS_A_WORD, None
    words = items["letters"] / LETTERS_A_WORD
    texts = [""] * len(words)
    rows = Item.objects.filter(project_id=project_id).values_list("pk", "modality", "payload")
    place = {pk: number for number, pk in enumerate(items["id"].tolist())}
    for pk, kind, payload in rows.iterator(chunk_size=5000):
        if pk not in place:
            continue
        reader = modality(kind)
        counted = reader.words(payload)
        if counted is not None:
            words[place[pk]] = counted
        texts[place[pk]] = reader.excerpt(payload, 2000)
    return words, similar_items(texts)


def _bases(annotator_ids: list[int]) -> Any:
    """The number of each annotator's base model, ``PERSON`` for people: (n_annotators,)."""
    rows = Annotator.objects.filter(pk__in=annotator_ids, kind=AnnotatorKind.MODEL)
    numbers = Index()
    models = {row.pk: numbers[row.base_model or row.name or str(row.pk)] for row in rows}
    return np.array([models.get(pk, PERSON) for pk in annotator_ids], np.int64)
