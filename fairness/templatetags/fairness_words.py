"""Cells of tables about parity."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from fairness.metrics import MIN_GROUP, Parity
from fairness.presenting import texts
from fairness.presenting.links import Counts

register = template.Library()


@register.simple_tag
def parity_cells(parity: Parity[Any]) -> SafeString:
    """Two cells: the difference, or why there is none, and its interval."""
    found = parity.difference
    if found.value is None:
        return format_html('<td class="num">–</td><td class="num">{}</td>', texts.why_not(found, MIN_GROUP))
    interval = texts.interval(found.low, found.high, lambda value: texts.points(value, 1))
    return format_html('<td class="num">{}</td><td class="num">{}</td>', texts.points(found.value, 1), interval)


@register.simple_tag
def linked(counts: Counts, report: object = False) -> SafeString:
    """Counts with their links, to stand within a sentence that is translated as a whole."""
    text = render_to_string("fairness/counts.html", {"counts": counts, "report": report})
    return mark_safe(text.strip())  # noqa: S308 - a template made it
