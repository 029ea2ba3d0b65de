"""Agreement among people over time: in words, as a chart, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.agreement import CoefficientName
from annotations.agreement.trend import Trend
from annotations.drawing import Point, Scale, Tick, limit, point
from annotations.measuring.breakdown import PeriodAgreement, Unit
from annotations.measuring.reading import AMONG_PEOPLE, NAMES, Line, Table, figure

# The template components/time_plot.html writes 360 × 196 (size), 44 and 350 (ends of the periods), 10 and 150 (of the
# scale), 168 (labels of the periods) and 188 (what they are).
LEFT, RIGHT, TOP, BOTTOM, EDGE = 44, 350, 10, 150, 12
LOWEST = (0.0, 0.2, 0.4, 0.6, 0.8)  # where the scale may begin

UNITS = {
    Unit.HOUR: gettext_lazy("Hours with labels, in order"),
    Unit.DAY: gettext_lazy("Days with labels, in order"),
    Unit.WEEK: gettext_lazy("Weeks with labels, in order"),
    Unit.MONTH: gettext_lazy("Months with labels, in order"),
}


@dataclass(frozen=True)
class Share:
    """A value between 0 and 1, with the ends of its interval where there is one."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class TimePlot:
    points: tuple[Point, ...]
    levels: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    axis: str


def trend_answer(trend: Trend, periods: Sequence[PeriodAgreement]) -> str:
    """Whether agreement has changed, in a sentence or two."""
    if trend.reason is not None or trend.low is None or trend.high is None or not periods:
        reason = "" if trend.reason is None else _(trend.reason.sentence)
        return _("Whether agreement changes over time cannot be said.") + " " + reason
    words = {"low": _points(trend.low), "high": _points(trend.high)}
    if trend.direction == "none":
        text = _(
            "No trend that chance would not explain: from the first period to the last, agreement changed by between "
            "%(low)s and %(high)s percentage points (95 %% interval)."
        )
        return text % words
    words |= {"since": _date(periods[0]), "before": _percent(trend.before), "after": _percent(trend.after)}
    first = {
        "falling": _(
            "Agreement has fallen since %(since)s: two people gave one item the same label %(before)s %% of the time "
            "at first and %(after)s %% at last."
        ),
        "rising": _(
            "Agreement has risen since %(since)s: two people gave one item the same label %(before)s %% of the time "
            "at first and %(after)s %% at last."
        ),
    }
    second = _("The change is between %(low)s and %(high)s percentage points (95 %% interval).")
    return f"{first[trend.direction] % words} {second % words}"


def time_plot(periods: Sequence[PeriodAgreement]) -> TimePlot | None:
    """Raw agreement of each period that has any; None where fewer than two have."""
    known = [
        (part, raw) for part in periods if (raw := part.coefficients[CoefficientName.RAW_AGREEMENT]).value is not None
    ]
    if len(known) < 2:
        return None
    shares = [Share(raw.value or 0.0, raw.low, raw.high) for _part, raw in known]
    return share_plot(shares, first=_date(known[0][0]), last=_date(known[-1][0]), axis=str(UNITS[known[0][0].unit]))


def share_plot(shares: Sequence[Share], *, first: str, last: str, axis: str) -> TimePlot:
    """At least two shares in order, at equal distances; ``first`` and ``last`` stand under the ends of the axis."""
    ends = [end for share in shares for end in (share.low, share.value) if end is not None]
    lowest = 1 - limit(1 - min(ends), [1 - one for one in reversed(LOWEST)])
    up = Scale(lowest, 1.0, BOTTOM, TOP)
    along = Scale(0, len(shares) - 1, LEFT + EDGE, RIGHT - EDGE)
    points = [point(along.at(number), up, one.value, one.low, one.high) for number, one in enumerate(shares)]
    levels = [lowest + (1 - lowest) * step / 4 for step in range(5)]
    return TimePlot(
        points=tuple(points),
        levels=tuple(Tick(up.at(level), f"{_percent(level)}\u202f%") for level in levels),
        dates=(Tick(f"{LEFT}", first, "start"), Tick(f"{RIGHT}", last, "end")),
        axis=axis,
    )


def period_table(periods: Sequence[PeriodAgreement]) -> Table:
    lines = [
        Line(_date(part), "", part.items, tuple(figure(part.coefficients[name]) for name in AMONG_PEOPLE))
        for part in periods
    ]
    return Table(tuple(str(NAMES[name]) for name in AMONG_PEOPLE), tuple(lines))


def _date(part: PeriodAgreement) -> str:
    start: datetime = localtime(part.start)
    return date_format(start, "DATETIME_FORMAT" if part.unit is Unit.HOUR else "DATE_FORMAT")


def _percent(share: float | None) -> str:
    return number_format(round(100 * (share or 0.0)), 0)


def _points(change: float) -> str:
    text = number_format(round(100 * change, 1) + 0.0, 1).replace("-", "−")
    return text if change < 0 else f"+{text}"
