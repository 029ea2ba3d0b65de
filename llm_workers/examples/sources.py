"""Items with a label that somebody answers for: gold, and cases that an expert settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Func, IntegerField

from annotations.models import Item, LabelSchema, Settlement
from annotations.task_types import task_type
from ledger.errors import DomainError
from llm_workers.prompts import Example

MOST = 2000  # of each source: an index walk, however large the project


@dataclass(frozen=True)
class Candidate:
    item_id: int
    value: Any
    groups: dict[str, Any]


def candidates(schema: LabelSchema, *, seed: int) -> list[Candidate]:
    """Up to ``MOST`` gold items, from a place that ``seed`` decides, and as many newly settled ones, by item id.

    An item with both has the expert's label. A label that the schema no longer has is left out.
    """
    rows = [*_gold(schema.project_id, seed), *_settled(schema.project_id)]
    task = task_type(schema.task_type)
    found = {}
    for item_id, value, groups in rows:
        try:
            found[item_id] = Candidate(item_id, task.check_value(schema.config, value), groups)
        except DomainError:
            found.pop(item_id, None)
    return [found[item_id] for item_id in sorted(found)]


def _gold(project_id: int, seed: int) -> Iterable[tuple[int, Any, dict[str, Any]]]:
    """Gold items from a place on their ring (the index ``item_gold_ring``), and on from its beginning."""
    spot = Func(F("id"), function="hashint8", output_field=IntegerField())
    start = (seed * 2_654_435_761) % 2**32 - 2**31
    ring: Any = Item.objects.filter(project_id=project_id, gold__isnull=False).annotate(spot=spot)
    rows = ring.order_by("spot", "id").values_list("id", "gold", "groups")
    ahead = list(rows.filter(spot__gte=start)[:MOST])
    return [*ahead, *rows.filter(spot__lt=start)[: MOST - len(ahead)]] if len(ahead) < MOST else ahead


def _settled(project_id: int) -> Iterable[tuple[int, Any, dict[str, Any]]]:
    """Oldest first, so that a later settlement of the same item counts."""
    settled = Settlement.objects.filter(case__project_id=project_id, value__isnull=False).order_by("-id")
    return reversed(settled.values_list("case__item_id", "value", "case__item__groups")[:MOST])


def examples_of(rows: Sequence[Sequence[Any]]) -> tuple[Example, ...]:
    """(item id, label) as examples, in their order. An item that has been deleted since is left out."""
    items = Item.objects.in_bulk([row[0] for row in rows])
    return tuple(
        Example(item_id, items[item_id].modality, items[item_id].payload, value)
        for item_id, value in rows
        if item_id in items
    )
