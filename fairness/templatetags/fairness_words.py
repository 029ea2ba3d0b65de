"""Cells of tables about parity."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from fairness.metrics import MIN_GROUP, Parity
from fairness.presenting import texts
from fairness.presenting.links import Counts

register = template.Library()


@register.simple_tag
def parity_cells(parity: Parity[Any]) -> SafeString:
    """Two cells: the difference, or why there is none, and its interval. On a phone they have no heads above them."""
    heads = (_("Parity difference"), _("95 % interval"))
    found = parity.difference
    if found.value is None:
        return _two_cells(heads, "–", texts.why_not(found, MIN_GROUP))
    interval = texts.interval(found.low, found.high, lambda value: texts.points(value, 1))
    return _two_cells(heads, texts.points(found.value, 1), interval)


def _two_cells(heads: tuple[str, str], value: str, interval: str) -> SafeString:
    cell = '<td class="num" data-label="{}">{}</td>'
    return format_html(cell + cell, heads[0], value, heads[1], interval)


@register.simple_tag
def linked(counts: Counts, report: object = False) -> SafeString:
    """Counts with their links, to stand within a sentence that is translated as a whole."""
    text = render_to_string("fairness/counts.html", {"counts": counts, "report": report})
    return mark_safe(text.strip())  # noqa: S308 - a template made it
