"""An audit's candidates beside each other: which of them no other beats, and which are within limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from annotations.candidates import Price, Used, panel
from fairness.audits.measuring import MEASURES, worst
from fairness.models import Audit, AuditCandidate, CandidateStatus
from ledger.errors import DomainError


@dataclass(frozen=True)
class Figure:
    """An estimate of stored results. ``attribute``: whose groups differ most, for a disparity."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str | None = None
    attribute: str = ""

    def scaled(self, factor: float) -> Figure:
        low, high = (None if limit is None else limit * factor for limit in (self.low, self.high))
        return replace(self, value=None if self.value is None else self.value * factor, low=low, high=high)

    def complement(self) -> Figure:
        """One minus it: the error of an accuracy."""
        low, high = (None if limit is None else 1 - limit for limit in (self.high, self.low))
        return replace(self, value=None if self.value is None else 1 - self.value, low=low, high=high)


NOTHING = Figure(None)


def figure_of(stored: Mapping[str, Any] | None) -> Figure:
    return Figure(**stored) if stored else NOTHING


@dataclass(frozen=True)
class Limits:
    """What may be at most: the error and the disparity as shares, the cost of 1,000 labels. None: no limit."""

    measure: str = "odds"
    error: float | None = None
    disparity: float | None = None
    cost: float | None = None

    @property
    def any(self) -> bool:
        return any(one is not None for one in (self.error, self.disparity, self.cost))


@dataclass(frozen=True)
class Entry:
    """A measured candidate. ``cost`` is that of 1,000 labels in ``currency``; its interval is that of the tokens.

    ``on_front``: no other has both a smaller error and a smaller disparity (one of them at least strictly).
    """

    candidate: AuditCandidate
    tag: str
    error: Figure
    disparity: Figure
    cost: Figure
    currency: str
    no_price: str
    on_front: bool
    within: bool

    def overall(self, name: str) -> Figure:
        return figure_of(self.candidate.figures["overall"][name])

    @property
    def flips(self) -> Figure:
        return figure_of(self.candidate.figures["flips"]["share"])

    @property
    def consistency(self) -> Figure:
        """Of similar probes; of audits from before it was measured there is none."""
        return figure_of(self.candidate.figures.get("consistency", {}).get("overall"))

    @property
    def consistency_of_truth(self) -> Figure:
        return figure_of(self.candidate.figures.get("consistency", {}).get("truth"))

    @property
    def speed(self) -> Figure:
        return figure_of(self.candidate.figures["speed"]["tokens_per_second"])


def leaderboard(candidates: Sequence[AuditCandidate], limits: Limits) -> list[Entry]:
    """The measured candidates, the smallest disparity first; two queries for their prices."""
    measured = [one for one in candidates if one.status == CandidateStatus.DONE and one.results]
    prices = prices_of(measured)
    entries = [
        _entry(one, f"M{number}", price, limits)
        for number, (one, price) in enumerate(zip(measured, prices, strict=True), start=1)
    ]
    entries = [replace(one, on_front=_on_front(one, entries)) for one in entries]
    return sorted(entries, key=lambda one: (one.disparity.value is None, one.disparity.value or 0.0, one.tag))


def prices_of(candidates: Sequence[AuditCandidate]) -> list[Price]:
    """What asking each candidate took, in money."""
    used = [Used(one.model, one.prompt_tokens, one.completion_tokens, one.server_seconds) for one in candidates]
    try:
        return panel().prices(used) if used else []
    except DomainError as error:
        return [Price(None, why=error.message) for _ in used]


def _entry(one: AuditCandidate, tag: str, price: Price, limits: Limits) -> Entry:
    error = figure_of(one.figures["overall"]["accuracy"]).complement()
    disparity = figure_of(worst(one.figures, limits.measure))
    cost = _cost(one, price.amount)
    bounds = ((error, limits.error), (disparity, limits.disparity), (cost, limits.cost))
    within = all(most is None or (own.value is not None and own.value <= most) for own, most in bounds)
    return Entry(one, tag, error, disparity, cost, price.currency, price.why, on_front=False, within=within)


def _cost(one: AuditCandidate, amount: Decimal | None) -> Figure:
    """Of 1,000 labels, orders of the audit included; as sure as the mean of the tokens."""
    tokens = figure_of(one.figures["speed"]["tokens_per_answer"])
    if amount is None or not one.answered or not tokens.value:
        return NOTHING
    per_thousand = float(amount) * 1000 / one.answered
    return tokens.scaled(per_thousand / tokens.value)


def _on_front(one: Entry, entries: Sequence[Entry]) -> bool:
    if one.error.value is None or one.disparity.value is None:
        return False
    own = (one.error.value, one.disparity.value)
    for other in entries:
        if other.error.value is None or other.disparity.value is None:
            continue
        its = (other.error.value, other.disparity.value)
        if its != own and its[0] <= own[0] and its[1] <= own[1]:
            return False
    return True


def candidates_of(audit: Audit) -> list[AuditCandidate]:
    return list(AuditCandidate.objects.filter(audit=audit).order_by("position"))


def limits_from(asked: Mapping[str, str]) -> Limits:
    """From the address: ``measure``, and ``max_error`` and ``max_disparity`` in points, ``max_cost`` in money. What is
    no number is no limit."""

    def number(name: str, scale: float) -> float | None:
        try:
            value = float(asked.get(name, "").replace(",", "."))
        except ValueError:
            return None
        return value / scale if 0 <= value < 1e9 else None

    measure = asked.get("measure", "")
    return Limits(
        measure=measure if measure in MEASURES else MEASURES[0],
        error=number("max_error", 100),
        disparity=number("max_disparity", 100),
        cost=number("max_cost", 1),
    )
