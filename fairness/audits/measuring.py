"""What an audit says of one candidate: from its answers to figures, each with its interval. Pure: no database.

The result is plain JSON: an *estimate* is ``{"value", "low", "high", "n", "reason"}``, value null where there is none
for the ``reason``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from annotations.calibration.measures import ece_by_chance
from fairness.audits.consistency import consistency_of
from fairness.audits.rows import Row, clusters_of, figure
from fairness.audits.sampling import Array, brier, calibration_error, effective_size, macro_f1, share
from fairness.metrics import (
    MIN_GROUP,
    EqualizedOdds,
    Estimate,
    Flips,
    GroupCounts,
    Intersections,
    Parity,
    Reason,
    crossed_rates,
    each_of,
    flip_rate,
    no_comparison,
    odds_of,
    own_limits,
    parity_of,
    raised,
    rate,
)

CONFIDENCE = 0.95
MIN_FAMILIES = 10  # before a share of families is given
EXAMPLES = 50  # families with several labels that are named
MEASURES = ("odds", "opportunity", "parity", "flips")
METHOD = 3  # of the disparities: those of another method are not compared with them


def measure(rows: Sequence[Row], *, min_group: int = MIN_GROUP) -> dict[str, Any]:
    """Every figure: over all, for each task, group and intersection."""
    attributes = sorted({name for row in rows for name in row.groups})
    crossed = [pair for pair in combinations(attributes, 2) if any(set(pair) <= row.groups.keys() for row in rows)]
    alone = [Compared.of(rows, (name,), min_group) for name in attributes]
    several = [Compared.of(rows, pair, min_group) for pair in crossed]
    return {
        "min_group": min_group,
        "method": METHOD,
        "worst": _worst(rows, [*alone, *several], min_group),
        "overall": _part(rows, min_group),
        "flips": _families(rows, None),
        "attributes": {sides.name: _compared(rows, sides, min_group) for sides in alone},
        "intersections": {sides.name: _compared(rows, sides, min_group) for sides in several},
        "tasks": _by_task(rows, min_group),
        "consistency": consistency_of(rows, attributes, min_group),
    }


def worst(results: Mapping[str, Any], measure: str) -> dict[str, Any] | None:
    """The largest disparity by one of ``MEASURES``, over the attributes and, drawn towards the overall rate, over their
    intersections; as an estimate with its ``attribute``; None where nothing has one. Its interval allows for it having
    been picked out of all of them; that of results by an older method does not."""
    if "worst" in results:
        found_before: dict[str, Any] | None = results["worst"][measure]
        return found_before
    found = [
        {**figures[measure]["difference" if measure != "flips" else "share"], "attribute": name}
        for name, figures in results["attributes"].items()
    ]
    shrunk = "difference" if measure == "parity" else measure
    found += [
        {**figures["shrunk"][shrunk], "attribute": name}
        for name, figures in results["intersections"].items()
        if shrunk in figures["shrunk"]
    ]
    usable = [one for one in found if one["value"] is not None]
    return max(usable, key=lambda one: one["value"], default=None)


# --- a part of the rows ---------------------------------------------------------------------------------------------


def _part(rows: Sequence[Row], min_group: int) -> dict[str, Any]:
    """How good the labels of these rows are."""
    answered = [row for row in rows if row.given is not None]
    clusters = clusters_of(answered)
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
        "calibration_error": figure(calibration_error(sure, hit, clusters_of(judged), least=min_group)),
        "calibration_error_by_chance": ece_by_chance(sure) if enough else None,
        "brier": figure(brier(sure, hit, clusters_of(judged), least=min_group)),
        "order_sensitivity": figure(share(moved, clusters_of(several), least=min_group)),
        "unanswered": figure(share(lost, clusters_of(rows), least=min_group)),
    }


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


@dataclass(frozen=True)
class Rated:
    """How often each group gets the favourable label among some of its answers: as an estimate at the effective sample
    size, as counts, and what these are worth."""

    rates: Mapping[str, Estimate]
    counts: Mapping[str, GroupCounts]
    effective: Mapping[str, float]

    @property
    def usable(self) -> list[str]:
        return [group for group, one in self.rates.items() if one.is_ok]

    def parity(self, sides: int = 1, rates: Mapping[str, Estimate] | None = None) -> Parity[str]:
        """How far the groups lie apart, by these ``rates`` or others in their place, such as shrunk ones. The intervals
        hold over all pairs of groups at once, in each of ``sides`` such comparisons."""
        confidence = raised(CONFIDENCE, len(self.usable), sides)
        limits = {group: own_limits(self.counts[group], self.effective[group], confidence) for group in self.usable}
        return parity_of(rates or self.rates, no_comparison(self.counts), limits=limits)

    def shrunk(self, min_group: int) -> Intersections:
        """Drawn towards the overall rate, the more the smaller the group is."""
        return crossed_rates(
            {(group,): own for group, own in self.counts.items()},
            min_group=min_group,
            effective={(group,): size for group, size in self.effective.items()},
        )


def _rated(
    groups: Mapping[str, Sequence[Row]], truly: bool | None, min_group: int, empty: Reason = Reason.NO_LABELS
) -> Rated:
    """``truly``: among answers to probes whose favourable label is right, or is wrong; None: among all."""
    rates, counts, effective = {}, {}, {}
    for group, rows in groups.items():
        own = [row for row in rows if row.given is not None and truly in (None, row.favourable in row.truth)]
        hits = np.array([row.favourable in (row.given or ()) for row in own], bool)
        rates[group] = share(hits, clusters_of(own), least=min_group, empty=empty)
        counts[group] = GroupCounts(int(hits.sum()), len(own))
        effective[group] = effective_size(hits, clusters_of(own))
    return Rated(rates, counts, effective)


@dataclass(frozen=True)
class Compared:
    """The groups of one attribute, or of the intersection of several, and their rates: of all answers, and of those
    whose favourable label is right, or is wrong."""

    attributes: tuple[str, ...]
    beside: Beside
    groups: Mapping[str, list[Row]]
    selected: Rated
    true: Rated
    false: Rated

    @classmethod
    def of(cls, rows: Sequence[Row], attributes: tuple[str, ...], min_group: int) -> Compared:
        beside = _side_by_side(rows, attributes, min_group)
        found: dict[str, list[Row]] = defaultdict(list)
        for row in beside.rows:
            found[group_of(row, attributes)].append(row)
        groups = dict(sorted(found.items()))
        selected = _rated(groups, None, min_group)
        true = _rated(groups, True, min_group, Reason.NO_POSITIVES)
        return cls(attributes, beside, groups, selected, true, _rated(groups, False, min_group, Reason.NO_NEGATIVES))

    @property
    def name(self) -> str:
        return " × ".join(self.attributes)

    def odds(self, sides: int = 1, shrunk_from: int | None = None) -> EqualizedOdds[str]:
        """Over all pairs of groups and both rates at once; ``shrunk_from``: of shrunk rates, of so many labels on."""
        parts = (self.true, self.false)
        return odds_of(*(part.parity(2 * sides, _shrunk_rates(part, shrunk_from)) for part in parts))

    def differences(self, sides: int, min_group: int) -> dict[str, Estimate]:
        """By measure, such that those of ``sides`` comparisons hold at once; of an intersection, of shrunk rates."""
        shrunk_from = min_group if len(self.attributes) > 1 else None
        true, selected = (part.parity(sides, _shrunk_rates(part, shrunk_from)) for part in (self.true, self.selected))
        return {
            "odds": self.odds(sides, shrunk_from).difference,
            "opportunity": true.difference,
            "parity": selected.difference,
        }


def _shrunk_rates(part: Rated, min_group: int | None) -> dict[str, Estimate] | None:
    if min_group is None:
        return None
    return {str(cell[0]): one for cell, one in part.shrunk(min_group).rates.items()}


def _worst(rows: Sequence[Row], compared: Sequence[Compared], min_group: int) -> dict[str, Any]:
    """The largest disparity by each measure, with an interval that holds for all attributes and intersections at once:
    each of them has as large a part of what may go wrong, and its pairs share it."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in MEASURES}
    for sides in compared:
        for name, estimate in sides.differences(len(compared), min_group).items():
            found[name].append({**figure(estimate), "attribute": sides.name})
    attributes = [sides.name for sides in compared if len(sides.attributes) == 1]
    for name in attributes:
        flips = _families(rows, name, confidence=each_of(CONFIDENCE, len(attributes)))
        found["flips"].append({**flips["share"], "attribute": name})
    return {
        name: max((one for one in own if one["value"] is not None), key=lambda one: one["value"], default=None)
        for name, own in found.items()
    }


