"""How far the checks of drawn items are, and how often people's consensus proved wrong on the uniform ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef

from annotations.agreement.intervals import wilson
from annotations.models import Consensus, ConsensusMethod, Draw, Project, Stream, StreamRules
from annotations.selectors.states import item_states
from annotations.state import ItemState
from annotations.stream.rules import stream_rules_of

MOST = 2000  # newest draws that are read for a figure on a page
LEAST = 30  # checked items below which a share of errors would mostly show chance


@dataclass(frozen=True)
class Drawn:
    """Items that a stream drew for a check, and how many of them an expert has settled."""

    drawn: int = 0
    checked: int = 0

    @property
    def waiting(self) -> int:
        return self.drawn - self.checked


@dataclass(frozen=True)
class StreamView:
    """The rules and how far they got. ``was_on``: something was drawn, or may be."""

    rules: StreamRules
    uniform: Drawn
    chosen: Drawn

    @property
    def was_on(self) -> bool:
        return bool(self.rules.share or self.rules.chosen_share or self.uniform.drawn or self.chosen.drawn)


@dataclass(frozen=True)
class Wrong:
    """How many of ``checked`` items' labels an expert contradicted. The share is None where there are too few."""

    wrong: int
    checked: int
    waiting: int

    @property
    def percent(self) -> float | None:
        return None if self.checked < LEAST else 100 * self.wrong / self.checked

    @property
    def limits(self) -> tuple[float, float] | None:
        """95 %, in percent (Wilson)."""
        if self.checked < LEAST:
            return None
        low, high = wilson(self.wrong, self.checked)
        return 100 * low, 100 * high


def stream_view(project: Project) -> StreamView:
    settled = Consensus.objects.filter(item_id=OuterRef("item_id"), method=ConsensusMethod.SETTLED)
    rows = (
        Draw.objects.filter(project=project, stream__in=[Stream.AUDIT, Stream.CHOSEN], is_drawn=True)
        .annotate(is_checked=Exists(settled))
        .values_list("stream", "is_checked")
        .annotate(number=Count("pk"))
        .order_by()
    )
    counts = {(stream, is_checked): number for stream, is_checked, number in rows}
    uniform, chosen = (
        Drawn(counts.get((name, True), 0) + counts.get((name, False), 0), counts.get((name, True), 0))
        for name in (Stream.AUDIT.value, Stream.CHOSEN.value)
    )
    return StreamView(stream_rules_of(project), uniform, chosen)


def newest_drawn(project: Project, stream: Stream, most: int) -> list[tuple[float, ItemState]]:
    """(chance, state) of the newest ``most`` items that a stream drew, the newest first, in five queries."""
    draws = Draw.objects.filter(project=project, stream=stream, is_drawn=True).order_by("-id")
    rows: Sequence[tuple[int, float]] = list(draws.values_list("item_id", "probability")[:most])
    states = item_states(project, [item_id for item_id, _chance in rows])
    return [(chance, states[item_id]) for item_id, chance in rows if item_id in states]


def people_wrong(project: Project) -> Wrong:
    """People's own consensus held against experts' verdicts on the uniform stream, of the newest ``MOST`` draws."""
    states = [state for _chance, state in newest_drawn(project, Stream.AUDIT, MOST) if state.human is not None]
    checked = [state for state in states if state.settled and state.final is not None]
    wrong = sum(state.human != state.final for state in checked)
    return Wrong(wrong, len(checked), sum(not state.settled for state in states))
