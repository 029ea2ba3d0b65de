"""What the API says where items were chosen."""

from __future__ import annotations

from typing import Any

from fairness.metrics import Parity
from fairness.selectors.chosen import Balanced, ChosenView


def chosen_row(view: ChosenView | None) -> dict[str, Any] | None:
    """What ``ChosenSerializer`` reads."""
    if view is None:
        return None
    counts: dict[str, Any] = {"known": view.known, "unknown": view.unknown, "audited": view.audited, "cut": view.cut}
    counts |= {"audit_share": view.audit_share, "balanced": _balanced(view.balanced)}
    beside = None if view.uniform is None else _reading(view.uniform)
    counts |= {"beside": view.beside, "uniform_share": view.uniform_share, "uniform": beside}
    if view.parity is None:
        return counts | {"weighted": None, "audit": None, "naive": None}
    return counts | {name: _reading(getattr(view.parity, name)) for name in ("weighted", "audit", "naive")}


def _balanced(balanced: Balanced | None) -> dict[str, Any] | None:
    if balanced is None:
        return None
    found = {"attribute": balanced.attribute, "labels": balanced.labels, "weighted": None, "naive": None}
    if balanced.parity is not None:
        found |= {name: _reading(getattr(balanced.parity, name)) for name in ("weighted", "naive")}
    return found


def _reading(parity: Parity[str]) -> dict[str, Any]:
    return {
        "demographic_parity_difference": parity.difference,
        "highest": parity.highest,
        "lowest": parity.lowest,
    }
