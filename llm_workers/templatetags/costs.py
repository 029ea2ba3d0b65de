"""Money, energy, time and tokens in templates: ``{% load costs %}``."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import floor, log10

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from llm_workers.costs.selectors import Each

register = template.Library()

DIGITS = 3  # that count, of what is smaller than 1
WATT_HOUR = 3600  # joules


@register.filter
def money(amount: Decimal) -> str:
    """Two decimals; below 1 as many as three digits that count need: labels cost thousandths of a cent."""
    size = abs(float(amount))
    decimals = 2 if size >= 1 or not size else max(_digits(size), 2)
    return _rounded(amount, decimals)


def _digits(size: float) -> int:
    """Decimals of which ``DIGITS`` count."""
    return max(DIGITS - 1 - floor(log10(size)), 0) if size else 0


def _rounded(value: float | Decimal, decimals: int) -> str:
    shown = round(value, decimals) if isinstance(value, Decimal) else round(float(value), decimals)
    return str(number_format(shown, decimals, use_l10n=True, force_grouping=True))


@register.filter
def energy(joules: float) -> str:
    """Joules, or from 1 Wh on watt-hours; millijoules below 1 J."""
    if 0 < joules < 1:
        return _("%(joules)s mJ") % {"joules": _rounded(1000 * joules, min(_digits(1000 * joules), 1))}
    if joules < WATT_HOUR:
        return _("%(joules)s J") % {"joules": _rounded(joules, 1 if joules < 100 else 0)}
    return _("%(hours)s Wh") % {"hours": _rounded(joules / WATT_HOUR, 1)}


@register.filter
def percent(share: float) -> str:
    """A share in whole per cent, with a decimal close to 0 and 1."""
    value = share * 100
    decimals = 0 if 1 <= value <= 99 else 1
    return _("%(value)s %%") % {"value": number_format(round(value, decimals), decimals)}


@register.filter
def tokens(count: float) -> str:
    """Whole ones, or a decimal of fewer than a hundred."""
    return _rounded(count, 0 if count >= 100 or count == int(count) else 1)


@register.filter
def duration(seconds: float) -> str:
    """Seconds, or below 1 s milliseconds."""
    if 0 < seconds < 1:
        return _("%(time)s ms") % {"time": _rounded(1000 * seconds, min(_digits(1000 * seconds), 1))}
    return _("%(time)s s") % {"time": _rounded(seconds, min(_digits(seconds), 1))}


UNITS: dict[str, Callable[[float], str]] = {"tokens": tokens, "time": duration, "energy": energy}


@register.filter
def each(shared: Each, unit: str) -> str:
    """In words: what a label takes and what a correct one does, as far as that is known. ``unit``: of ``UNITS``."""
    say = UNITS[unit]
    if shared.per_label is None:
        return ""
    if shared.per_correct is None:
        return _("%(label)s for each label") % {"label": say(shared.per_label)}
    text = _("%(label)s for each label, %(correct)s for each correct one")
    return text % {"label": say(shared.per_label), "correct": say(shared.per_correct)}


@register.filter
def per_label(shared: Each, unit: str) -> str:
    return "" if shared.per_label is None else UNITS[unit](shared.per_label)


@register.filter
def per_correct(shared: Each, unit: str) -> str:
    return "" if shared.per_correct is None else UNITS[unit](shared.per_correct)
