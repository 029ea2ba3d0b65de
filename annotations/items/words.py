"""A list of items in words: what a link asked for that the form has no field for."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotations.items.pairs import NOT
from annotations.items.selectors import CHECKED, GROUP_SEPARATOR, ItemFilter
from annotations.items.voices import AGREE, COMPARED, DIFFER

PAIR_WORDS = {
    "people": _("what people agree on"), "consensus": _("the consensus"), "model": _("the model’s label"),
    "gold": _("the gold label"), "settled": _("what an expert settled"), "own": _("people’s own consensus"),
    "truth": _("the gold label, or else what an expert settled"), "expert": _("the expert’s verdict"),
    "first": _("the first person’s label"),
}  # fmt: skip
STREAM_WORDS = {"audit": _("drawn uniformly for a check"), "chosen": _("drawn for a check where errors are likely")}
VOICE_WORDS = {
    COMPARED: _("labelled by two people or more"),
    AGREE: _("all people who labelled it agree"),
    DIFFER: _("people who labelled it differ"),
}
SERVED_WORDS = {
    "chosen": _("label of an item that a rule chose"),
    "audit": _("label of an item drawn uniformly beside chosen ones"),
}


def asked_beside(wanted: ItemFilter) -> list[str]:
    """What it asks for besides the fields of the form, a few words each."""
    return [*_of_items(wanted), *_of_labels(wanted)]


def _of_items(wanted: ItemFilter) -> Iterator[str]:
    if wanted.beside:
        yield wanted.beside.replace(GROUP_SEPARATOR, ": ", 1)
    if wanted.attribute:
        yield gettext("has a group of %(attribute)s") % {"attribute": wanted.attribute}
    if wanted.people:
        yield str(VOICE_WORDS[wanted.people])
    if wanted.pair:
        yield _pair_words(wanted)
    if wanted.stream:
        yield str(STREAM_WORDS[wanted.stream])
    if wanted.checked:
        yield gettext("checked") if wanted.checked == CHECKED[0] else gettext("waits for its check")
    if wanted.drawn_from is not None:
        yield gettext("of the newest drawn items alone")
    for key, text in ((wanted.truly, gettext("true label: %(label)s")), (wanted.said, gettext("said: %(label)s"))):
        if key:
            label = key.removeprefix(NOT)
            yield text % {"label": gettext("not %(label)s") % {"label": label} if label != key else key}


def _pair_words(wanted: ItemFilter) -> str:
    who, _colon, what = wanted.pair.partition(":")
    names = {"said": PAIR_WORDS.get(who, who), "true": PAIR_WORDS.get(what, what)}
    if who == what or (who, what) == ("people", "own"):  # the one is there only where the other is
        return gettext("there is %(said)s") % names
    if wanted.differs:
        return gettext("%(said)s is not %(true)s") % names
    return gettext("there is %(said)s and %(true)s") % names


def _of_labels(wanted: ItemFilter) -> Iterator[str]:
    if wanted.served:
        yield str(SERVED_WORDS[wanted.served])
    times = (
        (wanted.since, gettext("label given since %(when)s UTC")),
        (wanted.until, gettext("label given before %(when)s UTC")),
        (wanted.served_since, gettext("item given out since %(when)s UTC")),
        (wanted.served_until, gettext("item given out before %(when)s UTC")),
    )
    for when, text in times:
        if when is not None:
            yield text % {"when": date_format(when, "DATETIME_FORMAT")}
    if wanted.served_from is not None:
        yield gettext("of the newest labels alone")
