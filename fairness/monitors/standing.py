"""How each monitor stands: watching, not watching what it should, without labels, or with something found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from annotations.models import Project
from fairness.models import Finding, Monitor
from fairness.monitors.measures import labels_in
from fairness.monitors.models import Whose
from fairness.monitors.naming import enough_groups, groups_by_attribute
from fairness.monitors.reading import State, annotators_in, state_of, table_of


class Standing(StrEnum):
    FOUND = "found"  # a finding waits for an answer
    BLIND = "blind"  # the groups that it watches are there no more, so it can find nothing
    PARTLY = "partly"  # some groups are not watched
    UNNAMED = "unnamed"  # its groups are not named yet
    NO_LABELS = "no_labels"  # nothing that it could look at
    WATCHING = "watching"


@dataclass(frozen=True)
class Stands:
    """``unwatched``: groups that items have and it does not watch; ``gone``: those that it watches and no item has."""

    standing: Standing
    unwatched: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def stands_of(project: Project, monitors: Sequence[Monitor]) -> dict[int, Stands]:
    """Monitor → how it stands, from the counters and what it found."""
    if not monitors:
        return {}
    now, state = groups_by_attribute(project.pk), state_of(project.pk, monitors)
    open_findings = Finding.objects.filter(monitor__in=monitors, is_open=True)
    waiting = set(open_findings.values_list("monitor_id", flat=True))
    found = {}
    for monitor in monitors:
        unwatched, gone = _apart(monitor, now.get(monitor.attribute, []))
        standing = Standing.FOUND if monitor.pk in waiting else _standing(monitor, unwatched, gone, state)
        found[monitor.pk] = Stands(standing, unwatched, gone)
    return found


def _apart(monitor: Monitor, now: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not monitor.attribute or not monitor.groups:
        return (), ()
    unwatched = tuple(group for group in now if group not in monitor.groups)
    return unwatched, tuple(group for group in monitor.groups if group not in now)


def _standing(monitor: Monitor, unwatched: Sequence[str], gone: Sequence[str], state: State) -> Standing:
    if monitor.attribute and not monitor.groups:
        return Standing.UNNAMED
    if gone and not enough_groups(monitor.measure, set(monitor.groups).difference(gone)):
        return Standing.BLIND
    if unwatched or gone:
        return Standing.PARTLY
    return Standing.WATCHING if _has_labels(monitor, state) else Standing.NO_LABELS


def _has_labels(monitor: Monitor, state: State) -> bool:
    whom = annotators_in(state.index) if monitor.whose == Whose.MODEL else [None]
    return any(labels_in(monitor.measure, table_of(monitor, state, one)) for one in whom)
