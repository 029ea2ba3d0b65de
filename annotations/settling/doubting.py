"""Why a label looks wrong though nobody disagrees, in words for whoever settles the case. No word says who gave it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import LabelSchema
from annotations.task_types import task_type

# What a scorer's signal means where it speaks against a label, by the signal's name in ``Doubt.why``.
AGAINST: dict[str, Any] = {
    "others": gettext_lazy("the other labels make it improbable"),
    "people_agree": gettext_lazy("few other people said the same"),
    "people_others": gettext_lazy("hardly anybody else has labelled the item"),
    "models_agree": gettext_lazy("models say something else"),
    "asked_again": gettext_lazy("the model says something else when it is asked in another way"),
    "orders_agree": gettext_lazy("the model says something else when the options stand in another order"),
    "skill": gettext_lazy("labels from the same hand are wrong more often than others"),
    "precision": gettext_lazy("this label is often a confusion"),
    "logprob": gettext_lazy("the model was not sure"),
    "margin": gettext_lazy("another label was nearly as probable to the model"),
    "entropy": gettext_lazy("the model wavered between labels"),
    "samples_entropy": gettext_lazy("the model gave different answers when it was asked the same several times"),
    "stated": gettext_lazy("the model itself said that it was not sure"),
    "pace": gettext_lazy("the time spent on it was unusual"),
    "validator": gettext_lazy("the validating model does not agree"),
    "validator_sure": gettext_lazy("the validating model was not sure"),
    "explained": gettext_lazy("its explanation has an unusual length"),
    "length": gettext_lazy("the item has an unusual length"),
    "neighbours": gettext_lazy("similar items have other labels"),
    "kind": gettext_lazy("labels of this kind are wrong more often"),
    "posterior": gettext_lazy("the fit of all labels finds it improbable"),
    "confidence": gettext_lazy("the model was not sure"),
    "share": gettext_lazy("few labels of the item say so"),
}


def doubt_in_words(doubt: Mapping[str, Any], schema: LabelSchema) -> str:
    """A sentence or two. ``doubt``: ``annotations.state.Doubt.as_json()``."""
    task = task_type(schema.task_type)
    facts = {
        "label": task.describe(schema.config, task.value_of_token(doubt["token"])),
        "percent": round(100 * doubt["score"]),
    }
    text = _(
        "Nobody disagrees, but “%(label)s” is expected to be right with a probability of %(percent)s\u00a0%% only."
    )
    against = [str(AGAINST[name]) for name in doubt["why"] if name in AGAINST]
    if not against:
        return text % facts
    return f"{text % facts} {_('Mainly because %(reasons)s.') % {'reasons': '; '.join(against)}}"
