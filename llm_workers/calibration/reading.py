"""Calibration in words: sentences, tiles and rows of tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotations.calibration.assessing import LEAST, LEAST_GROUP
from annotations.models import Calibration, CalibrationMethod

LEAST_SAID = 20  # labels in a bin before it is put into a sentence
SOURCES = {
    "settled": gettext_lazy("settled by an expert"),
    "gold": gettext_lazy("gold"),
    "consensus": gettext_lazy("people's consensus"),
}
ECE = gettext_lazy(
    "Expected calibration error: labels are sorted into ten bins by confidence; in each, how far the share of right "
    "labels lies from the mean confidence; averaged over all labels. 0 is best."
)
BRIER = gettext_lazy("The mean squared distance between confidence and outcome (1 right, 0 wrong). 0 is best.")
Scope = Mapping[str, Any]


def percent(share: float) -> str:
    return f"{number_format(round(100 * share), 0)} %"


def count(number: int) -> str:
    return number_format(number, force_grouping=True)


def decimal(value: float) -> str:
    return number_format(round(value, 3) + 0.0, 3)


def whole(calibration: Calibration | None) -> Scope | None:
    """What was found of all items; None where too few were checked."""
    if calibration is None or not calibration.scopes or calibration.scopes[0]["before"] is None:
        return None
    found: Scope = calibration.scopes[0]
    return found


def answer(name: str, calibration: Calibration | None) -> str:
    """How far this model can be taken at its word, in a sentence or two."""
    scope = whole(calibration)
    if calibration is None:
        return _("%(name)s has not been looked at yet. That happens within minutes.") % {"name": name}
    if scope is None:
        return _too_few(name, calibration)
    return f"{_says(name, scope['before'])} {_leaning(scope['before'])} {_mended(calibration, scope)}"


def _too_few(name: str, calibration: Calibration) -> str:
    if calibration.without > calibration.checked:
        return _("%(name)s gives labels without a confidence, so there is nothing to calibrate.") % {"name": name}
    text = ngettext(
        "What %(name)s's confidence is worth cannot be said yet: %(checked)s of its labels is checked by people, and "
        "%(least)s are needed.",
        "What %(name)s's confidence is worth cannot be said yet: %(checked)s of its labels are checked by people, and "
        "%(least)s are needed.",
        calibration.checked,
    )
    return text % {"name": name, "checked": count(calibration.checked), "least": LEAST}


def _says(name: str, side: Scope) -> str:
    """The fullest bin in words."""
    fullest = max(side["bins"], key=lambda one: one["n"])
    if fullest["n"] < LEAST_SAID:
        return ""
    return _("When %(name)s says %(said)s, it is right %(right)s of the time (%(low)s to %(high)s).") % {
        "name": name,
        "said": percent(fullest["confidence"]),
        "right": percent(fullest["accuracy"]),
        "low": percent(fullest["accuracy_low"]),
        "high": percent(fullest["accuracy_high"]),
    }


def _leaning(side: Scope) -> str:
    words = {"said": percent(side["confidence"]), "right": percent(side["accuracy"])}
    if side["ece"]["low"] <= side["chance"]:
        text = _("Over all checked labels it says %(said)s and is right %(right)s: what lies between may be chance.")
    elif side["confidence"] > side["accuracy"]:
        text = _("Over all checked labels it says %(said)s and is right %(right)s: it is too sure.")
    else:
        text = _("Over all checked labels it says %(said)s and is right %(right)s: it is not sure enough.")
    return text % words


def _mended(calibration: Calibration, scope: Scope) -> str:
    if calibration.method == CalibrationMethod.NONE:
        return _("No curve foretells unseen labels better than the confidence as stated, so it is left as it is.")
    before, after = scope["before"]["ece"]["value"], scope["after"]["ece"]["value"]
    return _("On items that the curve has not seen, the calibration error goes from %(before)s to %(after)s.") % {
        "before": decimal(before),
        "after": decimal(after),
    }


def sources(calibration: Calibration) -> str:
    """What the labels were held against, and how many."""
    held = ", ".join(f"{name}: {count(calibration.sources.get(kind, 0))}" for kind, name in SOURCES.items())
    text = _("%(checked)s labels were checked (%(held)s).") % {"checked": count(calibration.checked), "held": held}
    if calibration.without:
        text += " " + _("%(without)s more came without a confidence.") % {"without": count(calibration.without)}
    return text


def figures(scope: Scope) -> list[dict[str, Any]]:
    """Tiles: before and after, with what chance alone would make."""
    before, after = scope["before"], scope["after"]
    return [
        _tile(_("Calibration error, as stated"), ECE, before["ece"], _by_chance(before)),
        _tile(_("Calibration error, calibrated"), ECE, after["ece"], _by_chance(after)),
        _tile(_("Brier's score, as stated"), BRIER, before["brier"], ""),
        _tile(_("Brier's score, calibrated"), BRIER, after["brier"], ""),
    ]


def _by_chance(side: Scope) -> str:
    text = _("a perfectly calibrated model would show %(chance)s with so many labels; bins of equal mass give %(mass)s")
    return text % {"chance": decimal(side["chance"]), "mass": decimal(side["ece_mass"]["value"])}


def _tile(name: str, meaning: Any, measured: Scope, note: str) -> dict[str, Any]:
    return {
        "name": name,
        "meaning": meaning,
        "value": decimal(measured["value"]),
        "interval": span(measured),
        "note": note,
    }


def span(measured: Scope) -> str:
    return f"{decimal(measured['low'])} – {decimal(measured['high'])}"


def bin_rows(scope: Scope) -> list[dict[str, Any]]:
    """The table behind the diagram: one row for each bin of either side."""
    rows = []
    for side, name in (("before", _("As stated")), ("after", _("Calibrated"))):
        for one in scope[side]["bins"]:
            cells = [
                {"text": f"{percent(one['low'])} – {percent(one['high'])}"},
                {"text": name},
                {"text": count(one["n"]), "num": True},
                {"text": percent(one["confidence"]), "num": True},
                {"text": percent(one["accuracy"]), "num": True},
                {"text": f"{percent(one['accuracy_low'])} – {percent(one['accuracy_high'])}", "num": True},
            ]
            rows.append({"cells": cells})
    return rows


def bin_headers() -> list[dict[str, Any]]:
    numbers = (_("Labels"), _("Mean confidence"), _("Right"), _("95 % interval"))
    return [{"label": _("Confidence")}, {"label": _("Which")}, *({"label": one, "num": True} for one in numbers)]


def group_rows(calibration: Calibration) -> list[dict[str, Any]]:
    """Each group's figures before and after, or that there are too few labels."""
    rows = []
    for scope in calibration.scopes[1:]:
        before, after = scope["before"], scope["after"]
        said: list[str] = [_("too few labels"), "", "", ""]
        if before is not None and after is not None:
            said = [f"{percent(before['confidence'])} / {percent(before['accuracy'])}"]
            said += [f"{decimal(side['ece']['value'])} ({span(side['ece'])})" for side in (before, after)]
            said.append(f"{decimal(before['brier']['value'])} → {decimal(after['brier']['value'])}")
        cells = [
            {"text": scope["group"]},
            {"text": scope["attribute"]},
            {"text": count(scope["n"]), "num": True},
            *({"text": text, "num": True} for text in said),
        ]
        rows.append({"cells": cells})
    return rows


def group_headers() -> list[dict[str, Any]]:
    numbers = (
        _("Checked labels"),
        _("Says / is right"),
        _("Error as stated"),
        _("Error calibrated"),
        _("Brier's score"),
    )
    return [{"label": _("Group")}, {"label": _("Attribute")}, *({"label": one, "num": True} for one in numbers)]


def least() -> dict[str, int]:
    return {"all": LEAST, "group": LEAST_GROUP}
