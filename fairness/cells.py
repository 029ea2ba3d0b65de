"""From items' states to counter cells. Pure: the fold, the recount and the tests share it.

Tables, with the columns ``attribute, group, key, other``:

``people``      labels by people; key = token. attribute and group empty: all items; else that group's items
``model:ID``    labels by the model annotator ID; the same columns
``decided``     items by consensus token (key); the same columns. A bad item, settled without a label, is not here
``pair:ID``     items with both a people's consensus and a label of model ID; key = people's token, other = model's
``totals``      key = items, labels_needed, labels_given (no more than needed), labels_spared (what an item lacked that
                an expert has settled: nobody will give it), complete, decided

A :class:`Slice` is a part of a cell: of one dataset and of the hour in which the label was given. Summed over both, the
slices are the cells. The first three are also kept for two attributes at once, as slices alone, of one dataset and one
day (by its first hour): attribute and group then hold both, joined by ``CROSS``; see :class:`Crossed` for which.

What monitors watch besides, of each group (attribute and group are never empty, but for the truth and ``both:ID``);
never crossed. A consensus counts here once the item has all labels that the project asks for of any such item: items
that are half labelled decide by another rule (one vote of one), so that groups at different depths would differ without
a reason. What a group gets on top (``ItemState.raised``) is not waited for: all of it would drop out of these tables.
Sliced are of these, by group alone, ``both:ID``, ``gold:WHO`` and ``settled:WHO``; of a model by the hour of its label.

``agreed``      items by the people's own consensus (key), before any expert
``concluded``   items by consensus token (key), experts' settlements included, of items that have all these labels or
                are settled
``both:ID``     items with both a people's consensus and a label of model ID; key = people's token, other = model's
``beside:ID``   items with both a person's label and a label of model ID; key = the first person's token, other =
                model's: what one person says beside what the model says
``places``      key = needed, given, spared: labels of people, as in ``totals``, without what a group gets on top
``deeper``      items that have more labels by people than they need, by how many they have (key); also of all items
``gold:WHO``    items with a gold label; key = gold token, other = what WHO said: ``agreed``, ``decided`` (as in
                ``concluded``), a model's ID
``settled:WHO`` items without a gold label that an expert settled; key = the expert's token, other as above without
                ``decided``, which is the expert's own
``audit:WHO:CHANCE``  the same of items that were drawn into the uniform audit stream with this chance
``waits:WHO:CHANCE``  such items that no expert has looked at yet; key = what WHO said
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from annotations.state import ItemState

CROSS = "\x1f"  # the separator of units: no name that a file brings keeps it (see ``crossed``)
OTHER_GROUPS = ""  # in a crossed slice: a group beyond the cap
CROSSED_ATTRIBUTES = 6
CROSSED_GROUPS = 12  # of each attribute
HOURS_A_DAY = 24
DEEPER = "deeper"
TRUTHS = ("gold:", "settled:", "both:")  # how tables of labels against a truth begin
SPARED = (("totals", "labels_spared"), ("places", "spared"))  # (table, key)
TIMELESS = 0  # the hour of what is not given at a moment: consensus, pairs, totals


class Cell(NamedTuple):
    table: str
    attribute: str
    group: str
    key: str
    other: str

    @property
    def is_spared(self) -> bool:
        return (self.table, self.key) in SPARED


class Slice(NamedTuple):
    attribute: str
    dataset: int
    hour: int  # since 1970, UTC
    table: str
    group: str
    key: str
    other: str

    @property
    def cell(self) -> Cell:
        """The cell that this is a part of."""
        return Cell(self.table, self.attribute, self.group, self.key, self.other)

    @property
    def of_truth(self) -> bool:
        return self.table.startswith(TRUTHS)

    @property
    def is_spared(self) -> bool:
        return (self.table, self.key) in SPARED


Cells = Counter[Cell]
Slices = Counter[Slice]


# For whom a term is counted, by number: terms are made by the million.
WHOLE = 0  # all items, in cells and slices
EVERYWHERE = 1  # also each group of the item, and in slices of days each two groups
WATCHED = 2  # all items and each group, in cells alone
WATCHED_GROUPS = 3  # each group, in cells alone
COMPARED = 4  # all items and each group, in cells; each group also in slices

#: (table, key, other, hour, for whom) → how many: what a state counts before its groups are known. Plain tuples.
Term = tuple[str, str, str, int, int]
Terms = dict[Term, int]


class Counted(NamedTuple):
    """What some states or changes amount to; zeros are left out."""

    cells: Cells
    slices: Slices


@dataclass
class Crossed:
    """The groups that are counted two attributes at a time: the first ``CROSSED_GROUPS`` groups of the first
    ``CROSSED_ATTRIBUTES`` attributes that the fold met in the project. Later ones are counted together as others, later
    attributes not at all. Who is in stays in, so that a cell never moves.

    ``growing``: take in what is met, as the fold does. ``met``: (attribute, group) taken in since it was made.
    """

    groups: dict[str, set[str]] = field(default_factory=dict)
    growing: bool = False
    met: list[tuple[str, str]] = field(default_factory=list)

    def meet(self, groups: Mapping[str, str]) -> None:
        for attribute, group in sorted(groups.items()):
            if attribute not in self.groups:
                if len(self.groups) >= CROSSED_ATTRIBUTES:
                    continue
                self.groups[attribute] = set()
            known = self.groups[attribute]
            if group not in known and len(known) < CROSSED_GROUPS:
                known.add(group)
                self.met.append((attribute, group))

    def places(self, groups: Mapping[str, str]) -> list[tuple[str, str]]:
        """(attribute, group) of every two attributes that an item of these ``groups`` is counted in."""
        if self.growing:
            self.meet(groups)
        kept = [(name, groups[name]) for name in sorted(groups) if name in self.groups]
        shown = [(name, group if group in self.groups[name] else OTHER_GROUPS) for name, group in kept]
        return [crossed(one, other) for one, other in combinations(shown, 2)]


def crossed(one: tuple[str, str], other: tuple[str, str]) -> tuple[str, str]:
    """Attribute and group of a slice for two (attribute, group), in the order of the attributes' names."""
    (a, g), (b, h) = sorted((one, other))
    return f"{_plain(a)}{CROSS}{_plain(b)}", f"{_plain(g)}{CROSS}{_plain(h)}"