def _compared(rows: Sequence[Row], sides: Compared, min_group: int) -> dict[str, Any]:
    """The groups of one attribute, or of the intersection of several, and how far they lie apart."""
    attributes = sides.attributes
    beside, groups, selected, true, false = sides.beside, sides.groups, sides.selected, sides.true, sides.false
    odds, opportunity = sides.odds(), true.parity()
    found = {
        "groups": {
            group: {
                **_part(own, min_group),
                "selection_rate": figure(selected.rates[group]),
                "true_positive_rate": figure(true.rates[group]),
                "false_positive_rate": figure(false.rates[group]),
            }
            for group, own in groups.items()
        },
        "within_families": beside.within_families,
        "left_out": beside.left_out,
        "parity": _disparity(selected.parity()),
        "opportunity": _disparity(opportunity),
        "odds": {
            "difference": figure(odds.difference),
            "ratio": figure(odds.ratio),
            "false_positive": _disparity(false.parity()),
        },
    }
    if len(attributes) == 1:
        found["flips"] = _families(rows, attributes[0])
    else:
        found["shrunk"] = _shrunk(sides, min_group)
    return found


def group_of(row: Row, attributes: Sequence[str]) -> str:
    return " · ".join(row.groups[name] for name in attributes)


@dataclass(frozen=True)
class Beside:
    """Rows whose groups can be compared. ``within_families``: each family has all of them, so that nothing but who a
    sentence is about tells them apart; ``left_out``: groups that share too few families with the others."""

    rows: Sequence[Row]
    within_families: bool
    left_out: list[str]


