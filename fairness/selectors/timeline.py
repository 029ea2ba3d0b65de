"""How the difference between the groups grew while labels came in, with what was decided meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from annotations.models import Project
from annotations.state import SECONDS_AN_HOUR
from annotations.task_types import task_type
from fairness.metrics import MOST_GROUPS, Estimate, GroupCounts, certified, demographic_parity
from fairness.selectors.counting import Period, periods_of
from fairness.selectors.live import LiveView, Source
from fairness.selectors.marks import Mark, marks_of


@dataclass(frozen=True)
class Point:
    """What a source's labels said that were given until the end of a period. ``certain``: the difference is certain to
    be at least that, at whatever moment one looks; None where it cannot be asked."""

    difference: Estimate
    lowest: str | None
    highest: str | None
    certain: float | None


@dataclass(frozen=True)
class Moment:
    """The end of a period (or now, for the one that is running), and every source's point."""

    start: datetime
    end: datetime
    points: Mapping[str, Point]  # table → point
    labels: int  # given in the period by the sources shown


@dataclass(frozen=True)
class Timeline:
    moments: tuple[Moment, ...]
    marks: tuple[Mark, ...]
    certain_since: Mapping[str, datetime]  # table → end of the first period with a certain difference


def table_of(source: Source) -> str:
    return source.kind if source.annotator_id is None else f"model:{source.annotator_id}"


def timeline(project: Project, view: LiveView) -> Timeline:
    """For the sources of the view that have a time, which a consensus has not."""
    if view.question is None:
        return Timeline((), (), {})
    schema = project.schemas.get(is_current=True)
    periods = periods_of(project, task_type(schema.task_type), view.question, view.wanted)
    tables = [table_of(source) for source in view.sources if source is not view.consensus]
    moments = tuple(_moments(periods, tables, view.min_group))
    since: dict[str, datetime] = {}
    for moment in moments:
        for table, point in moment.points.items():
            if point.certain:
                since.setdefault(table, moment.end)
    return Timeline(moments, tuple(marks_of(project)), since)


def _moments(periods: list[Period], tables: list[str], min_group: int) -> list[Moment]:
    so_far: dict[str, dict[str, GroupCounts]] = defaultdict(dict)
    found = []
    for period in periods:
        given = 0
        for table in tables:
            for group, counts in period.tables.get(table, {}).items():
                have = so_far[table].get(group, GroupCounts(0, 0))
                so_far[table][group] = GroupCounts(have.selected + counts.selected, have.n + counts.n)
                given += counts.n
        # In the order of the live numbers: of groups with equal rates the order decides which pair is compared.
        points = {table: _point(dict(sorted(so_far[table].items())), min_group) for table in tables}
        found.append(Moment(_moment(period.start), _moment(period.end), points, given))
    return found


def _point(counts: dict[str, GroupCounts], min_group: int) -> Point:
    parity = demographic_parity(counts, min_group=min_group)
    certain = certified(counts).lower if 2 <= len(counts) <= MOST_GROUPS else None
    return Point(parity.difference, parity.lowest, parity.highest, certain)


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * SECONDS_AN_HOUR, UTC)
