"""Two attributes at once as a square: the rate is in the cell, the shade repeats it, a sign tells what stands out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from fairness.metrics import Estimate, GroupCounts
from fairness.presenting import texts
from fairness.presenting.links import Count, Counts
from fairness.selectors.behind import Crossing

Link = Callable[[str, str, GroupCounts], Counts]

STEPS = 4
# The template fairness/heat.html writes 118 (where cells begin), 30 (height of the heading), 64 × 40 (a cell).
LEFT, TOP, WIDTH, HEIGHT = 118, 30, 64, 40


@dataclass(frozen=True)
class HeatCell:
    """``sign``: above or below where the interval leaves out the overall rate; else empty. ``missing`` says why there
    is no rate; ``x``, ``y``: its middle; ``left``, ``top``: its corner."""

    group: str
    beside: str
    left: int
    top: int
    x: int
    y: int
    value: str = ""
    interval: str = ""
    counts: Counts = ()
    missing: str = ""
    shade: str = ""
    sign: str = ""


@dataclass(frozen=True)
class HeatRow:
    name: str
    y: int
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True)
class HeatColumn:
    name: str
    x: int


@dataclass(frozen=True)
class HeatMap:
    rows: tuple[HeatRow, ...]
    columns: tuple[HeatColumn, ...]
    width: int
    height: int
    answer: str


def heat_map(crossing: Crossing, min_group: int, link: Link) -> HeatMap | None:
    """One row for each group of the attribute, one column for each group of that beside it; None without labels.
    ``link``: counts of a group and one beside it, with their items; of groups that are counted together there are
    none."""
    if not crossing.counts:
        return None
    rows = _in_order({group for group, _beside in crossing.counts})
    columns = _in_order({beside for _group, beside in crossing.counts})
    return HeatMap(
        rows=tuple(
            HeatRow(
                _name(row),
                TOP + HEIGHT * y + HEIGHT // 2 + 5,
                tuple(_cell(crossing, row, column, x, y, min_group, link) for x, column in enumerate(columns)),
            )
            for y, row in enumerate(rows)
        ),
        columns=tuple(HeatColumn(_name(column), LEFT + WIDTH * x + WIDTH // 2) for x, column in enumerate(columns)),
        width=LEFT + WIDTH * len(columns) + 4,
        height=TOP + HEIGHT * len(rows) + 4,
        answer=_answer(crossing),
    )


def crossed_others(crossing: Crossing) -> str:
    """What “other groups” are, with counts; empty where no groups are counted together."""
    if not crossing.lumped:
        return ""
    n = sum(counts.n for cell, counts in crossing.counts.items() if not all(cell))
    parts = [f"{texts.count(number)} × {attribute}" for attribute, number in crossing.lumped.items()]
    text = _("“%(other)s” stands for groups that came after the first twelve (%(parts)s), with %(n)s labels together.")
    return text % {"other": _name(""), "parts": ", ".join(parts), "n": texts.count(n)}


def _in_order(groups: set[str]) -> list[str]:
    """By name, all others last."""
    return sorted(groups, key=lambda group: (not group, group))


def _name(group: str) -> str:
    return group or _("other groups")


def _cell(crossing: Crossing, row: str, column: str, x: int, y: int, min_group: int, link: Link) -> HeatCell:
    counts = crossing.counts.get((row, column))
    estimate = crossing.rates.rates.get((row, column))
    left, top = LEFT + WIDTH * x, TOP + HEIGHT * y
    cell = HeatCell(
        group=_name(row),
        beside=_name(column),
        missing=_("no labels"),
        left=left,
        top=top,
        x=left + WIDTH // 2,
        y=top + HEIGHT // 2 + 5,
    )
    if counts is None or estimate is None:
        return cell
    selected, n = (Count(texts.count(number), number) for number in (counts.selected, counts.n))
    plain = (selected, replace(n, before=f" {_('of')} "))
    cell = replace(cell, counts=link(row, column, counts) if row and column else plain)
    if estimate.value is None:
        return replace(cell, missing=texts.why_not_briefly(estimate, min_group))
    return replace(
        cell,
        missing="",
        value=texts.percent(estimate.value),
        interval=texts.interval(estimate.low, estimate.high, texts.percent),
        shade=f"heat-{min(STEPS, int(estimate.value * (STEPS + 1)))}",
        sign=_sign(estimate, crossing.rates.overall),
    )


def _sign(estimate: Estimate, overall: Estimate) -> str:
    if estimate.low is None or estimate.high is None or overall.value is None:
        return ""
    if estimate.low > overall.value:
        return "above"
    return "below" if estimate.high < overall.value else ""


def _answer(crossing: Crossing) -> str:
    rates = crossing.rates
    if rates.highest is None or rates.lowest is None or rates.difference.value is None:
        return _("Too few labels yet to compare two attributes at once.")
    words = {
        "high": " × ".join(_name(str(part)) for part in rates.highest),
        "low": " × ".join(_name(str(part)) for part in rates.lowest),
        "points": texts.points(rates.difference.value),
        "interval": texts.interval(rates.difference.low, rates.difference.high, texts.points),
    }
    text = _("Furthest apart are %(high)s and %(low)s: %(points)s points (95 %% interval for one look %(interval)s).")
    return text % words
