"""The live part of the page as a template context, the same for the page itself and for its updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from annotations.models import Project
from fairness.metrics import Estimate
from fairness.presenting import texts
from fairness.presenting.plots import Series, gap_plot, rate_plot, series_of, source_key
from fairness.presenting.reading import Reading, Verdict, headline, reading, waiting
from fairness.presenting.tiles import spark, tiles
from fairness.selectors.live import CONSENSUS, LiveView, Source

MAX_WAITING = 8  # groups named while nothing can be compared


@dataclass(frozen=True)
class SourceLine:
    """A source beside the others: what it does, in words and numbers."""

    series: Series
    reading: Reading
    difference: str
    interval: str
    ratio: str


@dataclass(frozen=True)
class TableRow:
    """A line of the table behind a plot."""

    group: str
    url: str
    series: Series
    value: str
    interval: str
    counts: str


def live_context(project: Project, view: LiveView) -> dict[str, Any]:
    context: dict[str, Any] = {
        "project": project,
        "view": view,
        "question": view.question,
        "tiles": tiles(view),
        "spark": spark(view.progress.pace),
        "folded_at": view.progress.folded_at,
    }
    if view.question is None:
        return context
    series = series_of(view)
    source, answer = headline(view)
    return context | {
        "answer": answer,
        "answer_tone": {Verdict.DIFFERENT: "warn", Verdict.EQUAL: "good"}.get(answer.verdict, "info"),
        "answer_series": series[source_key(source)] if source else None,
        "waiting": waiting(view)[:MAX_WAITING] if source is None else [],
        "legend": [{"label": one.label, "shape": one.shape, "tone": one.tone} for one in series.values()],
        "lines": [_line(view, one, series) for one in view.sources],
        "rates": rate_plot(view, series) if view.groups else None,
        "rate_rows": _rate_rows(project, view, series),
        "gaps": gap_plot(view, series) if view.groups and view.models else None,
        "gap_rows": _gap_rows(project, view, series),
        "summary": summary(view, answer),
    }


def summary(view: LiveView, answer: Reading) -> str:
    """What a screen reader is told of an update."""
    share = view.progress.completeness
    if share is None:
        return answer.plain
    return _("%(answer)s %(share)s of the labels are in.") % {
        "answer": answer.plain,
        "share": texts.percent(share),
    }


def items_url(project: Project, attribute: str, group: str) -> str:
    """The items of one group."""
    return f"{reverse('items', args=[project.pk])}?{urlencode({'group': f'{attribute}:{group}'})}"


def _line(view: LiveView, source: Source, series: dict[str, Series]) -> SourceLine:
    if view.question is None:
        raise ValueError("A project without attributes has nothing to compare.")
    parity = source.parity
    difference, ratio = parity.difference, parity.ratio
    return SourceLine(
        series=series[source_key(source)],
        reading=reading(source, view.question, view.min_group),
        difference="" if difference.value is None else texts.points(difference.value, 1),
        interval=texts.interval(difference.low, difference.high, lambda value: texts.points(value, 1)),
        ratio=texts.number(ratio.value) if ratio.value is not None else "",
    )


def _rate_rows(project: Project, view: LiveView, series: dict[str, Series]) -> list[TableRow]:
    rows = []
    for group in view.groups:
        for source in view.sources:
            counts = source.counts.get(group)
            if counts is None:
                continue
            of = _("%(selected)s of %(n)s items") if source.kind == CONSENSUS else _("%(selected)s of %(n)s labels")
            words = {"selected": texts.count(counts.selected), "n": texts.count(counts.n)}
            drawn = series[source_key(source)]
            rows.append(_row(project, view, group, drawn, source.parity.rates[group], texts.percent, of % words))
    return rows


def _gap_rows(project: Project, view: LiveView, series: dict[str, Series]) -> list[TableRow]:
    rows = []
    for group in view.groups:
        for model in view.models:
            gap = model.gaps.by_group.get(group)
            if gap is None:
                continue
            drawn = series[source_key(model.source)]
            people = view.people.counts.get(group) if view.people else None
            llm = model.source.counts.get(group)
            words = {"people": texts.count(people.n if people else 0), "model": texts.count(llm.n if llm else 0)}
            counts = _("%(people)s people's, %(model)s model's labels") % words
            rows.append(_row(project, view, group, drawn, gap, _signed, counts))
    return rows


def _signed(value: float, _places: int) -> str:
    return texts.signed_points(value)


def _row(
    project: Project, view: LiveView, group: str, series: Series, estimate: Estimate, form: Any, counts: str
) -> TableRow:
    attribute = view.question.attribute if view.question else ""
    value = texts.why_not(estimate, view.min_group) if estimate.value is None else form(estimate.value, 1)
    return TableRow(
        group=group,
        url=items_url(project, attribute, group),
        series=series,
        value=value,
        interval=texts.interval(estimate.low, estimate.high, lambda limit: form(limit, 1)),
        counts=counts,
    )
