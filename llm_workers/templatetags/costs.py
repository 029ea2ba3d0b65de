"""Money and energy in templates: ``{% load costs %}``."""

from __future__ import annotations

from decimal import Decimal
from math import floor, log10

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

register = template.Library()

DIGITS = 3  # that count, of what is smaller than 1
WATT_HOUR = 3600  # joules


@register.filter
def money(amount: Decimal) -> str:
    """Two decimals; below 1 as many as three digits that count need: labels cost thousandths of a cent."""
    size = abs(float(amount))
    decimals = 2 if size >= 1 or not size else max(DIGITS - 1 - floor(log10(size)), 2)
    return str(number_format(round(amount, decimals), decimals, use_l10n=True, force_grouping=True))


@register.filter
def energy(joules: float) -> str:
    """Joules, or from 1 Wh on watt-hours."""
    if joules < WATT_HOUR:
        return _("%(joules)s J") % {"joules": number_format(joules, 1 if joules < 100 else 0, force_grouping=True)}
    return _("%(hours)s Wh") % {"hours": number_format(joules / WATT_HOUR, 1, force_grouping=True)}


@register.filter
def percent(share: float) -> str:
    """A share in whole per cent, with a decimal close to 0 and 1."""
    value = share * 100
    decimals = 0 if 1 <= value <= 99 else 1
    return _("%(value)s %%") % {"value": number_format(round(value, decimals), decimals)}