def _plain(name: str) -> str:
    return name.replace(CROSS, " ")


def add_terms(net: Terms, state: ItemState, sign: int) -> None:
    """Add what one item in this state counts to ``net``, or (``sign`` −1) take it away."""
    given = _add_labels(net, state, sign)
    own = state.own
    agreed = state.human if 0 < own <= given else None
    concluded = state.final if state.settled else agreed
    if state.final is not None:
        _add(net, ("decided", state.final, "", TIMELESS, EVERYWHERE), sign)
    if concluded is not None:
        _add(net, ("concluded", concluded, "", TIMELESS, WATCHED_GROUPS), sign)
    if agreed is not None:
        _add(net, ("agreed", agreed, "", TIMELESS, WATCHED_GROUPS), sign)
        for annotator, token in state.models.items():
            hour = state.models_at.get(annotator, TIMELESS)
            _add(net, (f"both:{annotator}", agreed, token, hour, COMPARED), sign)
    _add_truth(net, state, sign, agreed, concluded)
    _add_audit(net, state, sign)
    if given > state.needed:
        _add(net, (DEEPER, str(given), "", TIMELESS, WATCHED), sign)
    given, of_own = min(state.needed, given), min(own, given)
    spared, spared_of_own = (state.needed - given, own - of_own) if state.settled else (0, 0)
    for table, key, count, where in (
        ("totals", "items", 1, WHOLE),
        ("totals", "labels_needed", state.needed, WHOLE),
        ("totals", "labels_given", given, WHOLE),
        ("totals", "labels_spared", spared, WHOLE),
        ("totals", "complete", int(state.complete), WHOLE),
        ("totals", "decided", int(state.decided), WHOLE),
        ("places", "needed", own, WATCHED_GROUPS),
        ("places", "given", of_own, WATCHED_GROUPS),
        ("places", "spared", spared_of_own, WATCHED_GROUPS),
    ):
        if count:
            _add(net, (table, key, "", TIMELESS, where), sign * count)


def _add_labels(net: Terms, state: ItemState, sign: int) -> int:
    """The labels themselves, and a model's beside the people's; how many are by people."""
    # An outbox row of before hours were kept has none: its labels have no time.
    at_hours = state.people_at or {str(TIMELESS): state.people}
    given = 0
    for hour, tokens in at_hours.items():
        for token, count in tokens.items():
            given += count
            _add(net, ("people", token, "", int(hour), EVERYWHERE), sign * count)
    for annotator, token in state.models.items():
        _add(net, (f"model:{annotator}", token, "", state.models_at.get(annotator, TIMELESS), EVERYWHERE), sign)
        if state.human is not None:
            _add(net, (f"pair:{annotator}", state.human, token, TIMELESS, WHOLE), sign)
        if state.first is not None:
            _add(net, (f"beside:{annotator}", state.first, token, TIMELESS, WATCHED_GROUPS), sign)
    return given


