"""Geometry of the interval plots. Lengths are in the units of the drawing's viewBox, as text ready for attributes.

A block per group: its name, then a line per source with interval, marker, value and count. Wide enough for half a page
and still legible on a phone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotations.drawing import Scale, Tick, limit
from fairness.metrics import Band, Estimate
from fairness.presenting import texts
from fairness.presenting.shown import shown_groups
from fairness.presenting.texts import Form
from fairness.selectors.live import CONSENSUS, PEOPLE, LiveView, Source

# The template fairness/plot.html writes 360 (width), 14 and 232 (ends of the scale), 246 (values) and 356 (counts).
LEFT, RIGHT = 14, 232
TOP, NAME_HEIGHT, ROW_HEIGHT, BLOCK_GAP, AXIS_HEIGHT = 6, 22, 22, 10, 44
RATE_LIMITS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
GAP_LIMITS = (0.05, 0.1, 0.2, 0.4, 0.6, 1.0)


@dataclass(frozen=True)
class Series:
    """How a source is drawn: its shape tells it apart without colour, its tag tells several models apart."""

    name: str
    shape: str
    tone: str
    tag: str = ""

    @property
    def label(self) -> str:
        return f"{self.tag}: {self.name}" if self.tag else self.name


@dataclass(frozen=True)
class Row:
    series: Series
    y: str
    text_y: str
    x: str
    low_x: str
    high_x: str
    cap_top: str
    cap_bottom: str
    value: str
    note: str
    missing: str  # why there is no value; the marker is then left out
    sure_low_x: str = ""  # ends of the band that holds at every moment
    sure_high_x: str = ""


@dataclass(frozen=True)
class Block:
    group: str
    y: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Plot:
    height: int
    bottom: str
    middle_x: str
    tick_y: str
    axis_label_y: str
    blocks: tuple[Block, ...]
    ticks: tuple[Tick, ...]
    zero_x: str


@dataclass(frozen=True)
class Line:
    """A source's estimates by group, and the bands that hold at every moment."""

    series: Series
    estimates: Mapping[str, Estimate]
    bands: Mapping[str, Band]


def series_of(view: LiveView) -> dict[str, Series]:
    """Source key → how it is drawn."""
    several = len(view.annotators) > 1
    numbers = {pk: f"M{number}" for number, (pk, _name) in enumerate(view.annotators, start=1)}
    drawn = {}
    for source in view.sources:
        if source.kind == PEOPLE:
            series = Series(_("People"), "circle", "human")
        elif source.kind == CONSENSUS:
            series = Series(_("Consensus"), "square", "consensus")
        else:
            tag = numbers.get(source.annotator_id or 0, "") if several else ""
            series = Series(source.name, "diamond", "model", tag)
        drawn[source_key(source)] = series
    return drawn


def source_key(source: Source) -> str:
    return f"{source.kind}-{source.annotator_id}" if source.annotator_id else source.kind


def rate_plot(view: LiveView, series: Mapping[str, Series]) -> Plot:
    """Selection rate of every group by every source; the scale starts at 0."""
    lines = [
        Line(series[source_key(source)], source.parity.rates, source.certified.bands if source.certified else {})
        for source in view.sources
    ]
    # By the intervals: the bands of small groups reach to 1 and would leave no room for the others.
    highs = [e.high for line in lines for e in line.estimates.values() if e.high is not None]
    most = limit(max(highs, default=1.0), RATE_LIMITS)
    return _plot(view, lines, _scale(0.0, most), texts.percent, [most * k / 4 for k in range(5)])


def gap_plot(view: LiveView, series: Mapping[str, Series]) -> Plot:
    """Model minus people per group; 0 in the middle."""
    lines = [Line(series[source_key(model.source)], model.gaps.by_group, {}) for model in view.models]
    ends = [abs(x) for line in lines for e in line.estimates.values() for x in (e.low, e.high) if x is not None]
    most = limit(max(ends, default=1.0), GAP_LIMITS)
    ticks = [most * k / 2 for k in range(-2, 3)]
    return _plot(view, lines, _scale(-most, most), texts.signed_points, ticks)


def _scale(low: float, high: float) -> Scale:
    return Scale(low, high, LEFT, RIGHT)


def _plot(
    view: LiveView,
    lines: Sequence[Line],
    scale: Scale,
    form: Form,
    ticks: Sequence[float],
) -> Plot:
    y = TOP
    blocks = []
    for group in shown_groups(view):
        rows = []
        name_y = y + 14
        y += NAME_HEIGHT
        for line in lines:
            rows.append(_row(line, group, y + ROW_HEIGHT / 2, scale, form, view.min_group))
            y += ROW_HEIGHT
        blocks.append(Block(group, str(name_y), tuple(rows)))
        y += BLOCK_GAP
    return Plot(
        height=y + AXIS_HEIGHT,
        bottom=str(y),
        middle_x=str((LEFT + RIGHT) // 2),
        tick_y=str(y + 16),
        axis_label_y=str(y + 36),
        blocks=tuple(blocks),
        ticks=tuple(Tick(scale.at(value), form(value)) for value in ticks),
        zero_x=scale.at(0.0),
    )


def _row(line: Line, group: str, y: float, scale: Scale, form: Form, min_group: int) -> Row:
    estimate, band = line.estimates.get(group), line.bands.get(group)
    value = note = missing = x = low_x = high_x = ""
    if estimate is None:
        missing = _("no labels")
    elif estimate.value is None:
        missing = texts.why_not_briefly(estimate, min_group)
    else:
        value, x = form(estimate.value), scale.at(estimate.value)
        low_x = scale.at(estimate.value if estimate.low is None else estimate.low)
        high_x = scale.at(estimate.value if estimate.high is None else estimate.high)
        note = f"n {texts.count(estimate.n)}"
    return Row(
        series=line.series,
        y=f"{y:.1f}",
        text_y=f"{y + 4:.1f}",
        x=x,
        low_x=low_x,
        high_x=high_x,
        cap_top=f"{y - 4:.1f}",
        cap_bottom=f"{y + 4:.1f}",
        value=value,
        note=note,
        missing=missing,
        sure_low_x="" if band is None else scale.at(band.low),
        sure_high_x="" if band is None else scale.at(band.high),
    )
