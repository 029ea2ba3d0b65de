"""What more labels take, in words."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.raising.selectors import Toll


def toll_words(toll: Toll) -> str:
    """A sentence, or why there is none."""
    if toll.items is None:
        return _("What it takes is not known: the groups have not been counted yet.")
    labels, hours = toll.labels or 0, toll.hours or 0.0
    text = ngettext(
        "At most %(labels)s label for %(items)s item, about %(hours)s hours of work",
        "At most %(labels)s labels for %(items)s items, about %(hours)s hours of work",
        toll.items,
    )
    text %= {
        "labels": number_format(labels, 0, force_grouping=True),
        "items": number_format(toll.items, 0, force_grouping=True),
        "hours": number_format(hours, 1, force_grouping=True),
    }
    if not toll.wage:
        return _("%(work)s, unpaid.") % {"work": text}
    cost = number_format(toll.cost or 0, 2, force_grouping=True)
    return _("%(work)s, %(cost)s %(currency)s.") % {"work": text, "cost": cost, "currency": toll.currency}
