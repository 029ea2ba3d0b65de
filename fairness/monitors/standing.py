"""How each monitor stands: watching, not watching what it should, without labels, with something found or let be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from annotations.models import Project
from fairness.metrics import MOST_GROUPS
from fairness.models import Monitor
from fairness.monitors.measures import labels_in
from fairness.monitors.naming import enough_groups, groups_by_attribute
from fairness.monitors.promising import unpromised_of
from fairness.monitors.reading import Judged, LetBe, State, judge, let_be, state_of


class Standing(StrEnum):
    FOUND = "found"  # something is certain, and waits for an answer
    FAILED = "failed"  # it could not be asked
    BLIND = "blind"  # the groups, or the label, that it watches are there no more, so it can find nothing
    TOO_MANY = "too_many"  # more groups than can be watched together, so it watches none
    UNNAMED = "unnamed"  # its groups are not named yet
    PARTLY = "partly"  # some groups are not watched
    ON_TRIAL = "on_trial"  # something is certain, and a remedy is given time
    ACCEPTED = "accepted"  # something is certain, and was accepted until it is worse
    NO_LABELS = "no_labels"  # nothing that it could look at
    WATCHING = "watching"  # and nothing is certain


@dataclass(frozen=True)
class Stands:
    """``unwatched``: groups that items have and it does not watch; ``gone``: those that it watches and no item has.
    ``label_gone``: its label is none of the current schema. ``number``: how many groups items have. ``more``: labels
    until what is on trial is asked about again. ``unpromised``: why α is
    not promised, a value of ``Withheld``."""

    standing: Standing
    unwatched: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    label_gone: bool = False
    number: int = 0
    more: int = 0
    unpromised: str = ""


def stands_of(project: Project, monitors: Sequence[Monitor]) -> dict[int, Stands]:
    """Monitor → how it stands, from the counters and what it found."""
    if not monitors:
        return {}
    now, state = groups_by_attribute(project.pk), state_of(project.pk, monitors)
    judged: dict[int, list[Judged]] = defaultdict(list)
    for one in judge(state, monitors):
        judged[one.monitor.pk].append(one)
    reasons = unpromised_of(project, monitors)
    return {
        monitor.pk: replace(
            _stands(monitor, now.get(monitor.attribute, []), judged[monitor.pk], state),
            unpromised=reasons.get(monitor.pk, ""),
        )
        for monitor in monitors
    }


def _stands(monitor: Monitor, now: Sequence[str], judged: Sequence[Judged], state: State) -> Stands:
    unwatched, gone = _apart(monitor, now)
    label_gone = bool(monitor.label) and monitor.label not in state.labels
    on_trial = [one for one in judged if let_be(state, one) == LetBe.ON_TRIAL]
    if any(one.past.open is not None or one.verdict.beyond for one in judged):
        standing = Standing.FOUND
    elif any(one.failed for one in judged):
        standing = Standing.TOO_MANY if len(monitor.groups) > MOST_GROUPS else Standing.FAILED
    elif label_gone or (gone and not enough_groups(monitor.measure, set(monitor.groups).difference(gone))):
        standing = Standing.BLIND
    elif monitor.attribute and not monitor.groups:
        standing = Standing.TOO_MANY if len(now) > MOST_GROUPS else Standing.UNNAMED
    elif unwatched or gone:
        standing = Standing.PARTLY
    elif on_trial:
        standing = Standing.ON_TRIAL
    elif any(let_be(state, one) == LetBe.ACCEPTED for one in judged):
        standing = Standing.ACCEPTED
    else:
        standing = Standing.WATCHING if any(map(_labels, judged)) else Standing.NO_LABELS
    more = min((until for one in on_trial for until in one.past.waits(_labels(one))), default=0)
    return Stands(standing, unwatched, gone, label_gone, len(now), more)


def _apart(monitor: Monitor, now: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not monitor.attribute or not monitor.groups:
        return (), ()
    unwatched = tuple(group for group in now if group not in monitor.groups)
    return unwatched, tuple(group for group in monitor.groups if group not in now)


def _labels(judged: Judged) -> int:
    return labels_in(judged.monitor.measure, judged.verdict.table)
