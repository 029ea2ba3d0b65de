"""One reliability diagram for each group of the items, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.calibration.assessing import LEAST_GROUP
from llm_workers.calibration.plots import Reliability, reliability_plot
from llm_workers.calibration.reading import Scope, bin_rows, count, decimal


@dataclass(frozen=True)
class GroupChart:
    """``name``: the id of its caption. ``figures``: error and score, before and after, in a line. Where too few labels
    were checked ``missing`` says so, and there is neither ``plot`` nor ``bins`` (rows of a table)."""

    name: str
    group: str
    attribute: str
    figures: str
    missing: str
    plot: Reliability | None
    bins: list[dict[str, Any]]


def group_charts(scopes: Iterable[Scope]) -> list[GroupChart]:
    """Of the scopes of a calibration, all items left out."""
    return [_chart(f"reliability-{number}", scope) for number, scope in enumerate(scopes, start=1)]


def _chart(name: str, scope: Scope) -> GroupChart:
    known = scope["before"] is not None and scope["after"] is not None
    return GroupChart(
        name=name,
        group=scope["group"],
        attribute=scope["attribute"],
        figures=_figures(scope) if known else "",
        missing="" if known else _too_few(scope["n"]),
        plot=reliability_plot(scope) if known else None,
        bins=bin_rows(scope) if known else [],
    )


def _too_few(number: int) -> str:
    text = ngettext(
        "Insufficient data: %(checked)s checked label, and %(least)s are needed.",
        "Insufficient data: %(checked)s checked labels, and %(least)s are needed.",
        number,
    )
    return text % {"checked": count(number), "least": LEAST_GROUP}


def _figures(scope: Scope) -> str:
    before, after = scope["before"], scope["after"]
    text = _(
        "%(n)s checked labels. Error %(ece)s, calibrated %(ece_after)s; Brier's score %(brier)s and %(brier_after)s."
    )
    return text % {
        "n": count(scope["n"]),
        "ece": decimal(before["ece"]["value"]),
        "ece_after": decimal(after["ece"]["value"]),
        "brier": decimal(before["brier"]["value"]),
        "brier_after": decimal(after["brier"]["value"]),
    }
