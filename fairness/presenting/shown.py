"""What a page leaves out or cannot narrow, said plainly: groups beyond a limit, items in no group, parts of the filter
that a panel does not follow."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role
from annotations.grouping.values import SHOWN as SHOWN_GROUPS
from annotations.models import Project
from fairness.metrics import MOST_GROUPS
from fairness.presenting import texts
from fairness.selectors.live import LiveView, Source


@dataclass(frozen=True)
class Omitted:
    """Sentences about what is not drawn; ``url``: where too many groups are put in order, for whom may do it."""

    sentences: tuple[str, ...]
    url: str


def shown_groups(view: LiveView) -> tuple[str, ...]:
    """The groups with most labels, and those that an answer names; in alphabetical order."""
    if len(view.groups) <= SHOWN_GROUPS:
        return view.groups
    ranked = sorted(view.groups, key=lambda group: (-_labels(view, group), group))
    named = {group for source in view.sources for group in (source.parity.highest, source.parity.lowest)}
    return tuple(group for group in view.groups if group in named or group in ranked[:SHOWN_GROUPS])


def _labels(view: LiveView, group: str) -> int:
    return sum(source.counts[group].n for source in view.sources if group in source.counts)


def omitted(project: Project, view: LiveView, role: Role) -> Omitted | None:
    """What the plots of groups leave out; None where they leave out nothing."""
    others = _others(view)
    found = [*others, *_ungrouped(view)]
    if len(view.groups) > MOST_GROUPS:
        text = _("With more than %(most)s groups nothing can be called certain at every moment, so no bands are drawn.")
        found.append(text % {"most": MOST_GROUPS})
    return Omitted(tuple(found), order_url(project, role) if others else "") if found else None


def _others(view: LiveView) -> list[str]:
    rest = [group for group in view.groups if group not in shown_groups(view)]
    if not rest:
        return []
    first = ngettext(
        "%(number)s other group, with %(labels)s labels, is not drawn.",
        "%(number)s other groups, with %(labels)s labels together, are not drawn.",
        len(rest),
    )
    words = {"number": texts.count(len(rest)), "labels": texts.count(sum(_labels(view, group) for group in rest))}
    text = f"{first % words} {_('All count in the differences, and the CSV has every one.')}"
    small = sum(1 for group in rest if all(source.counts[group].n < view.min_group for source in _with(view, group)))
    if small:
        second = ngettext(
            "%(number)s of them has fewer than %(needed)s labels, too few for a rate.",
            "%(number)s of them have fewer than %(needed)s labels each, too few for a rate.",
            small,
        )
        text += " " + second % {"number": texts.count(small), "needed": view.min_group}
    return [text]


def _with(view: LiveView, group: str) -> list[Source]:
    return [source for source in view.sources if group in source.counts]


def _ungrouped(view: LiveView) -> list[str]:
    if not view.ungrouped or view.question is None:
        return []
    text = ngettext(
        "%(number)s label by people is of an item without a %(attribute)s: it is in no group.",
        "%(number)s labels by people are of items without a %(attribute)s: they are in no group.",
        view.ungrouped,
    )
    return [text % {"number": texts.count(view.ungrouped), "attribute": view.question.attribute}]


def order_url(project: Project, role: Role) -> str:
    """Where groups are merged, put in bins, taken over."""
    return reverse("project_setting_groups", args=[project.pk]) if role == Role.OWNER else ""


def not_narrowed(view: LiveView, *follows: str) -> str:
    """Which parts of the filter a panel does not follow, as a sentence; empty where it follows all that is asked.

    ``follows``: of ``whose``, ``model``, ``dataset``, ``time``.
    """
    wanted = view.wanted
    asked = {
        "whose": (bool(wanted.by), _("whose labels")),
        "model": (wanted.model is not None, _("the model")),
        "dataset": (wanted.dataset is not None, _("the dataset")),
        "time": (wanted.is_timed, _("the time")),
    }
    ignored = [name for part, (is_asked, name) in asked.items() if is_asked and part not in follows]
    if not ignored:
        return ""
    return _("Not narrowed by the filter above: %(parts)s.") % {"parts": ", ".join(ignored)}
