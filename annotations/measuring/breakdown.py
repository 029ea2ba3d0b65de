"""Agreement among people taken apart: label by label, and over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from annotations.agreement import Coefficient, CoefficientName, agreement
from annotations.agreement.trend import Trend, trend
from annotations.measuring.patterns import Pattern, PeoplePattern
from annotations.task_types import TaskType

Coefficients = Mapping[CoefficientName, Coefficient]
MAX_PERIODS = 24  # points over time: the shortest unit that needs no more of them is taken


class Unit(StrEnum):
    """How long a period is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def start(self, moment: datetime) -> datetime:
        """Begin of the period that holds ``moment``, in the time zone of ``moment``."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if self is Unit.HOUR:
            return hour
        day = hour.replace(hour=0)
        if self is Unit.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self is Unit.MONTH else day


@dataclass(frozen=True)
class LabelAgreement:
    """Agreement on whether an item has this label or not. ``labels``: how often people gave it."""

    key: str
    labels: int
    coefficients: Coefficients


@dataclass(frozen=True)
class PeriodAgreement:
    """Items whose newest label by a person came in the period that begins at ``start`` (UTC)."""

    start: datetime
    unit: Unit
    items: int
    coefficients: Coefficients


def by_label(patterns: Sequence[Pattern], keys: Sequence[str], task: TaskType) -> tuple[LabelAgreement, ...]:
    """Each label against all others; the labels of the schema first, then those of its earlier versions."""
    decided = {token: set(task.decisions(token)) for pattern in patterns for token in pattern.people}
    older = sorted({key for some in decided.values() for key in some} - set(keys))
    items = np.array([pattern.items for pattern in patterns], dtype=np.int64)
    totals = np.array([sum(pattern.people.values()) for pattern in patterns], dtype=np.int64)
    found = []
    for key in (*keys, *older):
        given = np.array(
            [sum(times for token, times in pattern.people.items() if key in decided[token]) for pattern in patterns],
            dtype=np.int64,
        )
        counts = np.stack([given, totals - given], axis=1)
        found.append(LabelAgreement(key, int(given @ items), agreement(counts, items=items)))
    return tuple(found)


def by_period(patterns: Sequence[PeoplePattern], offered: Sequence[str]) -> tuple[PeriodAgreement, ...]:
    """Periods in which an item got its newest label, the earliest first; periods without one are left out."""
    unit = unit_of(patterns)
    parts: dict[datetime, list[PeoplePattern]] = defaultdict(list)
    for pattern in patterns:
        parts[unit.start(pattern.hour)].append(pattern)
    return tuple(
        PeriodAgreement(start, unit, sum(pattern.items for pattern in part), among_people(part, offered))
        for start, part in sorted(parts.items())
    )


def unit_of(patterns: Sequence[PeoplePattern]) -> Unit:
    moments = {pattern.hour for pattern in patterns}
    return next((u for u in Unit if len({u.start(moment) for moment in moments}) <= MAX_PERIODS), Unit.MONTH)


def period_trend(patterns: Sequence[PeoplePattern]) -> Trend:
    """Whether raw agreement rises or falls from period to period of ``by_period``."""
    unit = unit_of(patterns)
    starts = [unit.start(pattern.hour) for pattern in patterns]
    order = {start: number for number, start in enumerate(sorted(set(starts)))}
    tokens = sorted({token for pattern in patterns for token in pattern.people})
    counts = np.array([[pattern.people.get(token, 0) for token in tokens] for pattern in patterns], dtype=np.int64)
    return trend(
        counts.reshape(len(patterns), len(tokens)),
        np.array([order[start] for start in starts], dtype=np.int64),
        items=np.array([pattern.items for pattern in patterns], dtype=np.int64),
    )


def among_people(patterns: Sequence[Pattern], offered: Sequence[str]) -> Coefficients:
    """Raw agreement, Fleiss' κ, Krippendorff's α and Gwet's AC1 of people's labels."""
    used = {token for pattern in patterns for token in pattern.people}
    tokens = [*offered, *sorted(used - set(offered))]
    column = {token: number for number, token in enumerate(tokens)}
    counts = np.zeros((len(patterns), len(tokens)), dtype=np.int64)
    for row, pattern in enumerate(patterns):
        for token, times in pattern.people.items():
            counts[row, column[token]] = times
    return agreement(counts, items=np.array([pattern.items for pattern in patterns], dtype=np.int64))
