"""Suspicions in words: what the pages print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.agreement.intervals import wilson
from annotations.deciding.reading import percent
from annotations.deciding.selectors import words
from annotations.models import Annotator, LabelSchema, Suspicion, SuspicionCheck, SuspicionKind
from annotations.suspicion.detectors import MIN_INFORMATIVE, MIN_RUN, MIN_SAME, MIN_SHARED, MIN_TIMED
from annotations.suspicion.selectors import Sight
from annotations.task_types import task_type

MOST_BESIDE = 4  # people whose answers stand side by side on the page
SMALLEST_P = 0.0001


def number(value: float, digits: int = 0) -> str:
    return number_format(value, digits, force_grouping=True)


def sentence(one: Suspicion, schema: LabelSchema) -> str:
    """What was seen, as an owner would tell it."""
    return _SENTENCES[one.kind](one, schema)


def _speed(one: Suspicion, schema: LabelSchema) -> str:
    return _("Answered %(telling)s of %(n)s timed items faster than they can be read.") % _counts(one)


def _constant(one: Suspicion, schema: LabelSchema) -> str:
    text = _("Said “%(answer)s” on %(telling)s of the %(n)s items where the others agree on another answer.")
    return text % (_counts(one) | {"answer": _answer(one, schema)})


def _run(one: Suspicion, schema: LabelSchema) -> str:
    text = _(
        "Said “%(answer)s” %(length)s times in a row; on %(telling)s of these items the others agree on another answer."
    )
    figures = {"answer": _answer(one, schema), "length": number(one.figures["length"])}
    return text % (_counts(one) | figures)


def _position(one: Suspicion, schema: LabelSchema) -> str:
    text = _(
        "Chose option number %(place)s on %(telling)s of the %(n)s items where the others agree on another one, "
        "whatever stood there."
    )
    return text % (_counts(one) | {"place": one.figures["answer"] + 1})


def _copying(one: Suspicion, schema: LabelSchema) -> str:
    if len(one.figures["pairs"]) == 1:
        text = _(
            "On %(telling)s of the %(n)s items where one of the two contradicts everybody else, "
            "both gave the same answer."
        )
    else:
        text = _(
            "Compared two by two: where one of them contradicts everybody else, the other gave the same answer "
            "%(telling)s of %(n)s times."
        )
    return text % _counts(one)


_SENTENCES: dict[str, Callable[[Suspicion, LabelSchema], str]] = {
    SuspicionKind.SPEED: _speed,
    SuspicionKind.CONSTANT: _constant,
    SuspicionKind.RUN: _run,
    SuspicionKind.POSITION: _position,
    SuspicionKind.COPYING: _copying,
}


def _counts(one: Suspicion) -> dict[str, Any]:
    return {"telling": number(one.telling), "n": number(one.n)}


def _answer(one: Suspicion, schema: LabelSchema) -> str:
    return words(schema, one.figures["answer"])


def context_of(one: Suspicion, schema: LabelSchema) -> list[str]:
    """What speaks for and against it, one sentence each."""
    figures = one.figures
    if one.kind == SuspicionKind.SPEED:
        return _speed_context(figures)
    if one.kind == SuspicionKind.COPYING:
        return _copying_context(figures)
    if one.kind == SuspicionKind.RUN:
        return [_("The rest of the person's answers does not show it. A tired hour looks like this too.")]
    found = [_constant_context(one, schema)]
    if figures.get("position", -1) >= 0:
        text = _("For this person, that answer always stands at place %(place)s of the options.")
        found.append(text % {"place": figures["position"] + 1})
    return found


def _speed_context(figures: dict[str, Any]) -> list[str]:
    median = _("Half of all this person's timed answers took less than %(seconds)s seconds.")
    found = [median % {"seconds": number(figures["median_seconds"], 1)}]
    if figures["compared"]:
        text = _("Of the fast answers, %(share)s are what the others agree on (%(n)s could be compared).")
        share = percent(figures["as_others"] / figures["compared"])
        found.append(text % {"share": share, "n": number(figures["compared"])})
    return found


def _constant_context(one: Suspicion, schema: LabelSchema) -> str:
    figures = one.figures
    own = percent(figures["given"] / figures["labels"])
    others = percent(figures["others_gave"] / max(figures["compared"], 1))
    text = _(
        "It is %(own)s of all %(labels)s answers of this person; of the same items the others gave it to %(others)s."
    )
    return text % {"own": own, "labels": number(figures["labels"]), "others": others}


def _copying_context(figures: dict[str, Any]) -> list[str]:
    gap = _(
        "Half of these same answers were given less than %(time)s apart; the labels of any two people are usually "
        "%(usual)s apart."
    )
    return [
        _("Agreeing on what everybody says tells nothing, so only answers against all others count here."),
        gap % {"time": duration(figures["median_gap"]), "usual": duration(figures["usual_gap"])},
        _("Two people who are convinced of the same mistake look alike too: read the items before you decide."),
    ]


def duration(seconds: float) -> str:
    """A length of time in its coarsest sensible unit."""
    for unit, size in ((_("days"), 86400), (_("hours"), 3600), (_("minutes"), 60)):
        if seconds >= 2 * size:
            return f"{number(seconds / size)} {unit}"
    return f"{number(seconds)} {_('seconds')}"


def strength(one: Suspicion) -> dict[str, str]:
    """Share, interval and corrected p-value as they are printed."""
    low, high = wilson(one.telling, one.n)
    p = _("less than %(p)s") % {"p": number(SMALLEST_P, 4)} if one.p < SMALLEST_P else number(one.p, 4)
    return {"share": percent(one.telling / one.n), "interval": f"{percent(low)} – {percent(high)}", "p": p}


def names(people: list[Annotator]) -> str:
    return ", ".join(one.pseudonym for one in people)


def pair_rows(one: Suspicion, people: list[Annotator]) -> list[dict[str, Any]]:
    """Each linked pair of a group with its counts; empty where there is one pair only."""
    known = {person.pk: person.pseudonym for person in people}
    pairs = one.figures.get("pairs", [])
    if len(pairs) < 2:
        return []
    return [
        {
            "names": " – ".join(known.get(pk, "?") for pk in pair["people"]),
            "shared": number(pair["shared"]),
            "against": number(pair["against"]),
            "same": number(pair["same"]),
        }
        for pair in pairs
    ]


def sight_rows(sights: list[Sight], schema: LabelSchema) -> list[dict[str, Any]]:
    """The evidence as a table: the item, what the others say, and for each person answer, seconds and time."""
    rows = []
    for sight in sights:
        cells: list[dict[str, Any]] = []
        for label in sight.labels[:MOST_BESIDE]:
            if label is None:
                cells.append({"answer": "–", "seconds": "", "at": None})
                continue
            seconds = "" if label.active_ms is None else _seconds(label.active_ms / 1000)
            cells.append({"answer": _said(label.schema, label.value), "seconds": seconds, "at": label.created_at})
        others = "" if sight.others is None else words(schema, sight.others)
        least = "" if sight.least is None else _seconds(sight.least)
        rows.append({"item": sight.item, "others": others, "least": least, "cells": cells})
    return rows


def _seconds(value: float) -> str:
    return _("%(seconds)s s") % {"seconds": number(value, 1)}


def _said(schema: LabelSchema, value: Any) -> str:
    return task_type(schema.task_type).describe(schema.config, value)


def looked_at(check: SuspicionCheck) -> list[dict[str, str]]:
    """What was looked for, in how many people, and what it takes to be looked at."""
    needs = {
        SuspicionKind.SPEED: _("%(n)s labels with a measured time") % {"n": MIN_TIMED},
        SuspicionKind.CONSTANT: _("%(n)s items on which the others agree on another answer") % {"n": MIN_INFORMATIVE},
        SuspicionKind.RUN: _("%(n)s items on which the others agree") % {"n": MIN_RUN},
        SuspicionKind.POSITION: _("options shown in several orders, and %(n)s such items") % {"n": MIN_INFORMATIVE},
        SuspicionKind.COPYING: _("%(n)s items in common, %(same)s same answers against all others")
        % {"n": MIN_SHARED, "same": MIN_SAME},
    }
    return [{"kind": str(kind.label), "tested": _tested(check, kind), "needs": needs[kind]} for kind in SuspicionKind]


def _tested(check: SuspicionCheck, kind: SuspicionKind) -> str:
    count = check.tested.get(kind.value, 0)
    if not count:
        return _("insufficient data")
    if kind == SuspicionKind.COPYING:
        return ngettext("%(n)s pair at most", "%(n)s pairs at most", count) % {"n": number(count)}
    return _("%(n)s of %(people)s people") % {"n": number(count), "people": number(check.people)}
