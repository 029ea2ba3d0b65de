"""From an item's state to counter cells. Pure: the fold, the recount and the tests share it.

Tables, with the columns ``attribute, group, key, other``:

``people``      labels by people; key = token. attribute and group empty: all items; else that group's items
``model:ID``    labels by the model annotator ID; the same columns
``decided``     items by consensus token (key); the same columns. A bad item, settled without a label, is not here
``pair:ID``     items with both a people's consensus and a label of model ID; key = people's token, other = model's
``totals``      key = items, labels_needed, labels_given (no more than needed), complete, decided

What monitors watch besides, of each group (attribute and group are never empty, but for the truth):

``agreed``      items by the people's own consensus (key), before any expert
``both:ID``     ``pair:ID`` of the group's items
``places``      key = needed, given: labels of people, as in ``totals``
``gold:WHO``    items with a gold label; key = gold token, other = what WHO said: ``agreed``, ``decided``, a model's ID
``settled:WHO`` items without a gold label that an expert settled; key = the expert's token, other as above without
                ``decided``, which is the expert's own
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

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
    return change_cells([(None, state, 1)])


def change_cells(changes: Iterable[tuple[ItemState | None, ItemState | None, int]]) -> Cells:
    """The net of many (before, after, how many items) changes; counts may be negative, zeros are left out."""
    net: Cells = Counter()
    for before, after, items in changes:
        for inputs, count in PARTS:
            # Most of an item stays as it was: what would be taken away and added again is not counted at all.
            if before is not None and after is not None and inputs(before) == inputs(after):
                continue
            if after is not None:
                count(net, after, items)
            if before is not None:
                count(net, before, -items)
    return Counter({cell: count for cell, count in net.items() if count})


def _everywhere(state: ItemState) -> Iterator[tuple[str, str]]:
    """The places where an item counts: among all, and in each of its groups."""
    yield "", ""
    yield from state.groups.items()


def _people(net: Cells, state: ItemState, items: int) -> None:
    for attribute, group in _everywhere(state):
        for token, count in state.people.items():
            net[Cell("people", attribute, group, token, "")] += count * items


def _models(net: Cells, state: ItemState, items: int) -> None:
    for attribute, group in _everywhere(state):
        for annotator, token in state.models.items():
            net[Cell(f"model:{annotator}", attribute, group, token, "")] += items


def _decided(net: Cells, state: ItemState, items: int) -> None:
    if state.final is not None:
        for attribute, group in _everywhere(state):
            net[Cell("decided", attribute, group, state.final, "")] += items


def _agreed(net: Cells, state: ItemState, items: int) -> None:
    if state.human is not None:
        for attribute, group in state.groups.items():
            net[Cell("agreed", attribute, group, state.human, "")] += items


def _pairs(net: Cells, state: ItemState, items: int) -> None:
    if state.human is not None:
        for annotator, token in state.models.items():
            net[Cell(f"pair:{annotator}", "", "", state.human, token)] += items
            for attribute, group in state.groups.items():
                net[Cell(f"both:{annotator}", attribute, group, state.human, token)] += items


def _truth(net: Cells, state: ItemState, items: int) -> None:
    given = dict(state.models)
    if state.human is not None:
        given["agreed"] = state.human
    if state.gold is not None:
        kind, truth = "gold", state.gold
        if state.final is not None:
            given["decided"] = state.final
    elif state.settled and state.final is not None:
        kind, truth = "settled", state.final
    else:
        return
    for who, token in given.items():
        for attribute, group in _everywhere(state):
            net[Cell(f"{kind}:{who}", attribute, group, truth, token)] += items


def _places(net: Cells, state: ItemState, items: int) -> None:
    places = {"needed": state.needed, "given": min(state.needed, sum(state.people.values()))}
    for attribute, group in state.groups.items():
        for key, count in places.items():
            if count:
                net[Cell("places", attribute, group, key, "")] += count * items


def _totals(net: Cells, state: ItemState, items: int) -> None:
    totals: Mapping[str, int] = {
        "items": 1,
        "labels_needed": state.needed,
        "labels_given": min(state.needed, sum(state.people.values())),
        "complete": int(state.complete),
        "decided": int(state.decided),
    }
    for key, count in totals.items():
        if count:
            net[Cell("totals", "", "", key, "")] += count * items


#: What each part of the cells is a function of, and the function. A change that leaves the former leaves the latter.
PARTS: tuple[tuple[Callable[[ItemState], Any], Callable[[Cells, ItemState, int], None]], ...] = (
    (attrgetter("people", "groups"), _people),
    (attrgetter("models", "groups"), _models),
    (attrgetter("final", "groups"), _decided),
    (attrgetter("human", "groups"), _agreed),
    (attrgetter("human", "models", "groups"), _pairs),
    (attrgetter("gold", "settled", "human", "final", "models", "groups"), _truth),
    (attrgetter("people", "needed", "groups"), _places),
    (attrgetter("people", "needed", "complete", "decided"), _totals),
)
