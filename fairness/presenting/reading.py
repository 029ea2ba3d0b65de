"""The answer in plain words: who is treated how differently, how sure that is, or what is missing to say so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from fairness.presenting import texts
from fairness.selectors.live import CONSENSUS, MODEL, PEOPLE, LiveView, Question, Source

# All groups are called equal where they are certain to lie no further apart than this: a twentieth.
CLOSE = 0.05


class Verdict(StrEnum):
    """What holds at every moment: an interval for one look never makes a verdict."""

    DIFFERENT = "different"  # two groups are certain to differ
    UNSURE = "unsure"  # neither is certain
    EQUAL = "equal"  # no two groups are certain to differ, and all are certain to be ``CLOSE``
    MISSING = "missing"  # too few labels


@dataclass(frozen=True)
class Waiting:
    """A group that has too few labels to be compared."""

    group: str
    n: int


@dataclass(frozen=True)
class Reading:
    """One source's answer. ``answer`` is HTML with the groups emphasised, ``certainty`` and ``plain`` are text."""

    verdict: Verdict
    answer: SafeString | str
    certainty: str
    plain: str


def headline(view: LiveView) -> tuple[Source | None, Reading]:
    """The page's answer: of the people where they have one, else of the consensus, else of a model."""
    if view.question is None:
        raise ValueError("A project without attributes has no answer.")
    for source in view.sources:
        if source.parity.difference.is_ok:
            return source, reading(source, view.question, view.min_group)
    return None, not_yet(view)


def waiting(view: LiveView) -> list[Waiting]:
    """The groups whose people's labels do not suffice yet, the nearest first; shown while nothing can be compared."""
    if view.people is None:
        return []
    missing = [Waiting(group, view.people.counts[group].n) for group in view.people.parity.excluded]
    missing += [Waiting(group, 0) for group in view.groups if group not in view.people.counts]
    return sorted(missing, key=lambda one: (-one.n, one.group))


def not_yet(view: LiveView) -> Reading:
    if view.question is None:
        raise ValueError("A project without attributes has no answer.")
    answer = _("Not enough data yet to compare the groups of %(attribute)s.")
    certainty = _("A comparison needs two groups with at least %(needed)s labels each; fewer would mostly show chance.")
    answer = answer % {"attribute": view.question.attribute}
    return Reading(Verdict.MISSING, answer, certainty % {"needed": view.min_group}, answer)


def reading(source: Source, question: Question, min_group: int) -> Reading:
    """What one source does across the groups."""
    parity = source.parity
    if parity.difference.value is None or parity.highest is None or parity.lowest is None:
        reason = texts.why_not(parity.difference, min_group)
        return Reading(Verdict.MISSING, reason, "", reason)
    words: dict[str, Any] = {
        "attribute": question.attribute,
        "label": question.label_name,
        "who": source.name,
        "low": parity.lowest,
        "high": parity.highest,
        "low_rate": texts.percent(parity.rates[parity.lowest].value or 0.0),
        "high_rate": texts.percent(parity.rates[parity.highest].value or 0.0),
        "points": texts.points(parity.difference.value),
    }
    sentences = DIFFERENT if parity.difference.value > 0 else SAME
    verdict = verdict_of(source)
    return _filled(verdict, sentences[source.kind](), words, f"{_certainty(source, verdict)} {_one_look(source)}")


def verdict_of(source: Source) -> Verdict:
    if not source.parity.difference.is_ok:
        return Verdict.MISSING
    if source.certain_difference > 0:
        return Verdict.DIFFERENT
    span = source.span
    return Verdict.EQUAL if span and source.certificate.whole and span.difference <= CLOSE else Verdict.UNSURE


def _filled(verdict: Verdict, sentence: str, words: dict[str, Any], certainty: str) -> Reading:
    marked = {name: format_html("<strong>{}</strong>", words[name]) for name in ("low", "high", "points")}
    return Reading(
        verdict=verdict,
        answer=format_html(sentence, **{**words, **marked}),
        certainty=certainty,
        plain=sentence.format(**words),
    )


def _certainty(source: Source, verdict: Verdict) -> str:
    """What holds at every moment, or why nothing does."""
    found, span = source.certified, source.span
    if found is None or span is None:
        reason = source.certificate.withheld.sentence if source.certificate.withheld else ""
        return f"{_('Nothing is called certain here.')} {reason}".strip()
    words = {
        "least": texts.points(found.lower, 1),
        "most": texts.points(span.difference, 1),
        "high": found.highest,
        "low": found.lowest,
    }
    if verdict is Verdict.DIFFERENT:
        sentence = _(
            "That is certain for this question, however often one looks: %(high)s lies at least %(least)s points above "
            "%(low)s, and no two groups lie further apart than %(most)s."
        )
    elif verdict is Verdict.EQUAL:
        sentence = _(
            "That is certain for this question, however often one looks: no two groups lie further apart than %(most)s "
            "points."
        )
    else:
        sentence = _(
            "No difference is certain yet, nor that there is none: groups may lie up to %(most)s points apart."
        )
    return sentence % words


def _one_look(source: Source) -> str:
    parity, difference = source.parity, source.parity.difference
    words = {"low": texts.points(difference.low or 0.0), "high": texts.points(difference.high or 0.0)}
    if len(parity.rates) - len(parity.excluded) == 2:
        return _("For one look alone, the 95 %% interval goes from %(low)s to %(high)s points.") % words
    text = _(
        "For one look alone, the interval goes from %(low)s to %(high)s points; those of all pairs of groups hold "
        "together with 95 %%."
    )
    return text % words


# Functions, so that each is translated when it is said.
DIFFERENT = {
    PEOPLE: lambda: _(
        "Across {attribute}, people labelled items about {low} “{label}” {points} percentage points less often than "
        "items about {high}: {low_rate} against {high_rate}."
    ),
    CONSENSUS: lambda: _(
        "Across {attribute}, the consensus is “{label}” for items about {low} {points} percentage points less often "
        "than for items about {high}: {low_rate} against {high_rate}."
    ),
    MODEL: lambda: _(
        "Across {attribute}, {who} labelled items about {low} “{label}” {points} percentage points less often than "
        "items about {high}: {low_rate} against {high_rate}."
    ),
}
SAME = {
    PEOPLE: lambda: _(
        "Across {attribute}, people so far labelled every group's items “{label}” equally often: {low_rate}."
    ),
    CONSENSUS: lambda: _(
        "Across {attribute}, the consensus so far is “{label}” equally often for every group: {low_rate}."
    ),
    MODEL: lambda: _(
        "Across {attribute}, {who} so far labelled every group's items “{label}” equally often: {low_rate}."
    ),
}