def _add_truth(net: Terms, state: ItemState, sign: int, agreed: str | None, concluded: str | None) -> None:
    """What was said of an item whose truth is known: gold, or else what an expert settled."""
    if state.gold is not None:
        kind, truth = "gold", state.gold
    elif state.settled and state.final is not None:
        kind, truth = "settled", state.final
    else:
        return
    for who, token in state.models.items():
        _add(net, (f"{kind}:{who}", truth, token, state.models_at.get(who, TIMELESS), COMPARED), sign)
    if agreed is not None:
        _add(net, (f"{kind}:agreed", truth, agreed, TIMELESS, COMPARED), sign)
    if kind == "gold" and concluded is not None:
        _add(net, ("gold:decided", truth, concluded, TIMELESS, COMPARED), sign)


def _add_audit(net: Terms, state: ItemState, sign: int) -> None:
    """What was said of an item of the audit stream, beside the expert's verdict where there is one. An item that an
    expert found unusable has no true label: nobody was wrong about it."""
    if state.audit is None or (state.settled and state.final is None):
        return
    chance = f"{state.audit:g}"
    said = state.models if state.human is None else state.models | {"agreed": state.human}
    for who, token in said.items():
        if state.settled and state.final is not None:
            _add(net, (f"audit:{who}:{chance}", state.final, token, TIMELESS, WATCHED), sign)
        else:
            _add(net, (f"waits:{who}:{chance}", token, "", TIMELESS, WATCHED), sign)


def _add(net: Terms, term: Term, count: int) -> None:
    net[term] = net.get(term, 0) + count


def count_states(states: Iterable[ItemState], known: Crossed) -> Counted:
    """What all these items in their states add to their project's counters."""
    return count_changes(((None, state, 1) for state in states), known)


def count_changes(changes: Iterable[tuple[ItemState | None, ItemState | None, int]], known: Crossed) -> Counted:
    """The net of many (before, after, how many items) changes; counts may be negative."""
    adding = _Adding(known)
    for before, after, items in changes:
        net: Terms = {}
        if before is not None and after is not None and _same_places(before, after):
            # Most changes are one label more: only what differs is taken to every group.
            add_terms(net, after, items)
            add_terms(net, before, -items)
            adding.add(after, net)
            continue
        for state, sign in ((before, -items), (after, items)):
            if state is not None:
                net = {}
                add_terms(net, state, sign)
                adding.add(state, net)
    return adding.counted()


def _same_places(before: ItemState, after: ItemState) -> bool:
    return before.groups == after.groups and before.dataset == after.dataset


Places = list[tuple[str, str]]  # (attribute, group)


class _Adding:
    """Sums terms over the places that they belong to."""

    def __init__(self, known: Crossed) -> None:
        self.known = known
        self.cells: dict[tuple[str, str, str, str, str], int] = {}
        self.slices: dict[tuple[str, int, int, str, str, str, str], int] = {}
        self._places: dict[tuple[tuple[str, str], ...], tuple[tuple[Places, Places, Places], ...]] = {}

    def add(self, state: ItemState, net: Terms) -> None:
        places = self._of(state.groups)
        cells, slices, dataset = self.cells, self.slices, state.dataset
        for (table, key, other, hour, where), count in net.items():
            if not count:
                continue
            sliced, whole, pairs = places[where]
            for attribute, group in sliced:
                cell = (table, attribute, group, key, other)
                cells[cell] = cells.get(cell, 0) + count
                part = (attribute, dataset, hour, table, group, key, other)
                slices[part] = slices.get(part, 0) + count
            for attribute, group in whole:
                cell = (table, attribute, group, key, other)
                cells[cell] = cells.get(cell, 0) + count
            for attribute, group in pairs:
                part = (attribute, dataset, hour - hour % HOURS_A_DAY, table, group, key, other)
                slices[part] = slices.get(part, 0) + count

    def _of(self, groups: Mapping[str, str]) -> tuple[tuple[Places, Places, Places], ...]:
        """Where an item of these groups is counted, by the numbers of ``WHOLE`` and so on: in cells and slices, in
        cells alone, two attributes at once."""
        name = tuple(groups.items())
        if name not in self._places:
            everybody, each = [("", "")], list(groups.items())
            found: tuple[tuple[Places, Places, Places], ...] = (
                (everybody, [], []),
                (everybody + each, [], self.known.places(groups)),
                ([], everybody + each, []),
                ([], each, []),
                (each, everybody, []),
            )
            self._places[name] = found
        return self._places[name]

    def counted(self) -> Counted:
        cells = Counter({Cell(*cell): count for cell, count in self.cells.items() if count})
        return Counted(cells, Counter({Slice(*part): count for part, count in self.slices.items() if count}))
