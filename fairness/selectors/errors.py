"""How often labels are wrong, by what experts said of items that were drawn to be checked.

Two readings stand side by side: the *uniform* stream's, from live counters, and that of items drawn where errors were
expected, each weighted by 1/chance, from the rows of the newest. The first needs nothing but the draw to be right.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.core.cache import cache
from django.db.models import Max, Q

from annotations.models import Annotator, AnnotatorKind, Project, Stream, StreamRules
from annotations.state import ItemState
from annotations.stream.selectors import StreamView, newest_drawn, stream_view
from fairness.metrics import Estimate, Reason, effective_size, horvitz_thompson, inverse_weights, weighted_rate
from fairness.models import Counter
from fairness.selectors.live import MODEL, PEOPLE, name_of
from ledger.models import LedgerEvent

MOST = 5_000  # newest chosen items that are read
CACHE_SECONDS = 60
AGREED = "agreed"  # people, as the counters call them

Place = tuple[str, str]  # (who, group): who = AGREED or a model annotator's id; the empty group is all items


@dataclass(frozen=True)
class Reading:
    """One way to read how often somebody's labels are wrong. ``worth``: checked items of equal weight that it is worth
    (Kish's effective size); ``waiting``: drawn items that no expert has looked at yet, which are not in it."""

    errors: Estimate = field(default_factory=lambda: Estimate.undefined(Reason.NO_LABELS))
    worth: float = 0.0
    waiting: int = 0


@dataclass(frozen=True)
class Errors:
    """Of one source's labels, in all items or those of one group.

    ``uniform``, ``weighted``: see the module. ``naive``: the chosen items as if they had not been chosen, to show how
    far off that is. ``total``: wrong labels among all judged items, as a share of these, by Horvitz and Thompson; of
    all items, and only once nothing that was chosen waits.
    """

    kind: str
    annotator_id: int | None
    name: str
    group: str
    uniform: Reading
    weighted: Reading
    naive: Reading
    total: Estimate | None


@dataclass(frozen=True)
class ErrorsView:
    """``attribute``: whose groups are told apart, empty for none. ``cut``: more items were chosen than are read."""

    attribute: str
    stream: StreamView
    rows: tuple[Errors, ...]
    cut: bool


@dataclass
class _Sample:
    """Checked items: was the label wrong, and the chance to be drawn; and how many wait."""

    wrong: list[bool] = field(default_factory=list)
    chance: list[float] = field(default_factory=list)
    waiting: int = 0

    def reading(self, *, weighted: bool = True) -> Reading:
        weights = inverse_weights(self.chance) if weighted else np.ones(len(self.chance))
        return Reading(weighted_rate(self.wrong, weights), effective_size(weights), self.waiting)


def errors_view(project: Project, attribute: str = "") -> ErrorsView | None:
    """None where nothing is drawn and nothing ever was."""
    if not StreamRules.objects.filter(project=project).exists():
        return None
    stream = stream_view(project)
    if not stream.was_on:
        return None
    uniform = {place: sample.reading() for place, sample in _uniform(project, attribute).items()}
    chosen = _chosen(project, attribute, stream) if stream.chosen.drawn else {}
    names = {one.pk: name_of(one) for one in Annotator.objects.filter(project=project, kind=AnnotatorKind.MODEL)}
    rows = tuple(
        _errors(place, names, uniform.get(place, Reading()), chosen.get(place))
        for place in sorted(uniform.keys() | chosen.keys(), key=lambda place: (_order(place[0]), place[1]))
        if place[0] == AGREED or int(place[0]) in names
    )
    return ErrorsView(attribute, stream, rows, stream.chosen.drawn > MOST)


def _order(who: str) -> int:
    return 0 if who == AGREED else int(who)


def _errors(
    place: Place,
    names: Mapping[int, str],
    uniform: Reading,
    chosen: tuple[Reading, Reading, Estimate | None] | None,
) -> Errors:
    who, group = place
    weighted, naive, total = chosen or (Reading(), Reading(), None)
    if who == AGREED:
        return Errors(PEOPLE, None, "", group, uniform, weighted, naive, total)
    return Errors(MODEL, int(who), names[int(who)], group, uniform, weighted, naive, total)


def _uniform(project: Project, attribute: str) -> dict[Place, _Sample]:
    """From the counters. Items that were drawn at another share weigh otherwise: each stands for 1/share items."""
    tables = Q(table__startswith="audit:") | Q(table__startswith="waits:")
    rows = Counter.objects.filter(tables, project=project, n__gt=0, attribute__in={"", attribute})
    found: dict[Place, _Sample] = defaultdict(_Sample)
    for table, group, key, other, n in rows.values_list("table", "group", "key", "other", "n"):
        name, who, chance = table.split(":")
        sample = found[who, group]
        if name == "waits":
            sample.waiting += n
        else:
            sample.wrong += [key != other] * n
            sample.chance += [float(chance)] * n
    return found


def _chosen(
    project: Project, attribute: str, stream: StreamView
) -> dict[Place, tuple[Reading, Reading, Estimate | None]]:
    """(weighted, naive, total) of the newest chosen items; kept until something happens in the project, at most
    ``CACHE_SECONDS``."""
    head = LedgerEvent.objects.filter(project_id=project.pk).aggregate(Max("id"))["id__max"]
    name = hashlib.sha256(attribute.encode()).hexdigest()[:16]  # a name may hold what a key may not
    key = f"errors:1:{project.pk}:{head}:{name}"
    found: dict[Place, tuple[Reading, Reading, Estimate | None]] | None = cache.get(key)
    if found is None:
        drawn = newest_drawn(project, Stream.CHOSEN, MOST)
        whole = stream.chosen.drawn <= MOST and stream.chosen.waiting == 0
        population = stream.rules.judged if whole else 0
        found = {
            place: (sample.reading(), sample.reading(weighted=False), _total(place, drawn, population))
            for place, sample in _samples(drawn, attribute).items()
        }
        cache.set(key, found, CACHE_SECONDS)
    return found


def _samples(drawn: Sequence[tuple[float, ItemState]], attribute: str) -> dict[Place, _Sample]:
    found: dict[Place, _Sample] = defaultdict(_Sample)
    for chance, state in drawn:
        groups = {"", state.groups[attribute]} if attribute in state.groups else {""}
        for who, token in _said(state):
            for group in groups:
                sample = found[who, group]
                if not state.settled:
                    sample.waiting += 1
                elif state.final is not None:
                    sample.wrong.append(token != state.final)
                    sample.chance.append(chance)
    return found


def _total(place: Place, drawn: Sequence[tuple[float, ItemState]], population: int) -> Estimate | None:
    """None of a group, and where the sample or what experts said of it is not whole."""
    who, group = place
    if group or population < len(drawn) or not drawn:
        return None
    wrong = [state.final is not None and dict(_said(state)).get(who, state.final) != state.final for _c, state in drawn]
    return horvitz_thompson(wrong, [chance for chance, _state in drawn], population)


def _said(state: ItemState) -> Iterator[tuple[str, str]]:
    yield from state.models.items()
    if state.human is not None:
        yield AGREED, state.human
