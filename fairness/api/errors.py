"""What the API says of how often labels are wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fairness.selectors.errors import ErrorsView


def errors_row(view: ErrorsView | None) -> dict[str, Any] | None:
    """What ``ErrorsSerializer`` reads."""
    if view is None:
        return None
    names = ("kind", "annotator_id", "name", "group", "uniform", "weighted", "naive", "total")
    return {
        "attribute": view.attribute or None,
        "uniform": _counts(view.stream.uniform),
        "chosen": _counts(view.stream.chosen),
        "judged": view.stream.rules.judged,
        "cut": view.cut,
        "readings": [{name: getattr(row, name) for name in names} for row in view.rows],
    }


def _counts(drawn: Any) -> dict[str, int]:
    return {**asdict(drawn), "waiting": drawn.waiting}
