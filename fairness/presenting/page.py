"""The live part of the page as a template context, the same for the page itself and for its updates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role
from annotations.access import READERS
from annotations.models import Project
from fairness.metrics import Estimate
from fairness.presenting import texts
from fairness.presenting.behind import agreement_rows, agreement_tiles, people_answer, people_rows, use_rows
from fairness.presenting.doing import because_of_whom, what_now
from fairness.presenting.heat import heat_map
from fairness.presenting.links import items_url
from fairness.presenting.plots import Series, gap_plot, rate_plot, series_of, source_key
from fairness.presenting.reading import Reading, Verdict, headline, reading, waiting
from fairness.presenting.tiles import Tile, spark, tiles
from fairness.presenting.timeplot import happened, since_when, time_plot, time_rows
from fairness.selectors.behind import agreement_of, crossing_of, people_of, use_of
from fairness.selectors.live import CONSENSUS, LiveView, Source
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


@dataclass(frozen=True)
class TableRow:
    """A line of the table behind a plot."""

    group: str
    url: str
    series: Series
    value: str
    interval: str
    counts: str
    sure: str = ""  # the band that holds at every moment


def live_context(project: Project, view: LiveView, role: Role) -> dict[str, Any]:
    """The part that follows every label, as someone in this role may see it."""
    context: dict[str, Any] = {
        "project": project,
        "query": view.wanted.query(),
        "view": view,
        "question": view.question,
        "tiles": [replace(tile, href=_behind(project, view, role, tile)) for tile in tiles(view)],
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
        "rate_rows": _rate_rows(project, view, series, role),
        "gaps": gap_plot(view, series) if view.groups and view.models else None,
        "gap_rows": _gap_rows(project, view, series, role),
        "whom": because_of_whom(view),
        "actions": what_now(project, view, role),
        "summary": summary(view, answer),
    }


def more_context(project: Project, view: LiveView, role: Role) -> dict[str, Any]:
    """The part that is read anew by reload: history, intersections, people, agreement, use of models."""
    if view.question is None:
        return {}
    found = timeline(project, view)
    series = series_of(view)
    crossing = crossing_of(project, view)
    address = reverse("fairness", args=[project.pk])
    context: dict[str, Any] = {
        "now": timezone.now(),
        "since": since_when(view, found),
        "time": time_plot(view, found, series),
        "time_rows": time_rows(view, found, series, address),
        "happened": happened(project.pk, found, role),
        "crossing": crossing,
        "heat": None if crossing is None else heat_map(crossing, view.min_group),
        "heat_who": "" if crossing is None else series[source_key(crossing.source)].label,
        "kept_filter": parse_qsl(view.wanted.query(beside="")),
        "has_attributes": len(view.attributes) > 1,
    }
    stored = agreement_of(project)
    context |= {
        "agreement": stored,
        "agreement_tiles": agreement_tiles(stored),
        "agreement_rows": agreement_rows(stored),
    }
    if may_see_people(role):
        questions = people_of(project, view)
        rows = people_rows(questions)
        context |= {
            "people_shown": True,
            "people_rows": rows,
            "people_answer": people_answer(rows, questions),
            "people_at": max((one.computed_at for one in questions if one.computed_at), default=None),
            "use_rows": use_rows(use_of(project, view)),
        }
    return context


def may_see_people(role: Role) -> bool:
    """Groups of people, and what models cost, are for owners and auditors: as the pages that these come from."""
    return role in READERS


def summary(view: LiveView, answer: Reading) -> str:
    """What a screen reader is told of an update."""
    share = view.progress.completeness
    if share is None:
        return answer.plain
    return _("%(answer)s %(share)s of the labels are in.") % {
        "answer": answer.plain,
        "share": texts.percent(share),
    }


def _behind(project: Project, view: LiveView, role: Role, tile: Tile) -> str:
    """The items behind a tile: the undecided, those of the group that gets the label least, those in dispute."""
    items = reverse("items", args=[project.pk])
    if tile.id == "tile-completeness":
        return f"{items}?state=undecided"
    if tile.id in ("tile-dpd", "tile-dpr", "tile-certain") and view.people is not None and view.people.parity.lowest:
        return items_url(project, view, view.people.parity.lowest, view.people, role=role)
    return f"{items}?case=on" if tile.id.startswith("tile-kappa-") and not tile.undefined else ""


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


def _rate_rows(project: Project, view: LiveView, series: dict[str, Series], role: Role) -> list[TableRow]:
    rows = []
    for group in view.groups:
        for source in view.sources:
            counts = source.counts.get(group)
            if counts is None:
                continue
            of = _("%(selected)s of %(n)s items") if source.kind == CONSENSUS else _("%(selected)s of %(n)s labels")
            words = {"selected": texts.count(counts.selected), "n": texts.count(counts.n)}
            drawn = series[source_key(source)]
            url = items_url(project, view, group, source, role=role)
            row = _row(url, view, group, drawn, source.parity.rates[group], texts.percent, of % words)
            rows.append(replace(row, sure=_band(source, group)))
    return rows


def _band(source: Source, group: str) -> str:
    band = source.certified.bands.get(group) if source.certified else None
    return "" if band is None else texts.interval(band.low, band.high, lambda value: texts.percent(value, 1))


def _gap_rows(project: Project, view: LiveView, series: dict[str, Series], role: Role) -> list[TableRow]:
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
            url = items_url(project, view, group, model.source, role=role)
            rows.append(_row(url, view, group, drawn, gap, _signed, counts))
    return rows


def _signed(value: float, _places: int) -> str:
    return texts.signed_points(value)


def _row(url: str, view: LiveView, group: str, series: Series, estimate: Estimate, form: Any, counts: str) -> TableRow:
    value = texts.why_not(estimate, view.min_group) if estimate.value is None else form(estimate.value, 1)
    return TableRow(
        group=group,
        url=url,
        series=series,
        value=value,
        interval=texts.interval(estimate.low, estimate.high, lambda limit: form(limit, 1)),
        counts=counts,
    )
