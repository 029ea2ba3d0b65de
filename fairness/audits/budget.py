"""What audits that start by themselves may ask and cost: limits over thirty days, and what fits under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_UP, Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.candidates import Candidate, Price, Used, panel
from annotations.models import Project
from fairness.audits.limits import MAX_REQUESTS
from fairness.models import Audit, AuditCandidate, AuditRules, CandidateStatus, ProbeSet

WINDOW = timedelta(days=30)
TIMES = 3  # what the first audit cost: the limit of money until an owner sets one
MOST_MONEY = Decimal("99999999.99")  # what the column holds
COUNTED: dict[str, Any] = {
    "read": Sum("prompt_tokens"),
    "written": Sum("completion_tokens"),
    "servers": Sum("server_seconds"),
    "made": Sum("requests"),
}


@dataclass(frozen=True)
class HeldBack:
    """A candidate that is not audited by itself, and why."""

    candidate: Candidate
    why: str


@dataclass(frozen=True)
class Plan:
    """New candidates: those that an audit may start with by itself, and those that a limit holds back."""

    within: Sequence[Candidate]
    held_back: Sequence[HeldBack]


@dataclass(frozen=True)
class Spending:
    """``requests`` and ``money`` (in the project's currency) that audits took; None: ``why`` it is not known."""

    requests: int
    money: Decimal | None
    why: str = ""


def plan_of(rules: AuditRules, new: Sequence[Candidate]) -> Plan:
    """Which of ``new`` fit under the limits of ``rules``, in order; the rest, and why. A fixed number of queries."""
    if rules.probe_set is None or not new:
        return Plan([], [])
    spent = _so_far(rules.project)
    left = _Left(rules, rules.monthly_requests - spent.requests, spent)
    needs_prices = rules.monthly_cost is not None or not rules.by_owner
    costs = _expected(rules.project, rules.probe_set, rules.orders, new) if needs_prices else [Price(None)] * len(new)
    within, held_back = [], []
    for one, cost in zip(new, costs, strict=True):
        each = rules.probe_set.size * one.requests(rules.orders)
        why = left.why_not_asked(each) or left.why_not_paid(cost)
        if why:
            held_back.append(HeldBack(one, why))
            continue
        within.append(one)
        left.take(each, cost)
    return Plan(within, held_back)


class _Left:
    """What the limits leave: ``requests``, and ``money``, which is None where it is not bounded or not known."""

    def __init__(self, rules: AuditRules, requests: int, spent: Spending) -> None:
        self.rules, self.requests, self.spent = rules, requests, spent
        bounded = rules.monthly_cost is not None and spent.money is not None
        self.money = rules.monthly_cost - spent.money if bounded else None  # type: ignore[operator]

    def take(self, requests: int, cost: Price) -> None:
        self.requests -= requests
        if self.money is not None:
            self.money -= cost.amount or Decimal()

    def why_not_asked(self, each: int) -> str:
        if each > MAX_REQUESTS:
            text = _("It takes %(each)s requests; an audit has %(most)s at most.")
            return text % {"each": f"{each:,}", "most": f"{MAX_REQUESTS:,}"}
        if each > self.requests:
            text = _("It takes %(each)s requests; %(left)s of %(most)s are left in these thirty days.")
            left, most = max(self.requests, 0), self.rules.monthly_requests
            return text % {"each": f"{each:,}", "left": f"{left:,}", "most": f"{most:,}"}
        return ""

    def why_not_paid(self, cost: Price) -> str:
        if self.rules.monthly_cost is None:
            return self._why_not_unbounded(cost)
        if self.money is None:
            return _("The limit of money cannot be held: %(why)s") % {"why": self.spent.why}
        currency = self.rules.project.currency
        if cost.amount is None:
            return _("What it costs is not known, and there is a limit of money: %(why)s") % {"why": cost.why}
        if cost.currency != currency:
            text = _("Its prices are in %(its)s, the limit of money is in %(own)s.")
            return text % {"its": cost.currency, "own": currency}
        if cost.amount > self.money:
            text = _("It costs about %(cost)s %(currency)s; %(left)s of %(most)s are left in these thirty days.")
            left, most = max(self.money, Decimal()), self.rules.monthly_cost
            return text % {"cost": f"{cost.amount:.2f}", "left": f"{left:.2f}", "most": f"{most:.2f}",
                           "currency": currency}  # fmt: skip
        return ""

    def _why_not_unbounded(self, cost: Price) -> str:
        """An owner may want no limit; the platform does not spend money without one that nobody asked it to."""
        if self.rules.by_owner or not cost.amount:
            return ""
        text = _("It costs about %(cost)s %(currency)s, and nobody has said how much such audits may cost.")
        return text % {"cost": f"{cost.amount:.2f}", "currency": cost.currency}


def first_limit(audit: Audit) -> Decimal | None:
    """The limit of money that a project begins with: ``TIMES`` what its first audit cost, in the project's currency, in
    whole cents; None where nothing that it asked has a price."""
    rows = AuditCandidate.objects.filter(audit=audit)
    prices = [one for one in _priced(rows) if one.amount is not None]
    if not any(one.amount for one in prices):
        return None
    cost = sum((one.amount or Decimal() for one in prices if one.currency == audit.project.currency), Decimal())
    return min((TIMES * cost).quantize(Decimal("0.01"), ROUND_UP), MOST_MONEY)


def _so_far(project: Project) -> Spending:
    """What audits took that started by themselves in the last thirty days, at today's prices."""
    rows = AuditCandidate.objects.filter(
        audit__project=project, audit__created_by__isnull=True, audit__created_at__gte=timezone.now() - WINDOW
    )
    requests, prices = rows.aggregate(made=Sum("requests", default=0))["made"], _priced(rows)
    for one in prices:
        if one.amount is None:
            why = _("what such audits cost in these thirty days is not known. %(why)s") % {"why": one.why}
            return Spending(requests, None, why)
        if one.currency != project.currency:
            text = _("a part of what such audits cost in these thirty days is in %(its)s, the limit is in %(own)s.")
            return Spending(requests, None, text % {"its": one.currency, "own": project.currency})
    return Spending(requests, sum((one.amount or Decimal() for one in prices), Decimal()))


def _priced(rows: QuerySet[AuditCandidate]) -> list[Price]:
    """What was used, model by model, at today's prices; nothing of a model that used nothing."""
    found: list[Any] = list(rows.filter(requests__gt=0).order_by().values("model").annotate(**COUNTED))
    used = [Used(row["model"], row["read"], row["written"], row["servers"]) for row in found]
    return panel().prices(used) if used else []


def _expected(project: Project, probe_set: ProbeSet, orders: int, new: Sequence[Candidate]) -> list[Price]:
    """What each would cost if it took as much for a request as the measured candidates of this set did."""
    rows = AuditCandidate.objects.filter(
        audit__project=project, audit__probe_set=probe_set, status=CandidateStatus.DONE, requests__gt=0
    )
    sums = rows.aggregate(**COUNTED)
    if not sums["made"]:
        return [Price(None, why=_("no audit over this set has been measured yet."))] * len(new)
    used = []
    for one in new:
        part = probe_set.size * one.requests(orders) / sums["made"]
        used.append(Used(one.model, round(sums["read"] * part), round(sums["written"] * part), sums["servers"] * part))
    return panel().prices(used)
