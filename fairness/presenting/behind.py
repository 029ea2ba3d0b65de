"""The sections that are read from what is stored: people who label, use of models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.agreement import CoefficientName
from annotations.agreement.intervals import student_quantile
from fairness.metrics import MIN_RATERS, Size
from fairness.presenting import texts
from fairness.selectors.behind import ModelUse, PeopleQuestion

SIZES = {
    Size.NEGLIGIBLE: gettext_lazy("negligible"),
    Size.MODERATE: gettext_lazy("moderate"),
    Size.LARGE: gettext_lazy("large"),
    Size.UNCLEAR: gettext_lazy("unclear"),
}
LETTERS = {CoefficientName.KRIPPENDORFF_ALPHA.value: "α", CoefficientName.COHEN_KAPPA.value: "κ"}
ROUNDING = 0.005  # of a stored figure: it has two places


@dataclass(frozen=True)
class GapRow:
    """A group of people, on all items or on those of one group. ``beyond``: beyond chance, of all rows at once;
    ``size``: how large the gap is."""

    question: str
    group: str
    items: str
    gap: str
    interval: str
    beyond: bool
    size: float


def people_rows(questions: Iterable[PeopleQuestion]) -> list[GapRow]:
    found: list[tuple[str, str, str, Any]] = []
    for question in questions:
        for group in question.groups:
            found.append((question.title, group.group, _("all items"), group.gap))
            for one in group.interactions:
                items = _("%(group)s beyond others") % {"group": one["group"]}
                found.append((question.title, group.group, items, one))
    return [_gap_row(*row, comparisons=len(found)) for row in found]


def _is_beyond(gap: Mapping[str, Any], comparisons: int) -> bool:
    """Whether a gap is larger than chance explains in any of so many rows (Bonferroni), from its rounded interval.

    How many people a figure rests on is not told, so its interval is widened as that of the smallest group that is ever
    shown has to be: for larger groups by more than need be. Rounding is taken for the worst.
    """
    if gap["value"] is None or gap["low"] is None or gap["high"] is None:
        return False
    freedom = MIN_RATERS - 1
    wider = student_quantile(1 - 0.05 / comparisons, freedom) / student_quantile(0.95, freedom)
    half = max(gap["high"] - gap["value"], gap["value"] - gap["low"]) + ROUNDING
    return abs(float(gap["value"])) - ROUNDING > half * wider


def _gap_row(question: str, group: str, items: str, gap: Any, *, comparisons: int) -> GapRow:
    low, high = gap["low"], gap["high"]
    return GapRow(
        question=question,
        group=group,
        items=items,
        gap=texts.signed_points(gap["value"]),
        interval=texts.interval(low, high, texts.signed_points),
        beyond=_is_beyond(gap, comparisons),
        size=abs(gap["value"] or 0.0),
    )


@dataclass(frozen=True)
class PairRow:
    """A group of people beside everyone else: rates on the same items, odds at equal difficulty, agreement. Empty texts
    where too few people would have to carry a figure."""

    question: str
    group: str
    own: str
    others: str
    odds: str
    size: str
    within: list[str]
    across: list[str]


def pair_rows(questions: Iterable[PeopleQuestion]) -> list[PairRow]:
    return [_pair_row(question.title, group.group, group.gap) for question in questions for group in question.groups]


def _pair_row(question: str, group: str, stored: Mapping[str, Any]) -> PairRow:
    rates, odds, agreed = stored["rates"], stored["odds"], stored["agreement"]
    return PairRow(
        question=question,
        group=group,
        own=_with_interval(rates["own"], texts.percent),
        others=_with_interval(rates["others"], texts.percent),
        odds=_with_interval(odds, texts.number),
        size=str(SIZES[Size(odds["size"])]) if odds and odds["size"] else "",
        within=_agreed(agreed.get("within")),
        across=_agreed(agreed.get("across")),
    )


def _with_interval(stored: Mapping[str, Any] | None, form: Callable[[float], str]) -> str:
    if stored is None or stored["value"] is None:
        return ""
    interval = texts.interval(stored["low"], stored["high"], form)
    return f"{form(stored['value'])} ({interval})" if interval else form(stored["value"])


def _agreed(stored: Mapping[str, Any] | None) -> list[str]:
    """Raw agreement, then the coefficient with its letter: a line each."""
    found = stored or {}
    raw = _with_interval(found.get(CoefficientName.RAW_AGREEMENT), texts.percent)
    others = [
        f"{letter} {text}"
        for name, letter in LETTERS.items()
        if (text := _with_interval(found.get(name), texts.number))
    ]
    return [text for text in (raw, *others) if text]


def people_answer(rows: list[GapRow], questions: list[PeopleQuestion]) -> str:
    if not questions:
        return _("This project asks people nothing about themselves, so groups of people cannot be compared.")
    if not rows:
        return _("Insufficient data: a group of people is shown from five on, beside five others, on the same items.")
    beyond = [row for row in rows if row.beyond]
    if not beyond:
        return _("No group of people labels differently from everyone else by more than chance explains.")
    most = max(beyond, key=lambda row: row.size)
    words = {"group": most.group, "gap": most.gap, "interval": most.interval, "items": most.items}
    text = _(
        "The largest gap that is beyond chance, of all rows at once: “%(group)s” give the label %(gap)s points against "
        "everyone else (%(items)s; 95 %% interval %(interval)s)."
    )
    return text % words


@dataclass(frozen=True)
class UseRow:
    name: str
    runs: int
    labels: str
    unanswered: str
    tokens: str
    per_label: str
    seconds: str
    last: datetime | None


def use_rows(uses: Iterable[ModelUse]) -> list[UseRow]:
    return [
        UseRow(
            name=use.name,
            runs=use.runs,
            labels=texts.count(use.labelled),
            unanswered=texts.count(use.unanswered),
            tokens=texts.count(use.prompt_tokens + use.completion_tokens),
            per_label="" if use.tokens_per_label is None else texts.number(use.tokens_per_label, 1),
            seconds=texts.number(use.model_seconds, 1),
            last=use.last,
        )
        for use in uses
    ]
