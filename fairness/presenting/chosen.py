"""Labels of items that were chosen, and items that were drawn for a check, as counts that lead to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import ngettext

from annotations.items.selectors import CHECKED, LABELLED
from annotations.models import Project, Stream
from fairness.presenting.links import Counts, drawn_count
from fairness.selectors.chosen import ChosenView


@dataclass(frozen=True)
class ChosenCounts:
    """Of each part of ``ChosenView`` how many there are, and the list of them: of ``unknown``, ``balanced`` and
    ``beside`` labels, with the items that have them, of ``known`` and ``audited`` items that were checked."""

    known: Counts
    unknown: Counts
    balanced: Counts
    audited: Counts
    beside: Counts


def chosen_counts(view: ChosenView | None, project: Project, role: str) -> ChosenCounts | None:
    if view is None:
        return None

    def linked(text: str, n: int, asked: dict[str, Any]) -> Counts:
        return (drawn_count(project, text, n, asked, role),)

    def labels(n: int, stream: Stream, **asked: Any) -> Counts:
        newest = {"served_from": view.oldest} if view.cut else {}
        return linked(ngettext("%(n)s label", "%(n)s labels", n), n, {"served": stream.value, **asked, **newest})

    def checked(n: int, stream: Stream, oldest: int) -> Counts:
        asked = {"stream": stream.value, "checked": CHECKED[0], "state": LABELLED}  # a bad item has no label
        newest = {"drawn_from": oldest} if oldest else {}
        return linked(ngettext("%(n)s finished item", "%(n)s finished items", n), n, asked | newest)

    balanced, since = view.balanced, view.balanced.since if view.balanced else None
    # What has no chance at all came before the order that is balanced, where one holds now.
    before = {"served_until": since.isoformat()} if since else {}
    after = {"served_since": since.isoformat()} if since else {}
    return ChosenCounts(
        known=checked(view.known, Stream.CHOSEN, view.known_from),
        unknown=labels(view.unknown, Stream.CHOSEN, **before),
        balanced=labels(balanced.labels if balanced else 0, Stream.CHOSEN, **after),
        audited=checked(view.audited, Stream.AUDIT, view.audited_from),
        beside=labels(view.beside, Stream.AUDIT),
    )
