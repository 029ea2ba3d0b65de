"""The timeline as a drawing, a table, and a sentence that says since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Role
from annotations.drawing import Scale, Tick, limit
from annotations.models import Project
from annotations.state import SECONDS_AN_HOUR, hour_of
from fairness.presenting import texts
from fairness.presenting.links import Counts, given_counts
from fairness.presenting.plots import GAP_LIMITS, Series, source_key
from fairness.selectors.live import LiveView, Source
from fairness.selectors.timeline import Moment, Timeline, table_of
from fairness.selectors.wanted import Wanted

# The template fairness/timeline.html writes 360 × 236 (size), 44 and 350 (ends of the time), 26 and 178 (of the scale).
LEFT, RIGHT, TOP, BOTTOM, EDGE = 44, 350, 26, 178, 6


@dataclass(frozen=True)
class Dot:
    x: str
    y: str


@dataclass(frozen=True)
class Curve:
    """One source: its differences, the area of their intervals (the first source only), what was certain."""

    series: Series
    line: str
    dots: tuple[Dot, ...]
    area: str
    certain: str


@dataclass(frozen=True)
class MarkLine:
    x: str
    kind: str


@dataclass(frozen=True)
class TimePlot:
    curves: tuple[Curve, ...]
    levels: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    marks: tuple[MarkLine, ...]


def since_when(view: LiveView, found: Timeline) -> str:
    """Since when it is certain, for the source that the page answers with."""
    for source in view.sources:
        table = table_of(source)
        if table in found.certain_since:
            words = {"who": _who(source), "when": _date(found.certain_since[table])}
            return _("In labels of %(who)s a difference is certain since %(when)s (UTC), at every moment.") % words
    reasons = [one.certificate.withheld for one in view.sources if one is not view.consensus]
    if reasons and reasons[0] is not None:
        return _("Nothing is called certain here. %(why)s") % {"why": reasons[0].sentence}
    if not found.moments:
        return _("No label of this question has a time yet.")
    return _("At no moment so far was a difference certain.")


def _who(source: Source) -> str:
    return source.name or _("people")


def _date(moment: datetime) -> str:
    return date_format(moment, "DATETIME_FORMAT")


def time_plot(view: LiveView, found: Timeline, series: Mapping[str, Series]) -> TimePlot | None:
    """Differences in points over time; None where fewer than two periods have one."""
    usable = [m for m in found.moments if any(point.difference.is_ok for point in m.points.values())]
    if len(usable) < 2:
        return None
    ends = [
        end
        for moment in usable
        for point in moment.points.values()
        for end in (point.difference.value, point.difference.high)
        if end is not None
    ]
    up = Scale(0.0, limit(max(ends), GAP_LIMITS), BOTTOM, TOP)
    first, last = found.moments[0].end.timestamp(), found.moments[-1].end.timestamp()
    along = Scale(first, max(last, first + 1), LEFT + EDGE, RIGHT - EDGE)
    sources = [source for source in view.sources if source is not view.consensus]
    curves = [_curve(s, series[source_key(s)], usable, along, up, place == 0) for place, s in enumerate(sources)]
    levels = [up.high * step / 4 for step in range(5)]
    marks = [m for m in found.marks if first <= m.at.timestamp() <= last + 1]
    return TimePlot(
        curves=tuple(curve for curve in curves if curve is not None),
        levels=tuple(Tick(up.at(level), texts.points(level)) for level in levels),
        dates=(
            Tick(f"{LEFT}", _short(found.moments[0].end, found), "start"),
            Tick(f"{RIGHT}", _short(found.moments[-1].end, found), "end"),
        ),
        marks=tuple(MarkLine(along.at(mark.at.timestamp()), mark.kind) for mark in marks),
    )


def _short(moment: datetime, found: Timeline) -> str:
    within_days = found.moments[-1].end.timestamp() - found.moments[0].end.timestamp() < 3 * 86_400
    return date_format(moment, "j M H:i" if within_days else "DATE_FORMAT")


def _curve(
    source: Source, series: Series, moments: list[Moment], along: Scale, up: Scale, with_area: bool
) -> Curve | None:
    table = table_of(source)
    points = [(m, m.points[table]) for m in moments if m.points[table].difference.value is not None]
    if not points:
        return None
    at = [(along.at(m.end.timestamp()), p) for m, p in points]
    dots = tuple(Dot(x, up.at(p.difference.value or 0.0)) for x, p in at)
    upper = [f"{x},{up.at(p.difference.high or 0.0)}" for x, p in at]
    lower = [f"{x},{up.at(p.difference.low or 0.0)}" for x, p in reversed(at)]
    certain = [f"{x},{up.at(p.certain or 0.0)}" for x, p in at]
    return Curve(
        series=series,
        line=" ".join(f"{dot.x},{dot.y}" for dot in dots),
        dots=dots,
        area=" ".join([*upper, *lower]) if with_area and len(at) > 1 else "",
        certain=" ".join(certain) if any(p.certain for _x, p in at) else "",
    )


@dataclass(frozen=True)
class TimeRow:
    until: datetime
    url: str
    source: str
    difference: str
    missing: str  # why there is none, in a few words
    why: str
    interval: str
    certain: str
    labels: Counts


def time_rows(
    project: Project, view: LiveView, found: Timeline, series: Mapping[str, Series], role: Role
) -> list[TimeRow]:
    """The table behind it; a period's link narrows the page to the labels that were given in it, and its number of
    labels leads to these."""
    rows = []
    address = reverse("fairness", args=[project.pk])
    for moment in found.moments:
        wanted = _narrowed(view.wanted, moment)
        for source in view.sources:
            if source is view.consensus:
                continue
            table = table_of(source)
            point = moment.points[table]
            difference = point.difference
            rows.append(
                TimeRow(
                    until=moment.end,
                    url=f"{address}?{wanted.query()}",
                    source=series[source_key(source)].label,
                    difference="" if difference.value is None else texts.points(difference.value, 1),
                    missing="" if difference.reason is None else texts.why_not_briefly(difference, view.min_group),
                    why=texts.why_not(difference, view.min_group),
                    interval=texts.interval(difference.low, difference.high, lambda value: texts.points(value, 1)),
                    certain=texts.points(point.certain, 1) if point.certain else "",
                    labels=given_counts(project, replace(view, wanted=wanted), source, moment.labels[table], role),
                )
            )
    return rows


def _narrowed(wanted: Wanted, moment: Moment) -> Wanted:
    """The filter within the period: one that is cut by the time asked for does not grow beyond it."""
    first, last = wanted.hours
    start, end = max(first, hour_of(moment.start)), min(last, hour_of(moment.end) - 1)
    return replace(wanted, since=_hour(start), until=_hour(end))


def _hour(hour: int) -> str:
    return f"{datetime.fromtimestamp(hour * SECONDS_AN_HOUR, UTC):%Y-%m-%dT%H}"
