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
Marks = Counter[tuple[str, str]]  # (table, key) of what is counted for all items and for each of an item's groups


def item_cells(state: ItemState) -> Cells:
    """What one item in this state adds to its project's counters; every count is positive."""
    cells = _whole(state)
    _spread(cells, _marks(state), state)
    return cells


def change_cells(changes: Iterable[tuple[ItemState | None, ItemState | None, int]]) -> Cells:
    """The net of many (before, after, how many items) changes; counts may be negative, zeros are left out."""
    net: Cells = Counter()
    for before, after, items in changes:
        if before is not None and after is not None and before.groups == after.groups:
            # The usual change is one label: all else would be added and taken away again.
            moved = _marks(after)
            moved.subtract(_marks(before))
            _spread(net, moved, after, items)
        else:
            for state, times in ((after, items), (before, -items)):
                if state is not None:
                    _spread(net, _marks(state), state, times)
        for state, times in ((after, items), (before, -items)):
            if state is not None:
                for cell, count in _whole(state).items():
                    net[cell] += times * count
    return Counter({cell: count for cell, count in net.items() if count})


def _marks(state: ItemState) -> Marks:
    marks: Marks = Counter({("people", token): count for token, count in state.people.items()})
    for annotator, token in state.models.items():
        marks[f"model:{annotator}", token] = 1
    if state.final is not None:
        marks["decided", state.final] = 1
    return marks


def _spread(cells: Cells, marks: Marks, state: ItemState, times: int = 1) -> None:
    """Count the marks for all items and for each group of the item."""
    places = [("", ""), *state.groups.items()]
    for (table, key), count in marks.items():
        if count:
            for attribute, group in places:
                cells[Cell(table, attribute, group, key, "")] += times * count


def _whole(state: ItemState) -> Cells:
    """What is counted for all items alone: pairs, and totals."""
    cells: Cells = Counter()
    if state.human is not None:
        for annotator, token in state.models.items():
            cells[Cell(f"pair:{annotator}", "", "", state.human, token)] = 1
    totals: Mapping[str, int] = {
        "items": 1,
        "labels_needed": state.needed,
        "labels_given": min(state.needed, sum(state.people.values())),
        "complete": int(state.complete),
        "decided": int(state.decided),
    }
    for key, count in totals.items():
        if count:
            cells[Cell("totals", "", "", key, "")] = count
    return cells
