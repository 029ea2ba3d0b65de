"""Cells of tables about parity."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fairness.metrics import MIN_GROUP, Parity
from fairness.presenting import texts

register = template.Library()


@register.simple_tag
def parity_cells(parity: Parity[Any]) -> SafeString:
    """Two cells: the difference, or why there is none, and its interval."""
    found = parity.difference
    if found.value is None:
        return format_html('<td class="num">–</td><td class="num">{}</td>', texts.why_not(found, MIN_GROUP))
    interval = texts.interval(found.low, found.high, lambda value: texts.points(value, 1))
    return format_html('<td class="num">{}</td><td class="num">{}</td>', texts.points(found.value, 1), interval)
