"""From an item's state to counter cells. Pure: the fold, the recount and the tests share it.

Tables, with the columns ``attribute, group, key, other``:

``people``      labels by people; key = token. attribute and group empty: all items; else that group's items
``model:ID``    labels by the model annotator ID; the same columns
``decided``     items by consensus token (key); the same columns. A bad item, settled without a label, is not here
``pair:ID``     items with both a people's consensus and a label of model ID; key = people's token, other = model's
``totals``      key = items, labels_needed, labels_given (no more than needed), complete, decided
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from annotations.state import ItemState


class Cell(NamedTuple):
    table: str
    attribute: str
    group: str
    key: str
    other: str


Cells = Counter[Cell]


def item_cells(state: ItemState) -> Cells:
    """What one item in this state adds to its project's counters; every count is positive."""
    cells: Cells = Counter()
    places = [("", ""), *state.groups.items()]
    for attribute, group in places:
        for token, count in state.people.items():
            cells[Cell("people", attribute, group, token, "")] += count
        for annotator, token in state.models.items():
            cells[Cell(f"model:{annotator}", attribute, group, token, "")] += 1
        if state.final is not None:
            cells[Cell("decided", attribute, group, state.final, "")] += 1
    if state.human is not None:
        for annotator, token in state.models.items():
            cells[Cell(f"pair:{annotator}", "", "", state.human, token)] += 1
    _count_totals(cells, state)
    return cells


def _count_totals(cells: Cells, state: ItemState) -> None:
    totals: Mapping[str, int] = {
        "items": 1,
        "labels_needed": state.needed,
        "labels_given": min(state.needed, sum(state.people.values())),
        "complete": int(state.complete),
        "decided": int(state.decided),
    }
    for key, count in totals.items():
        if count:
            cells[Cell("totals", "", "", key, "")] += count


def change_cells(changes: Iterable[tuple[ItemState | None, ItemState | None, int]]) -> Cells:
    """The net of many (before, after, how many items) changes; counts may be negative, zeros are left out."""
    net: Cells = Counter()
    for before, after, items in changes:
        for state, sign in ((after, items), (before, -items)):
            if state is not None:
                for cell, count in item_cells(state).items():
                    net[cell] += sign * count
    return Counter({cell: count for cell, count in net.items() if count})
