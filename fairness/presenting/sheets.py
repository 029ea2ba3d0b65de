"""The numbers of each chart as a table to download: the same as on the page, unrounded and with their counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from annotations.models import Project
from fairness.metrics import Estimate
from fairness.presenting.truth import truth_rows
from fairness.selectors.behind import agreement_of, completeness_of, crossing_of, people_of, use_of
from fairness.selectors.chosen import chosen_view
from fairness.selectors.errors import errors_view
from fairness.selectors.live import LiveView
from fairness.selectors.timeline import timeline

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Sheet:
    """``private``: for owners and auditors alone."""

    columns: tuple[str, ...]
    rows: Callable[[Project, LiveView], Iterator[Row]]
    private: bool = False


ESTIMATE = ("value", "low", "high", "n", "status", "reason")


def _estimate(estimate: Estimate) -> Row:
    return (estimate.value, estimate.low, estimate.high, estimate.n, estimate.status.value, estimate.reason or "")


def _rates(_project: Project, view: LiveView) -> Iterator[Row]:
    for group in view.groups:
        for source in view.sources:
            counts = source.counts.get(group)
            if counts is not None:
                band = source.certified.bands.get(group) if source.certified else None
                who = (group, source.kind, source.name, counts.selected)
                yield (*who, *_estimate(source.parity.rates[group]), band and band.low, band and band.high)


def _gaps(_project: Project, view: LiveView) -> Iterator[Row]:
    for group in view.groups:
        for model in view.models:
            if group in model.gaps.by_group:
                yield (group, model.source.name, *_estimate(model.gaps.by_group[group]))


def _sources(_project: Project, view: LiveView) -> Iterator[Row]:
    for source in view.sources:
        parity = source.parity
        ratio, span = source.impact.ratio, source.span
        ends = (parity.highest or "", parity.lowest or "")
        rule = (ratio.value, ratio.low, ratio.high, source.impact.verdict.value, source.beyond_chance)
        always: Row = ("",) * 5
        if source.certified and span:
            always = (source.certified.lower, span.difference, span.ratio.low, span.ratio.high, span.impact.value)
        ground = (source.certificate.labels_per_item, source.certificate.withheld or "", parity.pair_confidence)
        yield (source.kind, source.name, *_estimate(parity.difference), *ends, *rule, *always, *ground)


def _timeline(project: Project, view: LiveView) -> Iterator[Row]:
    found = timeline(project, view)
    for moment in found.moments:
        for table, point in moment.points.items():
            period = (moment.start.isoformat(), moment.end.isoformat(), table)
            yield ("period", *period, *_estimate(point.difference), point.certain, "")
    for mark in found.marks:
        text = f"{mark.what} {mark.reason}".strip()
        yield (mark.kind, mark.at.isoformat(), "", "", *[""] * len(ESTIMATE), "", text)


def _intersections(project: Project, view: LiveView) -> Iterator[Row]:
    found = crossing_of(project, view)
    if found is None:
        return
    for (group, beside), counts in sorted(found.counts.items()):
        yield (
            group,
            beside,
            found.source.kind,
            found.source.name,
            counts.selected,
            *_estimate(found.rates.rates[group, beside]),
        )


def _truth(project: Project, view: LiveView) -> Iterator[Row]:
    for *who, selected, estimate in truth_rows(project, view):
        yield (*who, selected, *([""] * len(ESTIMATE) if estimate is None else _estimate(estimate)))


def _people(project: Project, view: LiveView) -> Iterator[Row]:
    for question in people_of(project, view):
        for group in question.groups:
            for one in ({"attribute": "", "group": "", **group.gap, "items": ""}, *group.interactions):
                items = ("", "") if "items" in one else (one["attribute"], one["group"])
                yield (question.title, group.group, *items, one["value"], one["low"], one["high"])


def _completeness(project: Project, view: LiveView) -> Iterator[Row]:
    if view.question is not None:
        for group, places in completeness_of(project, view.question).items():
            yield (group, places.given, places.spared, places.needed)


def _people_beside(project: Project, view: LiveView) -> Iterator[Row]:
    for question in people_of(project, view):
        for group in question.groups:
            for name, one in _beside(group.gap):
                yield (question.title, group.group, name, one["value"], one["low"], one["high"], one.get("size") or "")


def _beside(stored: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The figures of a group beside everyone else, by name."""
    yield from (("rate", stored["rates"]["own"]), ("rate_of_others", stored["rates"]["others"]))
    if stored["odds"] is not None:
        yield ("odds_ratio", stored["odds"])
    for side, found in stored["agreement"].items():
        yield from ((f"{name}_{side}", one) for name, one in (found or {}).items())


