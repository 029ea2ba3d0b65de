"""Counts as they are shown, each with a link to the items behind it: as many as it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role
from annotations.access import READERS
from annotations.models import Project
from fairness.presenting import texts
from fairness.selectors.live import CONSENSUS, MODEL, LiveView, Source


@dataclass(frozen=True)
class Count:
    """A number of items or labels as text, with what stands before it; ``url``: the items, none where there is no list.

    ``n``: the number. Where it counts labels, the items of the list have so many of them together.
    """

    text: str
    n: int
    url: str = ""
    before: str = ""


Counts = tuple[Count, ...]


def items_of(project: Project, asked: Mapping[str, Any]) -> str:
    return f"{reverse('items', args=[project.pk])}?{urlencode(asked)}"


def drawn_count(
    project: Project, words: str, n: int, asked: Mapping[str, Any], role: str, *, before: str = ""
) -> Count:
    """With its list for those who may know how items were drawn: experts look at them as at any others."""
    return Count(words % {"n": texts.count(n)}, n, items_of(project, asked) if n and role in READERS else "", before)


def items_url(
    project: Project,
    view: LiveView,
    group: str,
    source: Source | None = None,
    *,
    role: str = "",
    beside: tuple[str, str] | None = None,
    whole: bool = False,
) -> str:
    """The items of one group; with ``source``, those to which it gave the label in question, in the time asked for;
    with ``whole``, any label; with ``beside``, those that are in this group (attribute, group) as well.

    Experts are not told which model said what, so theirs are the items of any model.
    """
    attribute = view.question.attribute if view.question else ""
    asked: dict[str, Any] = {"group": f"{attribute}:{group}"}
    if beside is not None:
        asked["beside"] = ":".join(beside)
    if view.wanted.dataset is not None:
        asked["dataset"] = view.wanted.dataset
    if source is not None and view.question is not None:
        if source.kind == CONSENSUS:
            asked |= {"state": "labelled"} if whole else {"label": view.question.label}
        else:
            asked |= {} if whole else {"given": view.question.label}
            asked |= _givers(source, role)
            asked |= view.wanted.moments(whole_days=beside is not None)  # two attributes at once are counted by day
    return items_of(project, asked)


def _givers(source: Source, role: str) -> dict[str, Any]:
    found: dict[str, Any] = {"by": "model" if source.kind == MODEL else "people"}
    return found if source.annotator_id is None or role == Role.EXPERT else found | {"annotator": source.annotator_id}


def given_counts(project: Project, view: LiveView, source: Source, n: int, role: str) -> Counts:
    """How many labels a source gave in the time asked for to items that have a group of the attribute in question."""
    asked: dict[str, Any] = {"attribute": view.question.attribute} if view.question else {}
    asked |= {} if view.wanted.dataset is None else {"dataset": view.wanted.dataset}
    asked |= _givers(source, role) | view.wanted.moments()
    return (Count(texts.count(n), n, items_of(project, asked) if n else ""),)


def rate_counts(
    project: Project,
    view: LiveView,
    group: str,
    source: Source,
    *,
    role: str = "",
    beside: tuple[str, str] | None = None,
    counts: Any = None,
    before: str = "",
) -> Counts:
    """How many of how many, of one group and source, or of ``counts`` of its items that are in ``beside`` as well."""
    counts = source.counts[group] if counts is None else counts
    url, whole = (
        items_url(project, view, group, source, role=role, beside=beside, whole=whole) for whole in (False, True)
    )
    return (
        Count(texts.count(counts.selected), counts.selected, url, before),
        Count(n_of(counts.n, source), counts.n, whole, f" {_('of')} "),
    )


def n_of(n: int, source: Source) -> str:
    if source.kind == CONSENSUS:
        return ngettext("%(n)s item", "%(n)s items", n) % {"n": texts.count(n)}
    return ngettext("%(n)s label", "%(n)s labels", n) % {"n": texts.count(n)}


def label_counts(project: Project, view: LiveView, group: str, source: Source, *, role: str, before: str) -> Counts:
    """How many labels a source gave a group."""
    counts = source.counts.get(group)
    if counts is None or not counts.n:
        return (Count(n_of(0, source), 0, "", before),)
    url = items_url(project, view, group, source, role=role, whole=True)
    return (Count(n_of(counts.n, source), counts.n, url, before),)


def ends_counts(
    project: Project, view: LiveView, source: Source, *, role: str, high: str | None = None, low: str | None = None
) -> Counts:
    """Those of the two groups that a comparison is of; of the furthest pair where none is named."""
    ends = (low or source.parity.lowest, high or source.parity.highest)
    found: Counts = ()
    for group in dict.fromkeys(end for end in ends if end in source.counts):
        before = f"{'; ' if found else ''}{group}: "
        found += rate_counts(project, view, str(group), source, role=role, before=before)
    return found
