"""The fit in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.deciding.selectors import FitShown, SkillShown, words
from annotations.modalities import modality
from annotations.models import AnnotatorKind, ConsensusFit, ItemPosterior
from annotations.task_types import task_type

FEWEST = 0.05  # expected errors below this are none in words


def percent(share: float) -> str:
    return f"{number_format(100 * share, 1 if share < 0.995 else 0)} %"


def answer(shown: FitShown) -> str:
    """What the fit says about the consensus labels, in a sentence or two."""
    if not shown.decided:
        return _("No item has a consensus yet, so there is nothing that the fit could doubt.")
    if shown.errors < FEWEST:
        text = _("Of %(decided)s decided items, hardly any is expected to have a wrong label.")
        text %= {"decided": number_format(shown.decided, force_grouping=True)}
    else:
        text = _expected(shown)
    if not shown.disputed:
        return text + " " + _("Nowhere does the fit hold another label more probable than the consensus.")
    disputed = ngettext(
        "On %(count)s item the fit holds another label more probable: it is listed below.",
        "On %(count)s items the fit holds another label more probable: the surest are listed below.",
        shown.disputed,
    )
    return text + " " + disputed % {"count": number_format(shown.disputed, force_grouping=True)}


def _expected(shown: FitShown) -> str:
    return ngettext(
        "Of %(decided)s decided item, about %(errors)s is expected to have a wrong label.",
        "Of %(decided)s decided items, about %(errors)s are expected to have a wrong label.",
        shown.decided,
    ) % {"decided": number_format(shown.decided, force_grouping=True), "errors": number_format(shown.errors, 1)}


def figures(shown: FitShown) -> list[dict[str, Any]]:
    fit = shown.fit
    share = shown.errors / shown.decided if shown.decided else None
    return [
        {
            "name": _("Expected errors"),
            "meaning": _(
                "The share of decided items whose consensus the fit expects to be wrong: the mean of 1 − the "
                "probability of the consensus label. It is as good as the method's assumptions."
            ),
            "value": "" if share is None else percent(share),
            "missing": _("No item is decided yet.") if share is None else "",
            "note": "",
        },
        {
            "name": _("Another label more probable"),
            "meaning": _("Decided items where the fit's most probable label is not the consensus."),
            "value": number_format(shown.disputed, force_grouping=True),
            "missing": "",
            "note": "",
        },
        {
            "name": _("Fitted on"),
            "meaning": _("Current labels, items and annotators in the fit; anchors are items whose label is known."),
            "value": number_format(fit.labels, force_grouping=True),
            "missing": "",
            "note": _("labels of %(items)s items by %(annotators)s annotators, %(anchors)s items known")
            % {
                "items": number_format(fit.items, force_grouping=True),
                "annotators": number_format(fit.annotators, force_grouping=True),
                "anchors": number_format(fit.anchors, force_grouping=True),
            },
        },
    ]


def disputed_rows(rows: Iterable[ItemPosterior], fit: ConsensusFit) -> list[dict[str, Any]]:
    task = task_type(fit.schema.task_type)
    found = []
    for row in rows:
        consensus = row.item.consensus
        of_schema = task_type(consensus.schema.task_type)
        cells = [
            {
                "text": modality(row.item.modality).excerpt(row.item.payload, 90),
                "href": reverse("item_detail", args=[row.item_id]),
            },
            {"text": of_schema.describe(consensus.schema.config, consensus.value)},
            {"text": words(fit.schema, task.token(row.value))},
            {"text": percent(row.certainty), "num": True},
        ]
        found.append({"cells": cells})
    return found


def skill_rows(skills: Iterable[SkillShown]) -> list[dict[str, Any]]:
    rows = []
    for one in skills:
        model = one.kind == AnnotatorKind.MODEL
        if one.skill is None or one.low is None or one.high is None:
            skill, interval, mistake = _("too few labels"), "", ""
        else:
            skill, interval = percent(one.skill), f"{percent(one.low)} – {percent(one.high)}"
            mistake = _mistake(one)
        cells = [
            {"text": one.name, "mono": not model},
            {"badge": _("Model") if model else _("Person"), "badge_tone": one.kind},
            {"text": number_format(one.labels, force_grouping=True), "num": True},
            {"text": skill, "num": True},
            {"text": interval, "num": True},
            {"text": mistake},
        ]
        rows.append({"cells": cells})
    return rows


def _mistake(one: SkillShown) -> str:
    if one.mistake is None:
        return ""
    true, said, often = one.mistake
    return _("says “%(said)s” for %(often)s of “%(true)s”") % {"said": said, "true": true, "often": percent(often)}
