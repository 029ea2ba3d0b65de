"""The tiles of the live page: each figure with its interval, what it means and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.agreement import Coefficient
from fairness.metrics import Estimate, Verdict
from fairness.presenting import texts
from fairness.presenting.links import Counts
from fairness.presenting.texts import Form
from fairness.selectors.live import CONSENSUS, PEOPLE, LiveView, ModelView, Source
from fairness.selectors.progress import CHART_MINUTES, PACE_MINUTES, Pace, Progress


@dataclass(frozen=True)
class Tile:
    """Parameters of ``components/stat.html``."""

    id: str
    label: str
    definition: str
    value: str = ""
    unit: str = ""
    interval: str = ""
    note: str = ""
    undefined: str = ""
    tone: str = ""
    tone_text: str = ""
    href: str = ""  # the items behind it
    source: Source | None = None  # whose labels it is about, where it compares groups
    behind: Counts = ()  # what it rests on, each count with its items


def tiles(view: LiveView) -> list[Tile]:
    found = [completeness(view), pace(view.progress.pace)]
    for source in compared(view):
        found += [make(source, view.min_group) for make in (parity_difference, parity_ratio, certain)]
    for model in view.models:
        if not _speaks(model) and view.wanted.model is None:
            continue
        name = model.source.name if len(view.models) > 1 else ""
        if model.kappa is not None:
            found.append(kappa(model, model.kappa, name))
        found += [spread(model, name, view.min_group)]
    return found


def _speaks(model: ModelView) -> bool:
    """Whether it has given labels that its tiles could be about; without any they would only say so, two by two."""
    return bool(model.source.counts) or (model.kappa is not None and model.kappa.n_items > 0)


def compared(view: LiveView) -> list[Source]:
    """Whose groups the tiles compare: people's; where they are left out, everybody's who is shown."""
    return [view.people] if view.people is not None else list(view.sources)


def _whose(source: Source) -> str:
    if source.kind == PEOPLE:
        return _("people's labels")
    return _("the consensus") if source.kind == CONSENSUS else _("labels of %(model)s") % {"model": source.name}


def _tile_of(source: Source, id: str, title: str) -> dict[str, Any]:
    """Id and title: with whose labels, where these are not people's."""
    if source.kind == PEOPLE:
        return {"id": id, "label": title}
    name = source.name or _("consensus")
    return {"id": f"{id}-{source.annotator_id or source.kind}", "label": f"{title}, {name}"}


def completeness(view: LiveView) -> Tile:
    progress = view.progress
    share = progress.completeness
    return Tile(
        id="tile-completeness",
        label=_("Completeness"),
        definition=_(
            "People's labels, of those that the project asks for. An item counts no more labels than it needs; one "
            "that an expert has settled counts as whole, since nobody is asked for its missing labels any more. "
            "Models' labels do not count."
        ),
        # Rounded down: 100 % is said only when nothing is missing.
        value="" if share is None else texts.percent(int(share * 1000) / 1000, 1),
        note=_places(progress) if share is not None else "",
        undefined=_("The project has no items yet.") if share is None else "",
    )


def _places(progress: Progress) -> str:
    words = {"given": texts.count(progress.labels_given), "needed": texts.count(progress.labels_needed)}
    if not progress.labels_spared:
        return _("%(given)s of %(needed)s labels") % words
    words["spared"] = texts.count(progress.labels_spared)
    return (
        ngettext(
            "%(given)s of %(needed)s labels; %(spared)s is not asked for any more, an expert has settled its item",
            "%(given)s of %(needed)s labels; %(spared)s are not asked for any more, experts have settled their items",
            progress.labels_spared,
        )
        % words
    )


def pace(pace: Pace) -> Tile:
    parts = {"people": texts.number(pace.people, 1), "models": texts.number(pace.models, 1)}
    return Tile(
        id="tile-pace",
        label=_("Labels a minute"),
        definition=_("Mean of the last %(minutes)s minutes, the running one included; labels taken back count off.")
        % {"minutes": PACE_MINUTES},
        value=texts.number(pace.total, 1),
        note=_("%(people)s by people, %(models)s by models") % parts,
    )


def parity_difference(source: Source, min_group: int) -> Tile:
    tone_text = ""
    if source.beyond_chance is not None and not source.certain_difference:
        tone_text = _("For one look beyond chance") if source.beyond_chance else _("May be chance")
    return Tile(
        **_tile_of(source, "tile-dpd", _("Parity difference")),
        definition=_(
            "Demographic parity difference of %(whose)s: the highest group's rate of the label minus the lowest's. 0 "
            "means equal rates. The interval is Newcombe's for the pair that lies furthest apart, for one look, at a "
            "confidence raised for the number of pairs, so that those of all pairs hold together with 95 %%. Of "
            "people's labels as many count as one as an item may have; several of one person are taken as independent. "
            "What may be acted upon at any moment is the certain difference."
        )
        % {"whose": _whose(source)},
        tone_text=tone_text,
        **_filled(source.parity.difference, texts.points, min_group),
        unit=_("points"),
        source=source,
    )


def certain(source: Source, min_group: int) -> Tile:
    found, span, undefined = source.certified, source.span, ""
    if not source.parity.difference.is_ok:
        undefined = texts.why_not(source.parity.difference, min_group)
    elif found is None or span is None:
        withheld = source.certificate.withheld
        undefined = withheld.sentence if withheld else ""
    elif not found.lower:
        undefined = _("No difference is certain yet: groups may lie up to %(most)s points apart.")
        undefined %= {"most": texts.points(span.difference, 1)}
    words = {"high": found.highest, "low": found.lowest} if found else {}
    return Tile(
        **_tile_of(source, "tile-certain", _("Certain difference")),
        definition=_defined(source),
        value="" if undefined else _("at least %(points)s") % {"points": texts.points(source.certain_difference, 1)},
        unit=_("points"),
        note="" if undefined else _("%(high)s above %(low)s") % words,
        undefined=undefined,
        tone="warn" if not undefined else "",
        tone_text=_("At every moment") if not undefined else "",
        source=source,
    )


