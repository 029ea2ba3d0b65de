"""Cells of tables about parity."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from fairness.metrics import MIN_GROUP, Parity
from fairness.presenting import texts

register = template.Library()


@register.simple_tag
def parity_cells(parity: Parity[Any]) -> SafeString:
    """Two cells: the difference, or why there is none, and its interval."""
    found = parity.difference
    value, interval = "–", texts.why_not(found, MIN_GROUP)
    if found.value is not None:
        value = texts.points(found.value, 1)
        interval = texts.interval(found.low, found.high, lambda points: texts.points(points, 1))
    cells = ((_("Parity difference"), value), (_("95 % interval"), interval))
    return format_html_join("", '<td class="num" data-label="{}">{}</td>', cells)
