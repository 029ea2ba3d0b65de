"""Labels of items that were chosen, as counts that lead to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import ngettext

from annotations.access import READERS
from annotations.items.served import CHANCE
from annotations.models import Project, Stream
from fairness.presenting import texts
from fairness.presenting.links import Count, Counts, items_of
from fairness.selectors.chosen import ChosenView


@dataclass(frozen=True)
class ChosenCounts:
    """Of each part of ``ChosenView`` how many labels there are, with the items that have them."""

    known: Counts
    unknown: Counts
    balanced: Counts
    audited: Counts


def chosen_counts(view: ChosenView | None, project: Project, role: str) -> ChosenCounts | None:
    """With links for those who may know how items were drawn, which experts may not."""
    if view is None:
        return None

    def labels(n: int, **asked: Any) -> Counts:
        newest = {"served_from": view.oldest} if view.cut else {}
        url = items_of(project, {**asked, **newest}) if n and role in READERS else ""
        return (Count(ngettext("%(n)s label", "%(n)s labels", n) % {"n": texts.count(n)}, n, url),)

    chosen, (known, none) = Stream.CHOSEN.value, CHANCE
    balanced, since = view.balanced, view.balanced.since if view.balanced else None
    # What has no chance at all came before the order that is balanced, where one holds now.
    before = {"served_until": since.isoformat()} if since else {}
    after = {"served_since": since.isoformat()} if since else {}
    return ChosenCounts(
        known=labels(view.known, served=chosen, chance=known),
        unknown=labels(view.unknown, served=chosen, chance=none, **before),
        balanced=labels(balanced.labels if balanced else 0, served=chosen, chance=none, **after),
        audited=labels(view.audited, served=Stream.AUDIT.value),
    )
