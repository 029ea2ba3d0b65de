"""Labels against the truth, as tables: odds, opportunity and errors of each source and group, with the items behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role
from annotations.models import Project
from fairness.metrics import Estimate, GroupCounts, Parity, Reason
from fairness.presenting import texts
from fairness.presenting.links import Count, Counts, items_of
from fairness.presenting.plots import Series, source_key
from fairness.presenting.texts import Form
from fairness.selectors.live import MODEL, LiveView
from fairness.selectors.truth import AgainstTruth, Truth, against_truth


@dataclass(frozen=True)
class Figure:
    """A cell: the value, or in ``missing`` why there is none, its interval, the counts or groups that it is about."""

    title: str
    value: str
    missing: str
    interval: str
    note: str
    counts: Counts = ()


@dataclass(frozen=True)
class Line:
    """A source, or one of its groups. ``url``: the items on which it differs from the truth."""

    series: Series
    group: str
    url: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Block:
    """One truth: differences of each source, and the rates of each group."""

    truth: Truth
    title: str
    note: str
    sources: tuple[Line, ...]
    groups: tuple[Line, ...]


def truth_blocks(project: Project, view: LiveView, series: dict[str, Series], role: Role) -> list[Block]:
    found = against_truth(project, view)
    blocks = []
    for truth in Truth:
        of_truth = [one for one in found if one.truth is truth]
        if of_truth:
            sources = tuple(_source_line(one, series[source_key(one.source)], view) for one in of_truth)
            groups = tuple(
                _group_line(project, view, one, group, series[source_key(one.source)], role)
                for one in of_truth
                for group in one.outcomes
            )
            title, note = _titles(truth)
            blocks.append(Block(truth, title, note, sources, groups))
    return blocks


def _titles(truth: Truth) -> tuple[str, str]:
    return {
        Truth.GOLD: (_("Against gold labels"), _("Items whose true label is known from the start.")),
        Truth.SETTLED: (
            _("Against what experts settled"),
            _("Items without a gold label, which were in dispute: errors are more frequent on them than on others."),
        ),
        Truth.CONSENSUS: (
            _("Against people's consensus: provisional"),
            _(
                "No truth but what people agree on so far, before any expert: it may change, and where people err "
                "alike a model that is right counts as wrong."
            ),
        ),
    }[truth]


def _source_line(one: AgainstTruth, series: Series, view: LiveView) -> Line:
    odds = one.odds
    figures = (
        _figure(_("Equalized odds difference"), odds.difference, texts.points, view, ""),
        _figure(
            _("Equal opportunity difference"),
            odds.true_positive.difference,
            texts.points,
            view,
            _ends(odds.true_positive),
        ),
        _figure(
            _("False alarm difference"), odds.false_positive.difference, texts.points, view, _ends(odds.false_positive)
        ),
        _figure(_("Error difference"), one.error_rates.difference, texts.points, view, _ends(one.error_rates)),
    )
    return Line(series, "", "", figures)


def _group_line(project: Project, view: LiveView, one: AgainstTruth, group: str, series: Series, role: Role) -> Line:
    outcome, label = one.outcomes[group], view.question.label if view.question else ""
    figures = tuple(
        replace(
            _figure(title, parity.rates[group], texts.percent, view, ""),
            counts=_counts(project, view, one, group, counts, role, asked),
        )
        for title, parity, counts, asked in (
            (
                _("Found, of those that truly have it"),
                one.odds.true_positive,
                outcome.true_positive,
                Asked({"truly": label}, {"said": label}),
            ),
            (
                _("Given wrongly, of those that do not"),
                one.odds.false_positive,
                outcome.false_positive,
                Asked({"truly": f"!{label}"}, {"said": label}),
            ),
            (_("Any label wrong"), one.error_rates, one.errors[group], Asked({}, {"differs": "on"})),
        )
    )
    return Line(series, group, _items(project, view, one, group, role), figures)


def _figure(title: str, estimate: Estimate, form: Form, view: LiveView, note: str) -> Figure:
    def one_place(value: float) -> str:
        return form(value, 1)  # type: ignore[call-arg]

    value = "" if estimate.value is None else one_place(estimate.value)
    missing = texts.why_not(estimate, view.min_group)
    if estimate.reason is Reason.SMALL_GROUP:
        words = {"n": texts.count(estimate.n), "needed": view.min_group}
        missing = _("Insufficient data: %(n)s of %(needed)s items.") % words
    return Figure(title, value, missing, texts.interval(estimate.low, estimate.high, one_place), note)


def _ends(parity: Parity[str]) -> str:
    if parity.highest is None:
        return ""
    return _("%(high)s above %(low)s") % {"high": parity.highest, "low": parity.lowest}


def _counts(
    project: Project, view: LiveView, one: AgainstTruth, group: str, counts: GroupCounts, role: Role, asked: Asked
) -> Counts:
    """How many of how many, each with its items; experts, who judge labels without knowing which of them are wrong, are
    given no list."""

    def linked(n: int, more: dict[str, str]) -> str:
        return items_of(project, _pair(view, one, group) | more) if n and role != Role.EXPERT else ""

    words = ngettext("%(n)s item", "%(n)s items", counts.n) % {"n": texts.count(counts.n)}
    selected = linked(counts.selected, asked.whole | asked.selected)
    return (
        Count(texts.count(counts.selected), counts.selected, selected),
        Count(words, counts.n, linked(counts.n, asked.whole), f" {_('of')} "),
    )


@dataclass(frozen=True)
class Asked:
    """What narrows the items of a pair to those of a rate, and of these to those selected."""

    whole: dict[str, str]
    selected: dict[str, str]


def _pair(view: LiveView, one: AgainstTruth, group: str) -> dict[str, Any]:
    """The items of a group that have both labels: of the source, and the true one."""
    attribute = view.question.attribute if view.question else ""
    truth = "people" if one.truth is Truth.CONSENSUS else one.truth.value
    asked: dict[str, Any] = {"group": f"{attribute}:{group}", "pair": f"{one.source.kind}:{truth}"}
    if view.wanted.dataset is not None:
        asked["dataset"] = view.wanted.dataset
    if one.source.kind == MODEL:  # what people and the consensus say has no time
        asked |= {"annotator": one.source.annotator_id} | view.wanted.moments()
    return asked


def _items(project: Project, view: LiveView, one: AgainstTruth, group: str, role: Role) -> str:
    """Where the source says otherwise than the truth. Experts, who judge labels without knowing which of them are
    wrong, get all items of the group."""
    asked = _pair(view, one, group)
    if role == Role.EXPERT:
        return items_of(project, {name: asked[name] for name in ("group", "dataset") if name in asked})
    return items_of(project, {**asked, "differs": "on"})


def truth_rows(project: Project, view: LiveView) -> Iterator[tuple[Any, ...]]:
    """For the table to download: truth, kind, name, metric, group (empty: between groups), selected, n, estimate."""
    for one in against_truth(project, view):
        who = (one.truth.value, one.truth.provisional, one.source.kind, one.source.name)
        for metric, estimate in between(one).items():
            yield (*who, metric, "", "", estimate)
        for group, outcome in one.outcomes.items():
            for metric, (counts, estimate) in of_group(one, group).items():
                yield (*who, metric, group, counts.selected, estimate)
            for metric in ("tp", "fp", "fn", "tn"):
                yield (*who, metric, group, getattr(outcome, metric), None)


def between(one: AgainstTruth) -> dict[str, Estimate]:
    """Every comparison between groups, by its name in tables and in the API."""
    return {
        "equalized_odds_difference": one.odds.difference,
        "equalized_odds_ratio": one.odds.ratio,
        "equal_opportunity_difference": one.odds.true_positive.difference,
        "equal_opportunity_ratio": one.odds.true_positive.ratio,
        "false_positive_difference": one.odds.false_positive.difference,
        "error_difference": one.error_rates.difference,
    }


def of_group(one: AgainstTruth, group: str) -> dict[str, tuple[GroupCounts, Estimate]]:
    """Every rate of a group with its counts, by its name in tables and in the API."""
    outcome = one.outcomes[group]
    return {
        "true_positive_rate": (outcome.true_positive, one.odds.true_positive.rates[group]),
        "false_positive_rate": (outcome.false_positive, one.odds.false_positive.rates[group]),
        "error_rate": (one.errors[group], one.error_rates.rates[group]),
    }
