"""What each measure of a monitor says of counts: certainly beyond the limit or not. Pure: counts in, verdict out.

Counts come as a table, which is what a finding keeps (JSON): group → integers, the empty group for all items.

``parity``        [selected, n]
``odds``          [true positives, false positives, false negatives, true negatives]
``gap``           [model only, people only, both, n]: items that got the label from one or both
``kappa``         rows of a square: people's consensus by the model's label, both in one order: the schema's labels,
                  then what else was given (several labels at once, a label of an earlier schema)
``completeness``  [labels given or spared, labels needed]
``error``         [wrong, n]

``accepted`` maps what can be found to how far an owner has accepted it. What can be found has a direction: a pair of
groups, that with the higher rate first (for odds behind the name of the rate); of a gap ``more`` or ``less`` and the
group; else a group, the empty one for all items.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import Any

from annotations.agreement import cohen_kappa
from fairness.metrics import (
    MIN_GROUP,
    Certified,
    GroupCounts,
    OutcomeCounts,
    PairedCounts,
    certified,
    certified_odds,
    certified_paired_gaps,
    kappa_below,
    log_order_evidence,
    rate_above,
)

Table = Mapping[str, Any]
Subject = tuple[str, ...]
Accepted = Mapping[Subject, float]

TRUE_POSITIVE, FALSE_POSITIVE = "true_positive", "false_positive"
MORE, LESS = "more", "less"  # a model gives the label more often than people, or less


@dataclass(frozen=True)
class Found:
    """One thing that is certain to be beyond its limit, and how far it is as counted (``plain``). ``rate``: of the
    odds, which rate; of a gap, ``more`` or ``less``."""

    groups: tuple[str, ...]
    plain: float | None
    rate: str = ""

    @property
    def subject(self) -> Subject:
        return _subject(self.rate, self.groups)

    def as_json(self) -> dict[str, Any]:
        return {"groups": list(self.groups), "plain": self.plain, "rate": self.rate}


def _subject(rate: str, groups: Sequence[str]) -> Subject:
    named = tuple(groups) or ("",)
    return (rate, *named) if rate else named


@dataclass(frozen=True)
class Verdict:
    """What is certain of a table.

    ``beyond``: certainly past the limit, and past what was accepted. ``certain``: the limit of what is beyond doubt: a
    certain lower limit of a difference, gap or error, a certain upper limit of κ; None where nothing is known.
    ``plain``: the same as counted, without regard to chance. ``groups``: which (higher and lower rate; the one; none).
    ``rate``: of the odds, which rate; of a gap, in which direction. ``exact``: α has no part in it, as in findings of
    completeness from before it had. ``table``: the counts; ``bands``: each group's limits, which hold together.
    ``found``: all that is beyond its limit, what ``groups`` names among it.
    """

    beyond: bool = False
    certain: float | None = None
    plain: float | None = None
    groups: tuple[str, ...] = ()
    rate: str = ""
    exact: bool = False
    table: Table = field(default_factory=dict)
    bands: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    found: tuple[Found, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "groups": list(self.groups),
            "bands": {g: list(b) for g, b in self.bands.items()},
            "found": [one.as_json() for one in self.found],
        }


Judge = Callable[[Table, float, float, Accepted], Verdict]


def _counts(table: Table) -> dict[str, GroupCounts]:
    return {group: GroupCounts(selected, n) for group, (selected, n) in table.items()}


def _outcomes(table: Table) -> dict[str, OutcomeCounts]:
    return {group: OutcomeCounts(*row) for group, row in table.items()}


def _pairs(accepted: Accepted, rate: str = "") -> dict[tuple[str, str], float]:
    return {
        (subject[-2], subject[-1]): limit
        for subject, limit in accepted.items()
        if len(subject) == 2 + bool(rate) and (not rate or subject[0] == rate)
    }


def _of_rates(found: Certified[str], counts: Mapping[str, GroupCounts], table: Table, rate: str = "") -> Verdict:
    groups: tuple[str, ...] = ()
    plain = None
    if found.highest is not None and found.lowest is not None:
        groups = (found.highest, found.lowest)
        plain = _apart(counts, *groups)
    bands = {group: (band.low, band.high) for group, band in found.bands.items()}
    certain = None if found.reason else found.lower
    beyond = tuple(Found(pair, _apart(counts, *pair), rate) for pair in found.beyond)
    return Verdict(found.pause, certain, plain, groups, rate, False, table, bands, beyond)


def _apart(counts: Mapping[str, GroupCounts], one: str, other: str) -> float:
    return abs(_rate(counts[one]) - _rate(counts[other]))


def _rate(counts: GroupCounts) -> float:
    return counts.selected / counts.n if counts.n else 0.0


def parity(table: Table, alpha: float, tau: float, accepted: Accepted) -> Verdict:
    counts = _counts(table)
    return _of_rates(certified(counts, alpha=alpha, tau=tau, allowed=_pairs(accepted)), counts, table)


def odds(table: Table, alpha: float, tau: float, accepted: Accepted) -> Verdict:
    outcomes = _outcomes(table)
    allowed = (_pairs(accepted, TRUE_POSITIVE), _pairs(accepted, FALSE_POSITIVE))
    found = certified_odds(outcomes, alpha=alpha, tau=tau, allowed=allowed)
    halves = (
        _of_rates(found.true_positive, {g: o.true_positive for g, o in outcomes.items()}, table, TRUE_POSITIVE),
        _of_rates(found.false_positive, {g: o.false_positive for g, o in outcomes.items()}, table, FALSE_POSITIVE),
    )
    worse = max(halves, key=lambda half: (half.beyond, half.certain or 0.0, half.plain or 0.0))
    return replace(worse, found=tuple(one for half in halves for one in half.found))


def gap(table: Table, alpha: float, tau: float, accepted: Accepted) -> Verdict:
    found = certified_paired_gaps(
        {group: PairedCounts(model, people, n) for group, (model, people, _both, n) in table.items()},
        alpha=alpha,
        tau=tau,
    )
    bands = {group: (band.low, band.high) for group, band in found.bands.items()}
    sure = {g: max(low, -high, 0.0) for g, (low, high) in bands.items() if table[g][-1]}
    plain = {g: abs(table[g][0] - table[g][1]) / table[g][-1] for g in sure}
    return _worst_group(sure, plain, tau, accepted, table, bands, {g: side_of(table[g]) for g in sure})


def side_of(row: Sequence[int]) -> str:
    """Whether the model gives the label more often than people, or less, by a row of the table of gaps."""
    return MORE if row[0] >= row[1] else LESS


def _worst_group(
    sure: Mapping[str, float],
    plain: Mapping[str, float],
    tau: float,
    accepted: Accepted,
    table: Table,
    bands: Mapping[str, tuple[float, float]],
    sides: Mapping[str, str] | None = None,
) -> Verdict:
    """The group that is the furthest beyond its limit; where none is, the one with most to say."""
    if not sure:
        return Verdict(table=table, bands=bands)
    rates = sides or dict.fromkeys(sure, "")
    beyond = [g for g in sure if sure[g] > max(tau, accepted.get(_subject(rates[g], (g,)), tau))]
    group = max(beyond or sure, key=lambda g: (sure[g], plain[g]))
    found = tuple(Found(_named(g), plain[g], rates[g]) for g in beyond)
    return Verdict(bool(beyond), sure[group], plain[group], _named(group), rates[group], False, table, bands, found)


def _named(group: str) -> tuple[str, ...]:
    return (group,) if group else ()


def error(table: Table, alpha: float, tau: float, accepted: Accepted) -> Verdict:
    counts = _counts(table)
    bands = {}
    for group, c in counts.items():
        band = rate_above(c, bound=tau, alpha=alpha / len(counts)).band
        bands[group] = (band.low, band.high)
    sure = {g: bands[g][0] for g, c in counts.items() if c.n}
    return _worst_group(sure, {g: _rate(counts[g]) for g in sure}, tau, accepted, table, bands)


def kappa(table: Table, alpha: float, tau: float, accepted: Accepted, *, named: int | None = None) -> Verdict:
    """Of κ the limit is the least that is allowed, so the worst group is the one with the lowest certain limit.
    ``named``: as of ``kappa_below``."""
    bands: dict[str, tuple[float, float]] = {}
    plain: dict[str, float | None] = {}
    for group, rows in table.items():
        if len(rows) < 2 or not any(map(any, rows)):
            continue
        band = kappa_below(rows, bound=tau, alpha=alpha / len(table), named=named).band
        bands[group] = (band.low, band.high)
        plain[group] = cohen_kappa(rows).value
    if not bands:
        return Verdict(table=table)
    beyond = [g for g in bands if bands[g][1] < min(tau, accepted.get((g,), tau))]
    group = min(beyond or bands, key=lambda g: (bands[g][1], plain[g] if plain[g] is not None else 1.0))
    found = tuple(Found(_named(g), plain[g]) for g in beyond)
    return Verdict(bool(beyond), bands[group][1], plain[group], _named(group), "", False, table, bands, found)


def completeness(table: Table, alpha: float, tau: float, accepted: Accepted, *, labels_per_item: int = 1) -> Verdict:
    """What is missing is counted, but in any order one group is ahead of another now and then: it is certain where an
    order that knows no groups hardly ever puts two so far apart. Groups that ask for few labels are left out."""
    counts = {group: c for group, c in _counts(table).items() if c.n >= MIN_GROUP}
    if len(counts) < 2:
        return Verdict(table=table)
    apart = {
        (a, b) if _rate(counts[a]) >= _rate(counts[b]) else (b, a): _apart(counts, a, b)
        for a, b in combinations(counts, 2)
    }
    asked = [pair for pair in apart if apart[pair] > max(tau, accepted.get(pair, tau))]
    within = not asked  # then the widest pair is what there is to say
    asked = asked or [max(apart, key=apart.__getitem__)]
    sides = [[getattr(counts[pair[side]], of) for pair in asked] for side in (0, 1) for of in ("selected", "n")]
    enough = math.log(math.comb(len(table), 2) / alpha)
    evidence = log_order_evidence(*sides, labels_per_item=labels_per_item)
    sure = [pair for pair, found in zip(asked, evidence, strict=True) if found >= enough]
    beyond = [] if within else sure
    pair = max(sure or asked, key=apart.__getitem__)
    named = tuple(Found(one, apart[one]) for one in beyond)
    return Verdict(bool(beyond), apart[pair] if sure else 0.0, apart[pair], pair, "", False, table, {}, named)


JUDGES: Mapping[str, Judge] = {
    "parity": parity,
    "odds": odds,
    "gap": gap,
    "kappa": kappa,
    "completeness": completeness,
    "error": error,
}


def accepted_by(measure: str, certificate: Mapping[str, Any]) -> dict[Subject, float]:
    """What an owner accepts with a finding: all that was certain to be beyond its limit, in the direction and as far as
    it was counted to be. Nothing else."""
    named = {"groups": certificate["groups"], "plain": certificate["plain"], "rate": certificate["rate"]}
    if measure == "gap" and not named["rate"]:  # a finding older than directions
        named["rate"] = side_of(certificate["table"][named["groups"][0]])
    found = [*certificate.get("found", ()), named]
    return {_subject(one["rate"], one["groups"]): one["plain"] for one in found if one["plain"] is not None}


def labels_in(measure: str, table: Table) -> int:
    """How many labels (of κ, gaps and truths: items) a table rests on."""
    if measure == "kappa":
        return sum(sum(map(sum, rows)) for rows in table.values())
    if measure == "odds":
        return sum(map(sum, table.values()))
    # Of completeness the labels that are done: what is needed follows the owner's demand.
    return sum(row[0] if measure == "completeness" else row[-1] for row in table.values())


def worse_of(measure: str, one: Accepted, other: Accepted) -> dict[Subject, float]:
    """What two acceptances accept together."""
    further = min if measure == "kappa" else max
    return {s: further(x[s] for x in (one, other) if s in x) for s in one.keys() | other.keys()}
