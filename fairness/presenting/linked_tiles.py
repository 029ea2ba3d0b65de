"""The tiles of the live page with the counts that each rests on, and the items behind these."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role
from annotations.models import Project
from fairness.presenting import texts
from fairness.presenting.links import Count, Counts, ends_counts, items_of, items_url, label_counts
from fairness.presenting.tiles import Tile
from fairness.selectors.live import LiveView, ModelView


def with_counts(project: Project, view: LiveView, role: Role, tile: Tile) -> Tile:
    """The tile with the counts that it rests on, and their items; its title leads to those that show it best."""
    if tile.id == "tile-pace":
        since = view.progress.pace.since.isoformat()
        return replace(tile, href=items_of(project, {"since": since}) if view.progress.pace.total else "")
    if tile.id == "tile-completeness":
        return _complete_tile(project, view, tile)
    if tile.source is not None:
        certain = tile.source.certified if tile.id.startswith("tile-certain") else None
        high, low = (certain.highest, certain.lowest) if certain and certain.lower else (None, None)
        lowest = low or tile.source.parity.lowest
        href = items_url(project, view, lowest, tile.source, role=role) if lowest else ""
        behind = ends_counts(project, view, tile.source, role=role, high=high, low=low)
        return replace(tile, href=href, behind=behind)
    for model in view.models:
        if tile.id == f"tile-spread-{model.source.annotator_id}" and model.gaps.highest is not None:
            href = items_url(project, view, model.gaps.highest, model.source, role=role)
            return replace(tile, href=href, behind=_gap_ends(project, view, model, role))
        if tile.id == f"tile-kappa-{model.source.annotator_id}" and role != Role.EXPERT:
            return _kappa_tile(project, view, model, tile)
    return tile


def _gap_ends(project: Project, view: LiveView, model: ModelView, role: Role) -> Counts:
    found: Counts = ()
    for group in dict.fromkeys((model.gaps.lowest, model.gaps.highest)):
        if group:
            found += gap_counts(project, view, group, model, role, before=f"{'; ' if found else ''}{group}: ")
    return found


def _complete_tile(project: Project, view: LiveView, tile: Tile) -> Tile:
    asked: dict[str, Any] = {} if view.wanted.dataset is None else {"dataset": view.wanted.dataset}
    progress = view.progress
    left = progress.items - progress.decided
    behind = tuple(
        Count(text % {"n": texts.count(n)}, n, items_of(project, {"state": state, **asked}) if n else "", before)
        for n, state, text, before in (
            (progress.decided, "decided", _("%(n)s items decided"), ""),
            (left, "undecided", _("%(n)s not"), ", "),
        )
    )
    href = items_of(project, {"state": "undecided", **asked})
    return replace(tile, href=href, behind=behind if progress.items else ())


def _kappa_tile(project: Project, view: LiveView, model: ModelView, tile: Tile) -> Tile:
    """Of items compared, those on which the model says something else than people's own consensus."""
    if model.kappa is None or not model.kappa.n_items:
        return tile
    asked: dict[str, Any] = {"pair": "model:own", "annotator": model.source.annotator_id}
    asked |= {} if view.wanted.dataset is None else {"dataset": view.wanted.dataset}
    apart = items_of(project, {**asked, "differs": "on"}) if model.apart else ""
    n = model.kappa.n_items
    behind = (
        Count(_("%(n)s disagree") % {"n": texts.count(model.apart)}, model.apart, apart),
        Count(
            ngettext("%(n)s item", "%(n)s items", n) % {"n": texts.count(n)},
            n,
            items_of(project, asked),
            f" {_('of')} ",
        ),
    )
    return replace(tile, href=apart, behind=behind, note="")


def gap_counts(
    project: Project, view: LiveView, group: str, model: ModelView, role: Role, *, before: str = ""
) -> Counts:
    """The labels of people and of a model that a gap is between."""
    found: Counts = ()
    if view.people is not None:
        found = label_counts(project, view, group, view.people, role=role, before=f"{before}{_('people')} ")
        before = ", "
    return found + label_counts(project, view, group, model.source, role=role, before=f"{before}{_('model')} ")
