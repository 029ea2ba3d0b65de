"""What followed from a finding, in words: from the entries of a record, which say what the ledger's events say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fairness.presenting import texts


def sent_words(event: Mapping[str, Any]) -> str:
    """Of an entry of ``sent``."""
    n = len(event["items"])
    return ngettext("%(n)s item sent to experts", "%(n)s items sent to experts", n) % {"n": texts.count(n)}


def raised_words(event: Mapping[str, Any]) -> str:
    """Of an entry of ``raised``: labels asked for on top, the same under another name of the group, or no longer."""
    data, kind = event["data"], event["ledger"]["kind"]
    words = {"group": _group(data["attribute"], data["group"]), "more": texts.count(data["more"])}
    if kind == "demand.raised":
        text = ngettext(
            "%(more)s more label by people asked for of each item about %(group)s",
            "%(more)s more labels by people asked for of each item about %(group)s",
            data["more"],
        )
    elif kind == "demand.raise_carried":
        words["became"] = _group(*data["became"])
        text = _("%(group)s is called %(became)s now; its items go on getting more labels")
    elif "regrouping" in data:
        text = _("No more labels on top for items about %(group)s: groups were changed, and it has other items now")
    else:
        text = _("No more labels on top for items about %(group)s; those that were given stay")
    return text % words


def _group(attribute: str, group: str) -> str:
    return f"{group} ({attribute})"
