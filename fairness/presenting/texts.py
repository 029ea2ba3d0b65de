"""Numbers as people read them, in the active language."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from annotations.agreement import Coefficient
from fairness.metrics import Estimate, Reason

Form = Callable[[float], str]
THIN = "\u202f"  # between a number and its unit: the two never part at a line's end


def number(value: float, places: int = 2) -> str:
    return number_format(_round(value, places), places, force_grouping=True).replace("-", "−")


def count(value: int) -> str:
    return number_format(value, 0, force_grouping=True)


def percent(value: float, places: int = 0) -> str:
    """A share in [0, 1] as “41 %”."""
    return f"{number(100 * value, places)}{THIN}%"


def points(value: float, places: int = 0) -> str:
    """A difference of shares in percentage points, without a unit."""
    return number(100 * value, places)


def signed_points(value: float) -> str:
    text = points(value, 1)
    return text if value < 0 or not _round(100 * value, 1) else f"+{text}"


def interval(low: float | None, high: float | None, form: Form) -> str:
    """“35 % – 47 %”, or nothing where there is no interval."""
    return "" if low is None or high is None else f"{form(low)} – {form(high)}"


def why_not(estimate: Estimate, min_group: int) -> str:
    """Why an estimate cannot be read, in words, with the counts that it has and needs."""
    if estimate.reason is None:
        return ""
    if estimate.reason is Reason.SMALL_GROUP and estimate.n >= min_group:  # a gap: together enough, one side not
        return _("Insufficient data: people or the model gave fewer than %(needed)s labels.") % {"needed": min_group}
    if estimate.reason is Reason.SMALL_GROUP:
        words = _("Insufficient data: %(n)s of %(needed)s labels.")
        return words % {"n": count(estimate.n), "needed": min_group}
    return _(estimate.reason.sentence)


def why_not_briefly(estimate: Estimate, min_group: int) -> str:
    """The same in a few words, for a line of a plot."""
    if estimate.reason is Reason.NO_LABELS:
        return _("no labels")
    if estimate.reason is Reason.SMALL_GROUP and estimate.n < min_group:
        return _("%(n)s of %(needed)s labels") % {"n": count(estimate.n), "needed": min_group}
    return _("insufficient data")


def why_undefined(coefficient: Coefficient) -> str:
    return "" if coefficient.undefined_reason is None else _(coefficient.undefined_reason.sentence)


def _round(value: float, places: int) -> float:
    return round(value, places) + 0.0  # never “−0”
