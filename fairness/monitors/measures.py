"""What each measure of a monitor says of counts: certainly beyond the limit or not. Pure: counts in, verdict out.

Counts come as a table, which is what a finding keeps (JSON): group → integers, the empty group for all items.

``parity``        [selected, n]
``odds``          [true positives, false positives, false negatives, true negatives]
``gap``           [model only, people only, both, n]: items that got the label from one or both
``kappa``         rows of a square: people's consensus by the model's label, both in one order: the schema's labels, then
                  what else was given (several labels at once, a label of an earlier schema)
``completeness``  [labels given, labels needed]
``error``         [wrong, n]

``accepted`` maps what can be found to how far an owner has accepted it: a pair of groups (in alphabetical order, for
odds behind the name of the rate), a group, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
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
    rate_above,
)

Table = Mapping[str, Any]
Subject = tuple[str, ...]
Accepted = Mapping[Subject, float]

TRUE_POSITIVE, FALSE_POSITIVE = "true_positive", "false_positive"


@dataclass(frozen=True)
class Verdict:
    """What is certain of a table.

    ``beyond``: certainly past the limit, and past what was accepted. ``certain``: the limit of what is beyond doubt: a
    certain lower limit of a difference, gap or error, a certain upper limit of κ; None where nothing is known.
    ``plain``: the same as counted, without regard to chance. ``groups``: which (higher and lower rate; the one; none).
    ``rate``: of the odds, which rate. ``exact``: counted and not estimated, so that α has no part in it. ``table``: the
    counts; ``bands``: each group's limits, which hold together.
    """

    beyond: bool = False
    certain: float | None = None
    plain: float | None = None
    groups: tuple[str, ...] = ()
    rate: str = ""
    exact: bool = False
    table: Table = field(default_factory=dict)
    bands: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"groups": list(self.groups), "bands": {g: list(b) for g, b in self.bands.items()}}


Judge = Callable[[Table, float, float, Accepted], Verdict]


def _counts(table: Table) -> dict[str, GroupCounts]:
    return {group: GroupCounts(selected, n) for group, (selected, n) in table.items()}


def _outcomes(table: Table) -> dict[str, OutcomeCounts]:
    return {group: OutcomeCounts(*row) for group, row in table.items()}


def _pairs(accepted: Accepted, rate: str = "") -> dict[frozenset[str], float]:
    return {
        frozenset(subject[-2:]): limit
        for subject, limit in accepted.items()
        if len(subject) == 2 + bool(rate) and (not rate or subject[0] == rate)
    }


def _of_rates(found: Certified[str], counts: Mapping[str, GroupCounts], table: Table, rate: str = "") -> Verdict:
    groups: tuple[str, ...] = ()
    plain = None
    if found.highest is not None and found.lowest is not None:
        groups = (found.highest, found.lowest)
        plain = abs(_rate(counts[found.highest]) - _rate(counts[found.lowest]))
    bands = {group: (band.low, band.high) for group, band in found.bands.items()}
    certain = None if found.reason else found.lower
    return Verdict(found.pause, certain, plain, groups, rate, False, table, bands)


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
    return max(halves, key=lambda half: (half.beyond, half.certain or 0.0, half.plain or 0.0))


def gap(table: Table, alpha: float, tau: float, accepted: Accepted) -> Verdict:
    found = certified_paired_gaps(
        {group: PairedCounts(model, people, n) for group, (model, people, _both, n) in table.items()},
        alpha=alpha,
        tau=tau,
    )
    bands = {group: (band.low, band.high) for group, band in found.bands.items()}
    sure = {g: max(low, -high, 0.0) for g, (low, high) in bands.items() if table[g][-1]}
    plain = {g: abs(table[g][0] - table[g][1]) / table[g][-1] for g in sure}
    return _worst_group(sure, plain, tau, accepted, table, bands)


def _worst_group(
    sure: Mapping[str, float],
    plain: Mapping[str, float],
    tau: float,
    accepted: Accepted,
    table: Table,
    bands: Mapping[str, tuple[float, float]],
) -> Verdict:
    """The group that is the furthest beyond its limit; where none is, the one with most to say."""
    if not sure:
        return Verdict(table=table, bands=bands)
    beyond = [g for g in sure if sure[g] > max(tau, accepted.get((g,), tau))]
    group = max(beyond or sure, key=lambda g: (sure[g], plain[g]))
    return Verdict(bool(beyond), sure[group], plain[group], (group,) if group else (), "", False, table, bands)


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
    return Verdict(bool(beyond), bands[group][1], plain[group], (group,) if group else (), "", False, table, bands)


def completeness(table: Table, alpha: float, tau: float, accepted: Accepted) -> Verdict:
    """Counted, not estimated: what is missing is missing. Groups that ask for few labels are left out all the same."""
    counts = {group: c for group, c in _counts(table).items() if c.n >= MIN_GROUP}
    if len(counts) < 2:
        return Verdict(table=table, exact=True)
    apart = {
        (a, b) if _rate(counts[a]) >= _rate(counts[b]) else (b, a): abs(_rate(counts[a]) - _rate(counts[b]))
        for a, b in combinations(counts, 2)
    }
    beyond = [pair for pair in apart if apart[pair] > max(tau, accepted.get(tuple(sorted(pair)), tau))]
    pair = max(beyond or apart, key=apart.__getitem__)
    return Verdict(bool(beyond), apart[pair], apart[pair], pair, "", True, table)


JUDGES: Mapping[str, Judge] = {
    "parity": parity,
    "odds": odds,
    "gap": gap,
    "kappa": kappa,
    "completeness": completeness,
    "error": error,
}


def accepted_by(measure: str, certificate: Mapping[str, Any]) -> dict[Subject, float]:
    """What an owner accepts with a finding: what it names, from however few labels, and all else that was seen."""
    groups, plain = certificate["groups"], certificate["plain"]
    accepted = observed(measure, certificate["table"])
    if plain is not None:
        named = tuple(sorted(groups)) or ("",)
        accepted.setdefault((certificate["rate"], *named) if certificate["rate"] else named, plain)
    return accepted


def observed(measure: str, table: Table) -> dict[Subject, float]:
    """How far everything was from where it should be in a table, where that rests on enough labels: a small group's
    figure mostly shows chance."""
    if measure in ("parity", "completeness"):
        return _differences(_counts(table))
    if measure == "odds":
        outcomes = _outcomes(table)
        return {
            (rate, *pair): value
            for rate in (TRUE_POSITIVE, FALSE_POSITIVE)
            for pair, value in _differences({g: getattr(o, rate) for g, o in outcomes.items()}).items()
        }
    if measure == "gap":
        return {(g,): abs(m - p) / n for g, (m, p, _both, n) in table.items() if n >= MIN_GROUP}
    if measure == "error":
        return {(g,): wrong / n for g, (wrong, n) in table.items() if n >= MIN_GROUP}
    found = {(g,): cohen_kappa(rows).value for g, rows in table.items() if sum(map(sum, rows)) >= MIN_GROUP}
    return {subject: value for subject, value in found.items() if value is not None}


def _differences(counts: Mapping[str, GroupCounts]) -> dict[Subject, float]:
    enough = {group: _rate(c) for group, c in sorted(counts.items()) if c.n >= MIN_GROUP}
    return {(a, b): abs(enough[a] - enough[b]) for a, b in combinations(enough, 2)}


def worse_of(measure: str, one: Accepted, other: Accepted) -> dict[Subject, float]:
    """What two acceptances accept together."""
    further = min if measure == "kappa" else max
    return {s: further(x[s] for x in (one, other) if s in x) for s in one.keys() | other.keys()}
