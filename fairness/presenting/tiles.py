"""The tiles of the live page: each figure with its interval, what it means and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.agreement import Coefficient
from fairness.metrics import FOUR_FIFTHS, Certified, Estimate
from fairness.presenting import texts
from fairness.presenting.texts import Form
from fairness.selectors.live import LiveView, ModelView, Source
from fairness.selectors.progress import CHART_MINUTES, PACE_MINUTES, Pace


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


def tiles(view: LiveView) -> list[Tile]:
    found = [completeness(view), pace(view.progress.pace)]
    if view.people is not None:
        found += [parity_difference(view.people, view.min_group), parity_ratio(view.people, view.min_group)]
        if view.people.certified is not None:
            found.append(certain(view.people, view.people.certified, view.min_group))
    for model in view.models:
        name = model.source.name if len(view.models) > 1 else ""
        if model.kappa is not None:
            found.append(kappa(model, model.kappa, name))
        found += [spread(model, name, view.min_group)]
    return found


def completeness(view: LiveView) -> Tile:
    progress = view.progress
    share = progress.completeness
    note = _("%(given)s of %(needed)s labels · %(decided)s of %(items)s items decided") % {
        "given": texts.count(progress.labels_given),
        "needed": texts.count(progress.labels_needed),
        "decided": texts.count(progress.decided),
        "items": texts.count(progress.items),
    }
    return Tile(
        id="tile-completeness",
        label=_("Completeness"),
        definition=_(
            "People's labels given, of those that the project asks for. An item counts no more labels than it needs; "
            "models' labels do not count."
        ),
        # Rounded down: 100 % is said only when nothing is missing.
        value="" if share is None else texts.percent(int(share * 1000) / 1000, 1),
        note=note if share is not None else "",
        undefined=_("The project has no items yet.") if share is None else "",
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


def parity_difference(people: Source, min_group: int) -> Tile:
    difference = people.parity.difference
    tone, tone_text = "", ""
    if people.beyond_chance:
        tone, tone_text = "warn", _("More than chance explains")
    elif people.beyond_chance is False:
        tone_text = _("May be chance")
    return Tile(
        id="tile-dpd",
        label=_("Parity difference"),
        definition=_(
            "Demographic parity difference of people's labels: the highest group's rate of the label minus the "
            "lowest's. 0 means equal rates. The interval is Newcombe's for the pair that lies furthest apart; it takes "
            "labels as independent, although several may be of one item or one person."
        ),
        tone=tone,
        tone_text=tone_text,
        **_filled(difference, texts.points, min_group),
        unit=_("points"),
    )


def certain(people: Source, certified: Certified[str], min_group: int) -> Tile:
    undefined = ""
    if not people.parity.difference.is_ok:
        undefined = texts.why_not(people.parity.difference, min_group)
    elif not certified.lower:
        undefined = _("No difference is certain yet.")
    return Tile(
        id="tile-certain",
        label=_("Certain difference"),
        definition=_(
            "A difference between two groups' rates of people's labels that is certain however often one has looked: "
            "if there were less, this would ever be shown in at most 5 %% of projects. It needs more labels than the "
            "interval for one look, assumes items in random order, and takes labels as independent."
        )
        % {},
        value="" if undefined else _("at least %(points)s") % {"points": texts.points(certified.lower, 1)},
        unit=_("points"),
        note="" if undefined else _("%(high)s above %(low)s") % {"high": certified.highest, "low": certified.lowest},
        undefined=undefined,
        tone="warn" if not undefined else "",
        tone_text=_("At every moment") if not undefined else "",
    )


def parity_ratio(people: Source, min_group: int) -> Tile:
    ratio = people.parity.ratio
    tone, tone_text = "", ""
    if ratio.value is not None and ratio.value < FOUR_FIFTHS:
        # A low ratio of a few labels is no alarm: with no bias at all it is the rule.
        if people.beyond_chance:
            tone, tone_text = "bad", _("Below four fifths")
        else:
            tone_text = _("Below four fifths, maybe by chance")
    return Tile(
        id="tile-dpr",
        label=_("Parity ratio"),
        definition=_(
            "Demographic parity ratio of people's labels: the lowest group's rate divided by the highest's. 1 means "
            "equal rates; the four-fifths rule asks for at least 0.8."
        ),
        tone=tone,
        tone_text=tone_text,
        **_filled(ratio, texts.number, min_group),
    )


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
            "smallest: 0 where the model shifts every group alike, whatever people do."
        ),
        **tile,
        unit=_("points"),
    )


def _filled(estimate: Estimate, form: Form, min_group: int) -> dict[str, str]:
    if estimate.value is None:
        return {"undefined": texts.why_not(estimate, min_group), "note": _labels(estimate.n) if estimate.n else ""}
    return {
        "value": form(estimate.value),
        "interval": texts.interval(estimate.low, estimate.high, form),
        "note": _labels(estimate.n),
    }


def _coefficient(coefficient: Coefficient) -> dict[str, str]:
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
