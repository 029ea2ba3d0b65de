"""The tables of an audit to download: the figures of the page, unrounded, one in a row with its interval."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from annotations.exporting.cells import csv_cell
from fairness.access import audit_access
from fairness.audits.leaderboard import Entry, Figure, Limits, candidates_of, figure_of, leaderboard, limits_from
from fairness.audits.measuring import MEASURES, worst
from fairness.models import AuditCandidate
from ledger.errors import not_found

Row = tuple[Any, ...]
ESTIMATE = ("value", "low", "high", "n", "reason")
WHO = ("model", "prompt")
OVERALL = ("accuracy", "macro_f1", "calibration_error", "brier", "order_sensitivity", "unanswered")


def _who(one: AuditCandidate) -> Row:
    return (one.name, one.prompt_name)


def _estimate(figure: Figure) -> Row:
    return (figure.value, figure.low, figure.high, figure.n, figure.reason or "")


def _leaderboard(entries: Sequence[Entry]) -> Iterator[Row]:
    """What the plot and the two tables under it show: for each model the plot's two figures, then the others."""
    for one in entries:
        beside = (one.tag, one.on_front, one.within)
        figures = {"error": one.error, "disparity": one.disparity, "cost_of_1000": one.cost}
        figures |= {name: one.overall(name) for name in OVERALL}
        figures |= {name: figure_of(worst(one.candidate.figures, name)) for name in MEASURES}
        figures |= {"consistency": one.consistency, "consistency_of_truth": one.consistency_of_truth}
        figures |= {"flips_of_families": one.flips, "tokens_per_second": one.speed}
        for name, figure in figures.items():
            unit = one.currency if name == "cost_of_1000" else ""
            yield (*_who(one.candidate), *beside, name, figure.attribute, *_estimate(figure), unit)


def _groups(entries: Sequence[Entry]) -> Iterator[Row]:
    """Each group's figures, and under the empty group how far the groups lie apart."""
    for one in entries:
        parts = {**one.candidate.figures["attributes"], **one.candidate.figures["intersections"]}
        for name, part in sorted(parts.items()):
            alike = one.candidate.figures.get("consistency", {}).get("attributes", {}).get(name, {})
            for group, figures in sorted(part["groups"].items()):
                yield from _rows(one, name, group, figures)
                if group in alike:
                    yield from _rows(one, name, group, {"consistency": alike[group]})
            yield from _rows(one, name, "", _apart(part))


def _apart(part: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        f"{measure}_{kind}": part[measure][kind]
        for measure in ("parity", "opportunity", "odds")
        for kind in ("difference", "ratio")
    }
    if "flips" in part:
        found["flips"] = part["flips"]["share"]
    shrunk = part.get("shrunk", {})
    names = {"difference": "parity_difference", "ratio": "parity_ratio", "odds": "odds_difference",
             "opportunity": "opportunity_difference"}  # fmt: skip
    return found | {f"shrunk_{names[name]}": one for name, one in shrunk.items() if name in names}


def _rows(one: Entry, part: str, group: str, figures: Mapping[str, Any]) -> Iterator[Row]:
    for name, stored in figures.items():
        if isinstance(stored, Mapping):
            yield (*_who(one.candidate), part, group, name, *_estimate(figure_of(stored)))


def _pareto(entries: Sequence[Entry]) -> Iterator[Row]:
    """The dots of the plot: error to the right, disparity upwards, cost as their size."""
    for one in entries:
        beside = (one.tag, one.on_front, one.within)
        error, disparity, cost = one.error, one.disparity, one.cost
        yield (
            *_who(one.candidate), *beside, error.value, error.low, error.high, disparity.attribute, disparity.value,
            disparity.low, disparity.high, cost.value, one.currency,
        )  # fmt: skip


def _tasks(entries: Sequence[Entry]) -> Iterator[Row]:
    for one in entries:
        for task, figures in sorted(one.candidate.figures["tasks"].items()):
            own = {name: stored for name, stored in figures.items() if name != "flips"}
            for name, stored in (own | {"flips": figures["flips"]["share"]}).items():
                if isinstance(stored, Mapping):
                    yield (*_who(one.candidate), task, name, *_estimate(figure_of(stored)))


def _changes(entries: Sequence[Entry]) -> Iterator[Row]:
    for one in entries:
        change = one.candidate.figures.get("change") or {}
        for name, figures in change.get("figures", {}).items():
            numbers = (figures[key] for key in ("before", "now", "difference", "low", "high"))
            of = (figures.get("attribute_before", ""), figures.get("attribute", ""))
            yield (*_who(one.candidate), change["audit"], change["moved"], change["compared"], name, *numbers, *of)


Rows = Callable[[Sequence[Entry]], Iterator[Row]]
TABLES: dict[str, tuple[Row, Rows]] = {
    "leaderboard": ((*WHO, "tag", "nobody_beats_it", "within_limits", "figure", "attribute", *ESTIMATE, "unit"),
                    _leaderboard),
    "pareto": ((*WHO, "tag", "nobody_beats_it", "within_limits", "error", "error_low", "error_high", "attribute",
                "disparity", "disparity_low", "disparity_high", "cost_of_1000", "currency"), _pareto),
    "tasks": ((*WHO, "task", "figure", *ESTIMATE), _tasks),
    "changes": ((*WHO, "last_audit", "moved", "compared", "figure", "before", "now", "difference", "low", "high",
                 "attribute_before", "attribute"), _changes),
    "groups": ((*WHO, "attribute", "group", "figure", *ESTIMATE), _groups),
}  # fmt: skip


@require_safe
@login_required
def audit_csv(request: HttpRequest, audit_id: int, table: str) -> HttpResponse:
    """A table of the audit; the leaderboard's by the measure and the limits of the address, as on the page."""
    _access, audit = audit_access(request.user, audit_id)
    if table not in TABLES:
        raise not_found("The table")
    columns, rows = TABLES[table]
    limits: Limits = limits_from(request.GET)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows(leaderboard(candidates_of(audit), limits)):
        writer.writerow([csv_cell(cell) for cell in row])
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="audit-{audit_id}-{table}.csv"'
    return answer
