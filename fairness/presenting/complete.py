"""How far each group's items are labelled: bars, and the table behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from annotations.grouping.values import SHOWN as SHOWN_GROUPS
from annotations.items.selectors import INCOMPLETE
from annotations.models import Project
from fairness.presenting import texts
from fairness.selectors.behind import Places
from fairness.selectors.live import Question

# The template fairness/complete.html writes 14 and 218 (left end and length of a whole bar).
TOP, BLOCK, LEFT, LENGTH = 4, 46, 14, 218


@dataclass(frozen=True)
class Bar:
    """A group: ``y`` of its name, ``bar_y`` and ``length`` of its bar; ``spared_x`` and ``spared_length``: where the
    part begins that settlements spared, and its length, empty where there is none; ``url``: its items that lack labels.
    """

    group: str
    y: int
    bar_y: int
    length: str
    spared_x: str
    spared_length: str
    share: str
    counts: str
    spared: str
    url: str


@dataclass(frozen=True)
class Complete:
    bars: tuple[Bar, ...]
    spared: bool  # whether a bar has such a part
    height: int
    answer: str
    more: int  # groups that are further on than those shown


def complete_plot(project: Project, question: Question, places: Mapping[str, Places]) -> Complete | None:
    """Of the groups that need labels, those that lack most first; None where none needs any."""
    found = sorted((one for one in places.items() if one[1].needed), key=lambda one: (one[1].share, one[0]))
    if not found:
        return None
    shown = found[:SHOWN_GROUPS]
    bars = tuple(_bar(project, question, group, one, number) for number, (group, one) in enumerate(shown))
    spared = any(bar.spared_length for bar in bars)
    return Complete(bars, spared, TOP + BLOCK * len(bars), _answer(found), len(found) - len(shown))


def _bar(project: Project, question: Question, group: str, places: Places, number: int) -> Bar:
    asked = {"group": f"{question.attribute}:{group}", "state": INCOMPLETE}
    words = {"given": texts.count(places.given), "needed": texts.count(places.needed)}
    length = LENGTH * places.given / places.needed
    return Bar(
        group=group,
        y=TOP + BLOCK * number + 14,
        bar_y=TOP + BLOCK * number + 22,
        length=f"{length:.1f}",
        spared_x=f"{LEFT + length:.1f}" if places.spared else "",
        spared_length=f"{LENGTH * places.spared / places.needed:.1f}" if places.spared else "",
        share=_percent(places),
        counts=_("%(given)s of %(needed)s") % words,
        spared=texts.count(places.spared),
        url=f"{reverse('items', args=[project.pk])}?{urlencode(asked)}",
    )


def _percent(places: Places) -> str:
    """Rounded down: 100 % where nothing is missing."""
    return texts.percent(100 * places.done // places.needed / 100)


def _answer(found: list[tuple[str, Places]]) -> str:
    (last, behind), (first, ahead) = found[0], found[-1]
    if ahead.share == behind.share:
        return _("Every group is labelled equally far.")
    words = {
        "last": last,
        "behind": _percent(behind),
        "first": first,
        "ahead": _percent(ahead),
    }
    text = _("Furthest behind is %(last)s (%(behind)s complete), furthest on %(first)s (%(ahead)s).")
    return text % words
