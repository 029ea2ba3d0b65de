"""What audits of models used up. It bought no labels, so it stands apart from what labels cost."""

from __future__ import annotations

from dataclasses import dataclass

from annotations.candidates import Price, Usage, panel, usage_of
from annotations.models import Project


@dataclass(frozen=True)
class AuditCost:
    """Of one model, over all audits of a project."""

    usage: Usage
    price: Price


def audit_costs(project: Project) -> list[AuditCost]:
    """By model, at the prices that are known now; a fixed number of queries."""
    usages = list(usage_of(project))
    prices = panel().prices([one.used for one in usages]) if usages else []
    return [AuditCost(usage, price) for usage, price in zip(usages, prices, strict=True)]
