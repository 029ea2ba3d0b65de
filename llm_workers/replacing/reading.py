"""The alternative-annotator test in words: where a model may stand in for people, and where not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotations.deciding.selectors import words
from annotations.models import LabelSchema
from llm_workers.models import StandIn
from llm_workers.replacing.alternative import LEAST_ITEMS, LEAST_PEOPLE, PASSES

WINNING = gettext_lazy(
    "The share of people against whom the model does at least as well: each person is left out in turn, and whoever is "
    "nearer to the others' labels is the better one. From .5 on the test is passed."
)
ADVANTAGE = gettext_lazy(
    "How often the model is at least as near to the others' labels as the person left out. Ranks models; 1 is best."
)
MOST_NAMED = 6  # groups in a sentence; the table has all of them
Scope = Mapping[str, Any]


def share(value: float) -> str:
    return number_format(round(value, 2) + 0.0, 2)


def answer(name: str, found: StandIn | None) -> str:
    """Whether the model may stand in for people here, in a sentence."""
    if found is None:
        return _("%(name)s has not been tested yet. That happens within minutes.") % {"name": name}
    if found.too_many_answers:
        return _("%(name)s cannot be tested here: so many different answers were given that they are not compared.") % {
            "name": name
        }
    if found.winning_rate is None:
        return _undecided(name, found)
    scope = found.scopes[0]
    wins = round(scope["winning_rate"] * scope["people"])
    given = {
        "name": name,
        "wins": wins,
        "people": scope["people"],
        "rate": share(scope["winning_rate"]),
        "allowance": share(found.allowance),
    }
    if scope["passes"]:
        text = _(
            "By this test %(name)s may stand in for people here: against %(wins)s of %(people)s people it does at "
            "least as well (ω = %(rate)s), ε = %(allowance)s granted for what people cost more."
        )
    else:
        text = _(
            "By this test %(name)s should not stand in for people here: it is shown to do as well against %(wins)s of "
            "%(people)s people (ω = %(rate)s), though ε = %(allowance)s is granted for what people cost more."
        )
    return text % given


def _undecided(name: str, found: StandIn) -> str:
    sharing = found.scopes[0]["left_out"] if found.scopes else 0
    text = _(
        "Whether %(name)s may stand in for people here cannot be said yet. That takes %(people)d people with %(items)d "
        "items each that the model and somebody else labelled too."
    )
    there_are = ngettext(
        "%(sharing)d person shares any item so far.", "%(sharing)d people share any item so far.", sharing
    )
    numbers = {"name": name, "people": LEAST_PEOPLE, "items": LEAST_ITEMS}
    return f"{text % numbers} {there_are % {'sharing': sharing}}"


def where(found: StandIn | None) -> list[str]:
    """Group by group: where it may, where not, and where that is not known. One sentence each, as far as needed."""
    groups = [] if found is None else found.scopes[1:]
    parts = (
        (True, _("It may for items of: %(groups)s.")),
        (False, _("It should not for items of: %(groups)s.")),
        (None, _("Not known, for too few people share enough items, for: %(groups)s.")),
    )
    return [text % {"groups": names} for passes, text in parts if (names := _names(groups, passes))]


def _names(groups: Iterable[Scope], passes: bool | None) -> str:
    names = [f"{one['group']} ({one['attribute']})" for one in groups if one["passes"] is passes]
    if len(names) > MOST_NAMED:
        more = len(names) - MOST_NAMED
        return ", ".join(names[:MOST_NAMED]) + " " + _("and %(more)d more") % {"more": more}
    return ", ".join(names)


def caution(found: StandIn | None, schema: LabelSchema) -> str:
    """Why passing says little here, where always giving one answer would pass too; else empty."""
    if found is None or found.constant is None or found.constant["winning_rate"] is None:
        return ""
    if found.constant["winning_rate"] < PASSES:
        return ""
    text = _(
        "Read it with care: a program that always answers “%(answer)s” would pass this test too (ω = %(rate)s, "
        "ρ = %(advantage)s), because people give that answer most. Agreement beyond chance tells more here."
    )
    return text % {
        "answer": words(schema, found.constant["answer"]),
        "rate": share(found.constant["winning_rate"]),
        "advantage": share(found.constant["advantage"]),
    }


def verdict_badge(passes: bool | None) -> dict[str, str]:
    if passes is None:
        return {"badge": _("not known"), "badge_tone": "neutral"}
    if passes:
        return {"badge": _("may stand in"), "badge_tone": "good"}
    return {"badge": _("should not"), "badge_tone": "warn"}


def figures(found: StandIn) -> list[dict[str, Any]]:
    missing = "" if found.winning_rate is not None else _("Too few people share enough items.")
    people = found.scopes[0]["people"] if found.scopes else 0
    note = _("%(people)d people compared, ε = %(allowance)s") % {"people": people, "allowance": share(found.allowance)}
    rates = ((_("Winning rate ω"), WINNING, found.winning_rate), (_("Advantage ρ"), ADVANTAGE, found.advantage))
    return [
        {
            "name": name,
            "meaning": meaning,
            "value": "" if value is None else share(value),
            "missing": missing,
            "note": "" if value is None else note,
        }
        for name, meaning, value in rates
    ]


def scope_rows(found: StandIn) -> list[dict[str, Any]]:
    """All items, then every group: the verdict and its figures."""
    rows = []
    for scope in found.scopes:
        known = scope["passes"] is not None
        cells = [
            {"text": scope["group"] or _("All items")},
            {"text": scope["attribute"] or "–"},
            verdict_badge(scope["passes"]),
            {"text": share(scope["winning_rate"]) if known else "–", "num": True},
            {"text": share(scope["advantage"]) if known else "–", "num": True},
            {"text": number_format(scope["people"]), "num": True},
            {"text": number_format(scope["items"], force_grouping=True), "num": True},
        ]
        rows.append({"cells": cells})
    return rows


def scope_headers() -> list[dict[str, Any]]:
    numbers = ("ω", "ρ", _("People compared"), _("Items"))
    first = ({"label": _("Items of")}, {"label": _("Attribute")}, {"label": _("For people")})
    return [*first, *({"label": one, "num": True} for one in numbers)]


def person_rows(found: StandIn, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Each person against the model. Nobody is told by it: a person far from the others may be the careful one."""
    rows = []
    for one in found.people:
        cells = [
            {"text": names.get(one["annotator"], "–"), "mono": True},
            {"text": number_format(one["items"], force_grouping=True), "num": True},
            {"text": share(one["model"]), "num": True},
            {"text": share(one["human"]), "num": True},
            {"text": "< .001" if one["p"] < 0.001 else number_format(round(one["p"], 3), 3), "num": True},
            {"badge": _("yes"), "badge_tone": "good"}
            if one["wins"]
            else {"badge": _("not shown"), "badge_tone": "neutral"},
        ]
        rows.append({"cells": cells})
    return rows


def person_headers() -> list[dict[str, Any]]:
    numbers = (_("Items"), _("Model as near"), _("Person as near"), _("p, corrected"))
    return [
        {"label": _("Person left out")},
        *({"label": one, "num": True} for one in numbers),
        {"label": _("Does as well")},
    ]
