"""What an audit says of one candidate: from its answers to figures, each with its interval. Pure: no database.

The result is plain JSON: an *estimate* is ``{"value", "low", "high", "n", "reason"}``, value null where there is none
for the ``reason``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from annotations.calibration.measures import ece_by_chance
from fairness.audits.sampling import Array, brier, calibration_error, macro_f1, share
from fairness.metrics import (
    MIN_GROUP,
    Estimate,
    Flips,
    GroupCounts,
    OutcomeCounts,
    Parity,
    Reason,
    crossed_rates,
    demographic_parity,
    equal_opportunity,
    equalized_odds,
    flip_rate,
    rate,
)

MIN_FAMILIES = 10  # before a share of families is given
EXAMPLES = 50  # families with several labels that are named
MEASURES = ("odds", "opportunity", "parity", "flips")


@dataclass(frozen=True)
class Row:
    """An answer beside what is known of its probe. Labels are keys, several where a task allows it.

    ``given`` None: no usable answer. ``favourable``: the label that the metrics count, of this probe's task. ``votes``:
    the label under each order of the options. ``cluster``: shared by the members of a family, and by nobody else.
    """

    task: str
    family: str
    cluster: int
    groups: Mapping[str, str]
    truth: frozenset[str]
    given: frozenset[str] | None
    favourable: str
    confidence: float | None
    votes: tuple[frozenset[str], ...] = ()


def measure(rows: Sequence[Row], *, min_group: int = MIN_GROUP) -> dict[str, Any]:
    """Every figure: over all, for each task, group and intersection."""
    attributes = sorted({name for row in rows for name in row.groups})
    return {
        "min_group": min_group,
        "overall": _part(rows, min_group),
        "flips": _families(rows, None),
        "attributes": {name: _compared(rows, (name,), min_group) for name in attributes},
        "intersections": {
            f"{one} × {other}": _compared(rows, (one, other), min_group)
            for one, other in combinations(attributes, 2)
            if any(one in row.groups and other in row.groups for row in rows)
        },
        "tasks": _by_task(rows, min_group),
    }


def figure(estimate: Estimate) -> dict[str, Any]:
    """The estimate as JSON."""
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
        "reason": estimate.reason.value if estimate.reason else None,
    }


def worst(results: Mapping[str, Any], measure: str) -> dict[str, Any] | None:
    """The largest disparity over the attributes by one of ``MEASURES``, as an estimate with its ``attribute``; None
    where no attribute has one."""
    found = [
        {**figures[measure]["difference" if measure != "flips" else "share"], "attribute": name}
        for name, figures in results["attributes"].items()
    ]
    usable = [one for one in found if one["value"] is not None]
    return max(usable, key=lambda one: one["value"], default=None)


# --- a part of the rows ---------------------------------------------------------------------------------------------


def _part(rows: Sequence[Row], min_group: int) -> dict[str, Any]:
    """How good the labels of these rows are."""
    answered = [row for row in rows if row.given is not None]
    clusters = _clusters(answered)
    right = np.array([row.given == row.truth for row in answered], bool)
    judged = [row for row in answered if row.confidence is not None]
    sure = np.array([row.confidence for row in judged], float)
    hit = np.array([row.given == row.truth for row in judged], bool)
    several = [row for row in rows if len(row.votes) > 1]
    moved = np.array([len(set(row.votes)) > 1 for row in several], bool)
    lost = np.array([row.given is None for row in rows], bool)
    truth, given = _matrices(answered)
    enough = len(judged) >= min_group
    return {
        "n": len(rows),
        "answered": len(answered),
        "accuracy": figure(share(right, clusters, least=min_group)),
        "macro_f1": figure(macro_f1(truth, given, clusters, least=min_group)),
        "calibration_error": figure(calibration_error(sure, hit, _clusters(judged), least=min_group)),
        "calibration_error_by_chance": ece_by_chance(sure) if enough else None,
        "brier": figure(brier(sure, hit, _clusters(judged), least=min_group)),
        "order_sensitivity": figure(share(moved, _clusters(several), least=min_group)),
        "unanswered": figure(share(lost, _clusters(rows), least=min_group)),
    }


def _clusters(rows: Sequence[Row]) -> Array:
    return np.array([row.cluster for row in rows], np.int64)


def _matrices(rows: Sequence[Row]) -> tuple[Array, Array]:
    """Which labels are true, and which were given: (n, labels) of bool each. Labels of two tasks are never the same."""
    names = sorted({(row.task, key) for row in rows for key in row.truth | (row.given or frozenset())})
    place = {name: number for number, name in enumerate(names)}
    truth, given = np.zeros((len(rows), len(names)), bool), np.zeros((len(rows), len(names)), bool)
    for number, row in enumerate(rows):
        for key in row.truth:
            truth[number, place[row.task, key]] = True
        for key in row.given or ():
            given[number, place[row.task, key]] = True
    return truth, given


def _by_task(rows: Sequence[Row], min_group: int) -> dict[str, Any]:
    tasks: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        tasks[row.task].append(row)
    return {task: {**_part(own, min_group), "flips": _families(own, None)} for task, own in tasks.items()}


# --- groups beside each other ---------------------------------------------------------------------------------------


def _compared(rows: Sequence[Row], attributes: tuple[str, ...], min_group: int) -> dict[str, Any]:
    """The groups of one attribute, or of the intersection of several, and how far they lie apart."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if all(name in row.groups for name in attributes):
            groups[" · ".join(row.groups[name] for name in attributes)].append(row)
    outcomes = {group: _outcomes(own) for group, own in sorted(groups.items())}
    odds = equalized_odds(outcomes, min_group=min_group)
    counts = {group: one.selection for group, one in outcomes.items()}
    found = {
        "groups": {
            group: {**_part(groups[group], min_group), **_rates(one, min_group)} for group, one in outcomes.items()
        },
        "parity": _disparity(demographic_parity(counts, min_group=min_group)),
        "opportunity": _disparity(equal_opportunity(outcomes, min_group=min_group)),
        "odds": {
            "difference": figure(odds.difference),
            "ratio": figure(odds.ratio),
            "false_positive": _disparity(odds.false_positive),
        },
    }
    if len(attributes) == 1:
        found["flips"] = _families(rows, attributes[0])
    else:
        found["shrunk"] = _shrunk(counts, min_group)
    return found


