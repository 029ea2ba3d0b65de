"""What the rest of a run would take, reckoned from its first items. Numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import Any

from scipy.stats import t

from llm_workers.costs.money import BY_TOKENS, Money, cost_of
from llm_workers.models import ModelVersion

LEVEL = 0.95

Costs = Sequence[tuple[int, int, float]]  # tokens read, tokens written, seconds of model time: of each item


def estimate(costs: Costs, *, left: int, at_once: int, model: ModelVersion, spent: Money) -> dict[str, Any]:
    """``items`` that are left, and for ``tokens``, ``minutes`` and ``money`` (None without prices) of all of them the
    expected value with the bounds of its 95 % prediction interval: ``[low, expected, high]``. ``spent``: what the items
    of ``costs`` cost together.

    The items were chosen at random, within groups. The sum over m further items is m·mean ± t·s·√(m + m²/n) by
    Student's t (Hahn and Meeker, Statistical Intervals, 1991, for the mean of m future observations). Minutes suppose
    ``at_once`` requests at a time that each take as long as they did in the probe. Money for servers' time supposes
    as many at a time as in the probe, and is each item's by its part of the model time.
    """
    prompt, written, seconds = ([float(row[place]) for row in costs] for place in range(3))
    both = [one + other for one, other in zip(prompt, written, strict=True)]
    each = _money_of_each(costs, model, spent)
    return {
        "items": left,
        "probed": len(costs),
        "tokens": _rounded(_sum_of(both, left), 0),
        "minutes": _rounded([value / 60 / max(at_once, 1) for value in _sum_of(seconds, left)], 2),
        "money": None if each is None else _rounded(_sum_of(each, left), 6),
        "currency": spent.currency or model.currency,
    }


def _money_of_each(costs: Costs, model: ModelVersion, spent: Money) -> list[float] | None:
    if spent.amount is None:
        return None
    if spent.by == BY_TOKENS:
        return [float(cost_of(model, prompt_tokens=row[0], completion_tokens=row[1]) or 0) for row in costs]
    whole = sum(row[2] for row in costs)
    return [float(spent.amount) * (row[2] / whole if whole else 1 / len(costs)) for row in costs]


def _sum_of(values: Sequence[float], left: int) -> list[float]:
    if len(values) < 2:
        expected = left * (values[0] if values else 0.0)
        return [0.0, expected, expected * 2]
    expected, count = left * fmean(values), len(values)
    spread = float(t.ppf((1 + LEVEL) / 2, count - 1)) * stdev(values) * sqrt(left + left * left / count)
    return [max(expected - spread, 0.0), expected, expected + spread]


def _rounded(values: Sequence[float], places: int) -> list[float]:
    return [round(value, places) for value in values]