def _defined(source: Source) -> str:
    text = _(
        "A difference between two groups' rates in %(whose)s that is certain however often one has looked: where "
        "groups do not differ, one would ever be shown for this question alone in at most 5 %% of projects. Each "
        "attribute, label, source and dataset is a question of its own, so of many asked some may be wrong. It needs "
        "more labels than the interval for one look, and assumes items in random order, groups that were there from "
        "the start, and people who label every group."
    )
    text %= {"whose": _whose(source)}
    most = source.certificate.labels_per_item
    if most > 1:
        alike = _("Labels of one item are alike, and an item may have %(most)s: so many count as one.")
        text += " " + alike % {"most": texts.count(most)}
    return text


def parity_ratio(source: Source, min_group: int) -> Tile:
    tone, tone_text = _four_fifths(source)
    return Tile(
        **_tile_of(source, "tile-dpr", _("Parity ratio")),
        definition=_(
            "Demographic parity ratio of %(whose)s: the lowest group's rate divided by the highest's. 1 means equal "
            "rates; the four-fifths rule asks for at least 0.8. The interval is for one look, at a confidence raised "
            "for the number of pairs of groups. Certain is what the bands leave no doubt about, which hold at every "
            "moment."
        )
        % {"whose": _whose(source)},
        tone=tone,
        tone_text=tone_text,
        **_filled(source.impact.ratio, texts.number, min_group),
        source=source,
    )


def _four_fifths(source: Source) -> tuple[str, str]:
    """A low ratio of a few labels is no alarm: with no bias at all it is the rule. Only what is certain has a tone."""
    span = source.span
    if span is not None and span.impact is Verdict.BELOW:
        return "bad", _("Certainly below four fifths")
    if span is not None and span.impact is Verdict.ABOVE and source.certificate.whole:
        return "good", _("Certainly at least four fifths")
    said = {
        Verdict.BELOW: _("For one look below four fifths; not certain"),
        Verdict.ABOVE: _("For one look at least four fifths; not certain"),
        Verdict.UNCLEAR: _("Below four fifths or not: the labels so far fit both"),
    }
    return "", said.get(source.impact.verdict, "")


def kappa(model: ModelView, coefficient: Coefficient, name: str) -> Tile:
    return Tile(
        id=f"tile-kappa-{model.source.annotator_id}",
        label=_("κ people–model") if not name else _("κ people–%(model)s") % {"model": name},
        definition=_(
            "Cohen's kappa between the people's own consensus (before any expert) and the model's label, over the "
            "items that have both: agreement beyond what chance would give. 1 is complete, 0 is chance. Models' labels "
            "never enter the agreement among people."
        ),
        **_coefficient(coefficient),
    )


def spread(model: ModelView, name: str, min_group: int) -> Tile:
    gaps = model.gaps
    tile = _filled(gaps.spread, texts.points, min_group)
    if gaps.highest is not None:
        tile["note"] = _("from %(low)s to %(high)s") % {"low": gaps.lowest, "high": gaps.highest}
    return Tile(
        id=f"tile-spread-{model.source.annotator_id}",
        label=_("Gap spread") if not name else _("Gap spread, %(model)s") % {"model": name},
        definition=_(
            "A group's gap is the model's rate of the label minus people's. The spread is the largest gap minus the "
            "smallest: 0 where the model shifts every group alike, whatever people do. The interval is for one look, "
            "at a confidence raised for the number of pairs of groups; what is certain holds at every moment."
        ),
        **tile,
        tone="warn" if model.certain_spread > 0 else "",
        tone_text=_("Certain: at least %(points)s") % {"points": texts.points(model.certain_spread, 1)}
        if model.certain_spread > 0
        else "",
        unit=_("points"),
    )


def _filled(estimate: Estimate, form: Form, min_group: int) -> dict[str, Any]:
    if estimate.value is None:
        return {"undefined": texts.why_not(estimate, min_group), "note": _labels(estimate.n) if estimate.n else ""}
    return {
        "value": form(estimate.value),
        "interval": texts.interval(estimate.low, estimate.high, form),
        "note": _labels(estimate.n),
    }


def _coefficient(coefficient: Coefficient) -> dict[str, Any]:
    n = coefficient.n_items
    note = ngettext("%(n)s item", "%(n)s items", n) % {"n": texts.count(n)}
    if coefficient.value is None:
        return {"undefined": texts.why_undefined(coefficient), "note": note}
    return {
        "value": texts.number(coefficient.value),
        "interval": texts.interval(coefficient.low, coefficient.high, texts.number),
        "note": note,
    }


def _labels(n: int) -> str:
    return ngettext("%(n)s label", "%(n)s labels", n) % {"n": texts.count(n)}


@dataclass(frozen=True)
class Spark:
    """A line of labels per minute as an SVG polyline over 100 × 24, and the same in words."""

    points: str
    text: str


def spark(pace: Pace) -> Spark:
    totals = [minute.people + minute.models for minute in pace.minutes]
    top = max(totals) or 1
    step = 100 / (len(totals) - 1)
    line = " ".join(f"{number * step:.1f},{22 - 20 * total / top:.1f}" for number, total in enumerate(totals))
    words = {"minutes": CHART_MINUTES, "top": texts.count(max(totals))}
    return Spark(line, _("Last %(minutes)s minutes, at most %(top)s a minute") % words)
