"""What audits that start by themselves may ask and cost: limits over thirty days, and what fits under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.candidates import Candidate, Price, Used, panel
from annotations.models import Project
from fairness.models import AuditCandidate, AuditRules, CandidateStatus, ProbeSet

WINDOW = timedelta(days=30)
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


def plan_of(rules: AuditRules, new: Sequence[Candidate]) -> Plan:
    """Which of ``new`` fit under the limits of ``rules``, in order; the rest, and why. A fixed number of queries."""
    if rules.probe_set is None or not new:
        return Plan([], [])
    asked, spent = _so_far(rules.project)
    left = None if rules.monthly_cost is None else rules.monthly_cost - spent
    costs = (
        _expected(rules.project, rules.probe_set, rules.orders, new) if left is not None else [Price(None)] * len(new)
    )
    each, requests = rules.probe_set.size * rules.orders, rules.monthly_requests - asked
    within, held_back = [], []
    for one, cost in zip(new, costs, strict=True):
        why = _why_not(rules, each, requests, cost, left)
        if why:
            held_back.append(HeldBack(one, why))
            continue
        within.append(one)
        requests -= each
        left = None if left is None else left - (cost.amount or Decimal())
    return Plan(within, held_back)


def _why_not(rules: AuditRules, each: int, requests: int, cost: Price, left: Decimal | None) -> str:
    if each > requests:
        text = _("It takes %(each)s requests; %(left)s of %(most)s are left in these thirty days.")
        return text % {"each": f"{each:,}", "left": f"{max(requests, 0):,}", "most": f"{rules.monthly_requests:,}"}
    if left is None:
        return ""
    currency = rules.project.currency
    if cost.amount is None:
        return _("What it costs is not known, and there is a limit of money: %(why)s") % {"why": cost.why}
    if cost.currency != currency:
        text = _("Its prices are in %(its)s, the limit of money is in %(own)s.")
        return text % {"its": cost.currency, "own": currency}
    if cost.amount > left:
        text = _("It costs about %(cost)s %(currency)s; %(left)s of %(most)s are left in these thirty days.")
        left = max(left, Decimal())
        return text % {"cost": f"{cost.amount:.2f}", "left": f"{left:.2f}", "most": f"{rules.monthly_cost:.2f}",
                       "currency": currency}  # fmt: skip
    return ""


def _so_far(project: Project) -> tuple[int, Decimal]:
    """Requests and money (in the project's currency) of audits that started by themselves in the last thirty days."""
    rows = AuditCandidate.objects.filter(
        audit__project=project, audit__created_by__isnull=True, audit__created_at__gte=timezone.now() - WINDOW
    )
    found: list[Any] = list(rows.order_by().values("model").annotate(**COUNTED))
    used = [Used(row["model"], row["read"], row["written"], row["servers"]) for row in found]
    prices = panel().prices(used) if used else []
    money = [one.amount for one in prices if one.amount is not None and one.currency == project.currency]
    return sum(row["made"] for row in found), sum(money, Decimal())


def _expected(project: Project, probe_set: ProbeSet, orders: int, new: Sequence[Candidate]) -> list[Price]:
    """What each would cost if it took as much for a request as the measured candidates of this set did."""
    rows = AuditCandidate.objects.filter(
        audit__project=project, audit__probe_set=probe_set, status=CandidateStatus.DONE, requests__gt=0
    )
    sums = rows.aggregate(**COUNTED)
    if not sums["made"]:
        return [Price(None, why=_("no audit over this set has been measured yet."))] * len(new)
    part = probe_set.size * orders / sums["made"]
    used = [
        Used(one.model, round(sums["read"] * part), round(sums["written"] * part), sums["servers"] * part)
        for one in new
    ]
    return panel().prices(used)
