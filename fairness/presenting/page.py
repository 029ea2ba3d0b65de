"""The live part of the page as a template context, the same for the page itself and for its updates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role
from annotations.access import READERS
from annotations.models import Project
from fairness.metrics import Estimate, GroupCounts
from fairness.presenting import texts
from fairness.presenting.agreeing import agreement_rows, agreement_tiles
from fairness.presenting.banner import banner_context
from fairness.presenting.behind import (
    pair_rows,
    people_answer,
    people_rows,
    use_rows,
)
from fairness.presenting.complete import complete_plot
from fairness.presenting.doing import because_of_whom, what_now
from fairness.presenting.glance import since_briefly, where_not
from fairness.presenting.heat import crossed_others, heat_map
from fairness.presenting.linked_tiles import gap_counts, with_counts
from fairness.presenting.links import Counts, ends_counts, items_url, rate_counts
from fairness.presenting.marks import happened
from fairness.presenting.plots import Series, gap_plot, rate_plot, series_of, source_key
from fairness.presenting.reading import Reading, Verdict, headline, reading, waiting
from fairness.presenting.shown import not_narrowed, omitted, order_url, shown_groups
from fairness.presenting.tiles import spark, tiles
from fairness.presenting.timeplot import since_when, time_plot, time_rows
from fairness.presenting.truth import truth_blocks
from fairness.selectors.behind import agreement_of, completeness_of, crossing_of, people_of, use_of
from fairness.selectors.live import LiveView, Source
from fairness.selectors.timeline import timeline

MAX_WAITING = 8  # groups named while nothing can be compared


@dataclass(frozen=True)
class SourceLine:
    """A source beside the others: what it does, in words and numbers."""

    series: Series
    reading: Reading
    difference: str
    interval: str
    ratio: str
    ratio_interval: str
    certain: str
    counts: Counts  # of the two groups that lie furthest apart


@dataclass(frozen=True)
class TableRow:
    """A line of the table behind a plot."""

    group: str
    url: str
    series: Series
    value: str
    interval: str
    counts: Counts
    sure: str = ""  # the band that holds at every moment


def live_context(project: Project, view: LiveView, role: Role) -> dict[str, Any]:
    """The part that follows every label, as someone in this role may see it."""
    context: dict[str, Any] = {
        "project": project,
        "query": view.wanted.query(),
        "view": view,
        "question": view.question,
        "tiles": [with_counts(project, view, role, tile) for tile in tiles(view)],
        "spark": spark(view.progress.pace),
        "folded_at": view.progress.folded_at,
        **banner_context(project, role),
    }
    if view.question is None:
        return context
    series = series_of(view)
    source, answer = headline(view)
    return context | {
        "answer": answer,
        "answer_tone": {Verdict.DIFFERENT: "warn", Verdict.EQUAL: "good"}.get(answer.verdict, "info"),
        "answer_series": series[source_key(source)] if source else None,
        "glance_where": where_not(view),
        "glance_since": since_briefly(project, view),
        "omitted": omitted(project, view, role),
        **_waiting_context(view, source),
        "legend": [{"label": one.label, "shape": one.shape, "tone": one.tone} for one in series.values()],
        "lines": [_line(project, view, one, series, role) for one in view.sources],
        "rates": rate_plot(view, series) if view.groups else None,
        "rate_rows": _rate_rows(project, view, series, role),
        "gaps": gap_plot(view, series) if view.groups and view.models else None,
        "gap_rows": _gap_rows(project, view, series, role),
        "whom": because_of_whom(view),
        "actions": what_now(project, view, role),
        "summary": summary(view, answer),
    }


def _waiting_context(view: LiveView, source: Source | None) -> dict[str, Any]:
    """The groups that lack labels, while nothing can be compared: the nearest, and how many more."""
    lacking = waiting(view) if source is None else []
    return {"waiting": lacking[:MAX_WAITING], "waiting_more": len(lacking[MAX_WAITING:])}


def more_context(project: Project, view: LiveView, role: Role) -> dict[str, Any]:
    """The part that is read anew by reload: history, intersections, people, agreement, use of models."""
    if view.question is None:
        return {}
    found = timeline(project, view)
    series = series_of(view)
    context: dict[str, Any] = {
        "now": timezone.now(),
        "since": since_when(view, found),
        "time": time_plot(view, found, series),
        "time_rows": time_rows(project, view, found, series, role),
        "happened": happened(project, view, found, role),
        **_crossing_context(project, view, series, role),
        "truth": truth_blocks(project, view, series, role),
        "counting_truth": view.counting_truth,
        "kept_filter": parse_qsl(view.wanted.query(beside="")),
        "has_attributes": len(view.attributes) > 1,
        "complete": complete_plot(project, view.question, completeness_of(project, view.question)),
        "complete_whole": not_narrowed(view, "whose", "model"),
    }
    stored = agreement_of(project)
    context |= {
        "agreement": stored,
        "agreement_tiles": agreement_tiles(project, stored, role),
        "agreement_rows": agreement_rows(project, stored, role),
        "agreement_whole": not_narrowed(view),
    }
    if may_see_people(role):
        questions = people_of(project, view)
        rows = people_rows(questions)
        context |= {
            "people_shown": True,
            "people_rows": rows,
            "pair_rows": pair_rows(questions),
            "people_answer": people_answer(rows, questions),
            "people_at": max((one.computed_at for one in questions if one.computed_at), default=None),
            "people_whole": not_narrowed(view, "whose", "model"),
            "use_rows": use_rows(use_of(project, view)),
            "use_whole": not_narrowed(view, "whose", "model"),
        }
    return context


def _crossing_context(project: Project, view: LiveView, series: dict[str, Series], role: Role) -> dict[str, Any]:
    crossing = crossing_of(project, view)
    if crossing is None:
        return {}
    beside = crossing.beside

    def link(group: str, other: str, counts: GroupCounts) -> Counts:
        return rate_counts(project, view, group, crossing.source, role=role, beside=(beside, other), counts=counts)

    return {
        "crossing": crossing,
        "heat": heat_map(crossing, view.min_group, link),
        "heat_who": series[source_key(crossing.source)].label,
        "crossed_others": crossed_others(crossing),
        "order_url": order_url(project, role),
    }


def may_see_people(role: Role) -> bool:
    """Groups of people, and what models cost, are for owners and auditors: as the pages that these come from."""
    return role in READERS


def summary(view: LiveView, answer: Reading) -> str:
    """What a screen reader is told of an update."""
    share = view.progress.completeness
    if share is None:
        return answer.plain
    return _("%(answer)s The project is %(share)s complete.") % {
        "answer": answer.plain,
        "share": texts.percent(share),
    }


def _line(project: Project, view: LiveView, source: Source, series: dict[str, Series], role: Role) -> SourceLine:
    if view.question is None:
        raise ValueError("A project without attributes has nothing to compare.")
    parity = source.parity
    difference, ratio = parity.difference, source.impact.ratio
    certain = source.certain_difference
    return SourceLine(
        series=series[source_key(source)],
        reading=reading(source, view.question, view.min_group),
        difference="" if difference.value is None else texts.points(difference.value, 1),
        interval=texts.interval(difference.low, difference.high, lambda value: texts.points(value, 1)),
        ratio=texts.number(ratio.value) if ratio.value is not None else "",
        ratio_interval=texts.interval(ratio.low, ratio.high, texts.number),
        certain=_("at least %(points)s") % {"points": texts.points(certain, 1)} if certain else "",
        counts=ends_counts(project, view, source, role=role),
    )


def _rate_rows(project: Project, view: LiveView, series: dict[str, Series], role: Role) -> list[TableRow]:
    rows = []
    for group in shown_groups(view):
        for source in view.sources:
            counts = source.counts.get(group)
            if counts is None:
                continue
            drawn, linked = series[source_key(source)], rate_counts(project, view, group, source, role=role)
            url = items_url(project, view, group, source, role=role)
            row = _row(url, view, group, drawn, source.parity.rates[group], texts.percent, linked)
            rows.append(replace(row, sure=_band(source, group)))
    return rows


def _band(source: Source, group: str) -> str:
    band = source.certified.bands.get(group) if source.certified else None
    return "" if band is None else texts.interval(band.low, band.high, lambda value: texts.percent(value, 1))


def _gap_rows(project: Project, view: LiveView, series: dict[str, Series], role: Role) -> list[TableRow]:
    rows = []
    for group in shown_groups(view):
        for model in view.models:
            gap = model.gaps.by_group.get(group)
            if gap is None:
                continue
            drawn = series[source_key(model.source)]
            counts = gap_counts(project, view, group, model, role)
            url = items_url(project, view, group, model.source, role=role)
            rows.append(_row(url, view, group, drawn, gap, _signed, counts))
    return rows


def _signed(value: float, _places: int) -> str:
    return texts.signed_points(value)


def _row(
    url: str, view: LiveView, group: str, series: Series, estimate: Estimate, form: Any, counts: Counts
) -> TableRow:
    value = texts.why_not(estimate, view.min_group) if estimate.value is None else form(estimate.value, 1)
    return TableRow(
        group=group,
        url=url,
        series=series,
        value=value,
        interval=texts.interval(estimate.low, estimate.high, lambda limit: form(limit, 1)),
        counts=counts,
    )