def _agreement(project: Project, _view: LiveView) -> Iterator[Row]:
    stored = agreement_of(project)
    if stored is None:
        return
    sides = [("people", stored.figures["people"])]
    sides += [(model["name"], model["scopes"]) for model in stored.figures["models"]]
    for who, scopes in sides:
        for scope in scopes:
            for figure in scope["figures"]:
                numbers = (figure["value"], figure["low"], figure["high"], figure["n"], figure["reason"] or "")
                yield (who, scope["attribute"], scope["group"], figure["name"], *numbers)


def _errors(project: Project, view: LiveView) -> Iterator[Row]:
    found = errors_view(project, view.question.attribute if view.question else "")
    for row in found.rows if found else ():
        for how in ("uniform", "weighted", "naive"):
            one = getattr(row, how)
            yield (row.kind, row.name, row.group, how, *_estimate(one.errors), one.worth, one.waiting)


def _chosen(project: Project, view: LiveView) -> Iterator[Row]:
    found = chosen_view(project, view.question)
    if found is None:
        return
    readings = []
    if found.parity is not None:
        readings = [(f"checked_{name}", getattr(found.parity, name), found.known) for name in ("weighted", "naive")]
        readings.append(("checked_uniform", found.parity.audit, found.audited))
    if found.balanced is not None and found.balanced.parity is not None:
        parity = found.balanced.parity
        readings += [
            (f"balanced_{name}", getattr(parity, name), found.balanced.labels) for name in ("weighted", "naive")
        ]
    if found.uniform is not None:
        readings.append(("at_random", found.uniform, found.beside))
    for name, parity_of, labels in readings:
        yield (name, labels, *_estimate(parity_of.difference), parity_of.highest or "", parity_of.lowest or "")
    yield ("no_chance", found.unknown, *[""] * (len(ESTIMATE) + 2))


def _pace(_project: Project, view: LiveView) -> Iterator[Row]:
    for minute in view.progress.pace.minutes:
        yield (minute.start.isoformat(), minute.people, minute.models)


def _models(project: Project, view: LiveView) -> Iterator[Row]:
    for use in use_of(project, view):
        tokens = (use.prompt_tokens, use.completion_tokens, use.tokens_per_label)
        yield (use.name, use.runs, use.labelled, use.unanswered, *tokens, use.model_seconds)


SHEETS = {
    "rates": Sheet(("group", "kind", "name", "selected", *ESTIMATE, "band_low", "band_high"), _rates),
    "gaps": Sheet(("group", "model", *ESTIMATE), _gaps),
    "sources": Sheet(
        (
            "kind", "name", *ESTIMATE, "highest", "lowest", "ratio", "ratio_low", "ratio_high", "four_fifths",
            "beyond_chance", "certain_difference", "difference_at_most", "certain_ratio_low", "certain_ratio_high",
            "certain_four_fifths", "labels_per_item", "withheld", "pair_confidence",
        ),
        _sources,
    ),
    "timeline": Sheet(("what", "start", "end", "source", *ESTIMATE, "certain_difference", "text"), _timeline),
    "intersections": Sheet(("group", "beside", "kind", "name", "selected", *ESTIMATE), _intersections),
    "truth": Sheet(("truth", "provisional", "kind", "name", "metric", "group", "selected", *ESTIMATE), _truth),
    "people": Sheet(("question", "people", "attribute", "items_about", "gap", "low", "high"), _people, private=True),
    "completeness": Sheet(("group", "labels_given", "labels_spared", "labels_needed"), _completeness),
    "people-beside": Sheet(
        ("question", "people", "figure", "value", "low", "high", "size"), _people_beside, private=True
    ),
    "agreement": Sheet(("who", "attribute", "group", "coefficient", "value", "low", "high", "n", "reason"), _agreement),
    "errors": Sheet(("kind", "name", "group", "drawn", *ESTIMATE, "effective_n", "waiting"), _errors),
    "chosen": Sheet(("reading", "labels", *ESTIMATE, "highest", "lowest"), _chosen),
    "pace": Sheet(("minute", "people", "models"), _pace),
    "models": Sheet(
        (
            "model", "runs", "labelled", "unanswered", "prompt_tokens", "completion_tokens", "tokens_per_label",
            "model_seconds",
        ),
        _models,
        private=True,
    ),
}  # fmt: skip