def _shrunk(counts: Mapping[str, GroupCounts], min_group: int) -> dict[str, Any]:
    """Intersections are small: their rates drawn towards the overall one, the more the smaller each is."""
    crossed = crossed_rates({(group,): own for group, own in counts.items()}, min_group=min_group)
    rates = {str(cell[0]): figure(estimate) for cell, estimate in crossed.rates.items()}
    return {"difference": figure(crossed.difference), "ratio": figure(crossed.ratio), "rates": rates}


def _outcomes(rows: Iterable[Row]) -> OutcomeCounts:
    """Favourable labels against the truth; what was not answered is not counted."""
    tally = {"tp": 0, "fp": 0, "fn": 0, "tn": 0}
    for row in rows:
        if row.given is not None:
            given, true = row.favourable in row.given, row.favourable in row.truth
            tally[("t" if given == true else "f") + ("p" if given else "n")] += 1
    return OutcomeCounts(**tally)


def _rates(one: OutcomeCounts, min_group: int) -> dict[str, Any]:
    return {
        "selection_rate": figure(rate(one.selection, min_group=min_group)),
        "true_positive_rate": figure(rate(one.true_positive, min_group=min_group)),
        "false_positive_rate": figure(rate(one.false_positive, min_group=min_group)),
    }


def _disparity(parity: Parity[str]) -> dict[str, Any]:
    return {
        "difference": figure(parity.difference),
        "ratio": figure(parity.ratio),
        "highest": parity.highest,
        "lowest": parity.lowest,
    }


# --- families -------------------------------------------------------------------------------------------------------


def _families(rows: Sequence[Row], attribute: str | None) -> dict[str, Any]:
    """The share of families that got several labels, and which: over all, or for one ``attribute`` alone.

    For an attribute, only members are compared that differ in it and in nothing else.
    """
    families: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.family and row.given is not None:
            families[row.family].append(row)
    sets = {
        (name, number): [row.given for row in own]
        for name, members in families.items()
        for number, own in enumerate([members] if attribute is None else _alike_but(members, attribute))
    }
    found: Flips[tuple[str, int], str] = flip_rate(sets, min_group=1)
    usable = {name for name, _number in sets.keys() - set(found.single)}
    flipped = list(dict.fromkeys(name for name, _number in found.flipped))
    counts = GroupCounts(len(flipped), len(usable))
    return {
        "share": figure(rate(counts, min_group=MIN_FAMILIES, empty=Reason.NO_FAMILIES)),
        "families": flipped[:EXAMPLES],
    }


def _alike_but(members: Sequence[Row], attribute: str) -> Iterable[list[Row]]:
    """Members that differ in the attribute alone, set by set."""
    sets: dict[Any, list[Row]] = defaultdict(list)
    for row in members:
        if attribute in row.groups:
            sets[tuple(sorted((name, one) for name, one in row.groups.items() if name != attribute))].append(row)
    return [own for own in sets.values() if len({row.groups[attribute] for row in own}) > 1]
