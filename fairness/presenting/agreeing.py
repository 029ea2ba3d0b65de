"""Agreement as it was measured and stored, each figure with the items that it compares, and those that lie apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role
from annotations.agreement import CoefficientName
from annotations.agreement import Reason as AgreementReason
from annotations.items.voices import COMPARED, DIFFER
from annotations.measuring.reading import MEANINGS, NAMES
from annotations.models import AnnotatorKind, Project
from fairness.models import AgreementFigures
from fairness.presenting import texts
from fairness.presenting.links import Count, Counts, items_of
from fairness.presenting.tiles import Tile

REASONS = {reason.value: reason.sentence for reason in AgreementReason}


@dataclass(frozen=True)
class ScopeRow:
    """Agreement of one part of the items: who, which part, and the figures as they are shown."""

    who: str
    part: str
    name: str
    value: str
    interval: str
    counts: Counts


@dataclass(frozen=True)
class Side:
    """People among themselves (``model`` empty), or people and one model. ``compared``, ``apart``: how the list of
    items is asked for those that were compared, and those on which the two differ; None where it may not be shown."""

    key: str
    model: str
    scopes: list[Mapping[str, Any]]
    compared: Mapping[str, Any] | None
    apart: Mapping[str, Any] | None


def agreement_tiles(project: Project, stored: AgreementFigures | None, role: Role) -> list[Tile]:
    """Of all items, among people and with each model."""
    tiles = []
    for side in _sides(project, stored, role):
        scope = side.scopes[0]
        # Of a model the last figure alone: what is not chance.
        shown = scope["figures"][-1:] if side.model else scope["figures"]
        tiles += [_tile(project, side, scope, figure) for figure in shown]
    return tiles


def agreement_rows(project: Project, stored: AgreementFigures | None, role: Role) -> list[ScopeRow]:
    """Every part that was measured: all items, then each group."""
    rows = []
    for side in _sides(project, stored, role):
        who = _("People and %(model)s") % {"model": side.model} if side.model else _("People")
        for scope in side.scopes:
            part = f"{scope['attribute']}: {scope['group']}" if scope["attribute"] else _("all items")
            for figure in scope["figures"]:
                value = _why(figure) or texts.number(figure["value"], 3)
                name = str(NAMES[CoefficientName(figure["name"])])
                rows.append(ScopeRow(who, part, name, value, _interval(figure), _counts(project, side, scope, figure)))
    return rows


def _sides(project: Project, stored: AgreementFigures | None, role: Role) -> Iterator[Side]:
    if stored is None:
        return
    found = stored.figures
    yield Side("people", "", found["people"], {"people": COMPARED}, {"people": DIFFER})
    models = project.annotators.filter(kind=AnnotatorKind.MODEL)
    ids = {name or pseudonym: pk for pk, name, pseudonym in models.values_list("pk", "name", "pseudonym")}
    for number, model in enumerate(found["models"]):
        key, name, annotator = f"model-{number}", model["name"], ids.get(model["name"])
        if role == Role.EXPERT or annotator is None:  # which labels are wrong is not for experts to know
            yield Side(key, name, model["scopes"], None, None)
            continue
        compared = {"pair": "model:own", "annotator": annotator}
        yield Side(key, name, model["scopes"], compared, compared | {"differs": "on"})


def _tile(project: Project, side: Side, scope: Mapping[str, Any], figure: Mapping[str, Any]) -> Tile:
    coefficient = CoefficientName(figure["name"])
    title = str(NAMES[coefficient])
    return Tile(
        id=f"tile-agreement-{side.key}-{figure['name']}",
        label=f"{title}, {side.model}" if side.model else title,
        definition=str(MEANINGS[coefficient]),
        value="" if figure["value"] is None else texts.number(figure["value"], 3),
        interval=_interval(figure),
        undefined=_why(figure),
        behind=_counts(project, side, scope, figure),
    )


def _counts(project: Project, side: Side, scope: Mapping[str, Any], figure: Mapping[str, Any]) -> Counts:
    """On how many of the items that were compared the two differ: by what was stored with the figure."""
    n, apart = figure["n"], scope.get("apart")
    group = {"group": f"{scope['attribute']}:{scope['group']}"} if scope["attribute"] else {}

    def url(asked: Mapping[str, Any] | None, count: int) -> str:
        return items_of(project, {**asked, **group}) if asked is not None and count else ""

    if apart is None or not n:  # measured before these were counted, or nothing to differ on
        text = ngettext("%(n)s item compared", "%(n)s items compared", n) % {"n": texts.count(n)}
        return (Count(text, n, url(side.compared, n)),)
    text = ngettext("%(n)s item", "%(n)s items", n) % {"n": texts.count(n)}
    return (
        Count(_("%(n)s disagree") % {"n": texts.count(apart)}, apart, url(side.apart, apart)),
        Count(text, n, url(side.compared, n), f" {_('of')} "),
    )


def _interval(figure: Mapping[str, Any]) -> str:
    return texts.interval(figure["low"], figure["high"], lambda value: texts.number(value, 3))


def _why(figure: Mapping[str, Any]) -> str:
    return "" if figure["reason"] is None else _(REASONS[figure["reason"]])
