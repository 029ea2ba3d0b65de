"""How often labels are wrong, as the page says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.models import Project, Stream
from annotations.stream.selectors import Drawn
from fairness.metrics import MIN_GROUP, Estimate
from fairness.presenting import texts
from fairness.presenting.links import Count, Counts, drawn_count
from fairness.selectors.errors import Errors, ErrorsView, Reading
from fairness.selectors.live import PEOPLE


@dataclass(frozen=True)
class ReadingText:
    """``value`` is empty where there is none; ``note`` then says why, else gives the interval."""

    value: str
    note: str
    counts: str


@dataclass(frozen=True)
class ErrorRow:
    kind: str  # the tone of its badge: human or model
    who: str
    group: str
    uniform: ReadingText
    weighted: ReadingText
    naive: ReadingText


@dataclass(frozen=True)
class ErrorsPart:
    """``answers``: sentences; ``apart``: of whom the two readings contradict each other, for one look; ``chosen``:
    whether anything was drawn where errors are likely; ``uniform_counts``, ``chosen_counts``: the items drawn and those
    checked."""

    view: ErrorsView
    answers: list[str]
    apart: list[str]
    rows: list[ErrorRow]
    chosen: bool
    uniform_counts: Counts
    chosen_counts: Counts


def errors_part(view: ErrorsView | None, project: Project, role: str) -> ErrorsPart | None:
    if view is None:
        return None
    whole = [row for row in view.rows if not row.group]
    return ErrorsPart(
        view=view,
        answers=[*(_answer(row) for row in whole), *_totals(view, whole)],
        apart=[who_of(row) for row in whole if _are_apart(row.uniform.errors, row.weighted.errors)],
        rows=[_row(row) for row in view.rows],
        chosen=bool(view.stream.chosen.drawn),
        uniform_counts=_drawn_counts(view.stream.uniform, project, Stream.AUDIT, role),
        chosen_counts=_drawn_counts(view.stream.chosen, project, Stream.CHOSEN, role),
    )


def _drawn_counts(drawn: Drawn, project: Project, stream: Stream, role: str) -> Counts:
    def one(words: str, n: int, before: str, **asked: str) -> Count:
        return drawn_count(project, words, n, {"stream": stream.value, **asked}, role, before=before)

    return (
        one(ngettext("%(n)s item", "%(n)s items", drawn.drawn), drawn.drawn, ""),
        one(_("%(n)s checked"), drawn.checked, ", ", checked="yes"),
        one(ngettext("%(n)s waits", "%(n)s wait", drawn.waiting), drawn.waiting, ", ", checked="no"),
    )


def who_of(row: Errors) -> str:
    return _("People’s consensus") if row.kind == PEOPLE else row.name


def _row(row: Errors) -> ErrorRow:
    return ErrorRow(
        kind="human" if row.kind == PEOPLE else "model",
        who=who_of(row),
        group=row.group,
        uniform=_text(row.uniform),
        weighted=_text(row.weighted, with_worth=True),
        naive=_text(row.naive),
    )


def _text(reading: Reading, *, with_worth: bool = False) -> ReadingText:
    found = reading.errors
    counts = _("%(number)s checked") % {"number": texts.count(found.n)}
    if with_worth and found.n:
        counts += _(", worth %(worth)s") % {"worth": texts.count(round(reading.worth))}
    if reading.waiting:
        waiting = ngettext(", %(number)s waits", ", %(number)s wait", reading.waiting)
        counts += waiting % {"number": texts.count(reading.waiting)}
    if found.value is None:
        return ReadingText("", texts.why_not(found, MIN_GROUP), counts)
    return ReadingText(_percent(found.value), texts.interval(found.low, found.high, _percent), counts)


def _percent(value: float) -> str:
    return texts.percent(value, 1)


def _answer(row: Errors) -> str:
    found = row.uniform.errors
    shown = {"who": who_of(row), "n": texts.count(found.n)}
    if found.value is None:
        text = _(
            "%(who)s: too few of the items drawn uniformly are checked to say how often it is wrong (%(n)s of 30)."
        )
        return text % shown
    shown |= {"value": _percent(found.value), "interval": texts.interval(found.low, found.high, _percent)}
    text = _("%(who)s: %(value)s of labels are wrong (95 %%: %(interval)s), by %(n)s items drawn uniformly.")
    return text % shown


def _totals(view: ErrorsView, whole: list[Errors]) -> Iterator[str]:
    """Wrong labels in all, where the weighted sum over the chosen items says so (Horvitz and Thompson)."""
    judged = view.stream.rules.judged
    for row in whole:
        if row.total is None or row.total.value is None or row.weighted.errors.value is None:
            continue
        low, high = row.total.low or 0.0, row.total.high or 0.0
        text = _(
            "%(who)s: about %(number)s wrong labels among %(judged)s finished items (95 %%: %(low)s – %(high)s), by "
            "those that were drawn where errors are likely."
        )
        yield text % {
            "who": who_of(row),
            "number": texts.count(round(row.total.value * judged)),
            "judged": texts.count(judged),
            "low": texts.count(round(low * judged)),
            "high": texts.count(round(high * judged)),
        }


def _are_apart(one: Estimate, other: Estimate) -> bool:
    """Whether two intervals have nothing in common. They are for one look, so it is said without a tone: of one look at
    one pair, chance alone does that in fewer than one of a hundred; of a page that is read anew, more often."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low > other.high or other.low > one.high