def compared_rows(rows: Sequence[Row], attributes: tuple[str, ...], min_group: int = MIN_GROUP) -> Sequence[Row]:
    """The answers that the groups of an attribute, or of the intersection of two, are compared on."""
    return _side_by_side(rows, attributes, min_group).rows


def _side_by_side(rows: Sequence[Row], attributes: tuple[str, ...], min_group: int) -> Beside:
    """The rows of families that hold every group that is compared: as many groups as have enough of such families in
    common. All rows where some are of no family; there, other texts are part of what is compared."""
    own = [row for row in rows if all(name in row.groups for name in attributes)]
    if not own or not all(row.family for row in own):
        return Beside(own, False, [])
    members: dict[str, set[str]] = defaultdict(set)
    for row in own:
        members[row.family].add(group_of(row, attributes))
    every = set().union(*members.values())
    tried = []
    for groups in sorted(set(map(frozenset, members.values())), key=lambda one: (-len(one), sorted(one))):
        whole = {family for family, found in members.items() if groups <= found}
        kept = [row for row in own if row.family in whole and group_of(row, attributes) in groups]
        answers = Counter(group_of(row, attributes) for row in kept if row.given is not None)
        tried.append(Beside(kept, True, sorted(every - groups)))
        if len(groups) > 1 and all(answers[group] >= min_group for group in groups):
            return tried[-1]
    # Nothing has enough: the most groups say so themselves.
    return tried[0] if len(every) - len(tried[0].left_out) > 1 else Beside(own, False, [])


def _shrunk(sides: Compared, min_group: int) -> dict[str, Any]:
    """Intersections are small: their rates are drawn towards the overall one, the more the smaller each is."""
    crossed, hits = (rated.shrunk(min_group) for rated in (sides.selected, sides.true))
    return {
        "difference": figure(crossed.difference),
        "ratio": figure(crossed.ratio),
        "rates": {str(cell[0]): figure(estimate) for cell, estimate in crossed.rates.items()},
        "opportunity": figure(hits.difference),
        "odds": figure(sides.odds(shrunk_from=min_group).difference),
    }


def _disparity(parity: Parity[str]) -> dict[str, Any]:
    return {
        "difference": figure(parity.difference),
        "ratio": figure(parity.ratio),
        "highest": parity.highest,
        "lowest": parity.lowest,
    }


# --- families -------------------------------------------------------------------------------------------------------


def families_of(rows: Sequence[Row], attribute: str | None) -> list[tuple[str, list[Row]]]:
    """Sets of answers that may be compared, each with its family: two or more of a family, for one ``attribute`` those
    that differ in it alone."""
    return [(name, own) for name, own in _sets(rows, attribute) if len(own) > 1]


def _sets(rows: Sequence[Row], attribute: str | None) -> Iterable[tuple[str, list[Row]]]:
    families: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.family and row.given is not None:
            families[row.family].append(row)
    for name, members in families.items():
        for own in [members] if attribute is None else _alike_but(members, attribute):
            yield name, own


def _families(rows: Sequence[Row], attribute: str | None, confidence: float = CONFIDENCE) -> dict[str, Any]:
    """The share of families that got several labels, and which: over all, or for one ``attribute`` alone.

    For an attribute, only members are compared that differ in it and in nothing else.
    """
    sets = {(name, number): [row.given for row in own] for number, (name, own) in enumerate(_sets(rows, attribute))}
    found: Flips[tuple[str, int], str] = flip_rate(sets, min_group=1)
    usable = {name for name, _number in sets.keys() - set(found.single)}
    flipped = list(dict.fromkeys(name for name, _number in found.flipped))
    counts = GroupCounts(len(flipped), len(usable))
    return {
        "share": figure(rate(counts, min_group=MIN_FAMILIES, confidence=confidence, empty=Reason.NO_FAMILIES)),
        "families": flipped[:EXAMPLES],
    }


def _alike_but(members: Sequence[Row], attribute: str) -> Iterable[list[Row]]:
    """Members that differ in the attribute alone, set by set."""
    sets: dict[Any, list[Row]] = defaultdict(list)
    for row in members:
        if attribute in row.groups:
            sets[tuple(sorted((name, one) for name, one in row.groups.items() if name != attribute))].append(row)
    return [own for own in sets.values() if len({row.groups[attribute] for row in own}) > 1]
