"""What the rest of a run would take, reckoned from its first items. Numbers in, numbers out.

Probes see small groups, too, so these have a larger part in them than in the rest. Each group therefore counts by what
is left of it: the stratified estimate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t

from llm_workers.costs.money import BY_TOKENS, Money, cost_of
from llm_workers.models import ModelVersion

LEVEL = 0.95
LEAST = 2  # probed items of a group that is reckoned by itself
Sizes = Mapping[str, int]  # group → items


class Cost(NamedTuple):
    """Of one item: tokens read, tokens written, seconds of model time. ``group``: whose part of the items it is."""

    prompt_tokens: int
    completion_tokens: int
    seconds: float
    group: str = ""


@dataclass(frozen=True)
class Range:
    """The expected value with the bounds of its interval."""

    low: float
    value: float
    high: float


def estimate(costs: Sequence[Cost], *, left: Sizes, at_once: int, model: ModelVersion, spent: Money) -> dict[str, Any]:
    """``items`` that are left, and for ``tokens``, ``minutes`` and ``money`` (None without prices) of all of them the
    expected value with the bounds of its 95 % prediction interval: ``[low, expected, high]``. ``left``: how many items
    of each group; ``spent``: what the items of ``costs`` cost together.

    Minutes suppose ``at_once`` requests at a time that each take as long as they did in the probe. Money for servers'
    time supposes as many at a time as in the probe, and is each item's by its part of the model time.
    """
    groups = [cost.group for cost in costs]
    tokens = total([float(cost.prompt_tokens + cost.completion_tokens) for cost in costs], groups, left)
    minutes = total([cost.seconds / 60 / max(at_once, 1) for cost in costs], groups, left)
    each = _money_of_each(costs, model, spent)
    return {
        "items": sum(left.values()),
        "probed": len(costs),
        "tokens": _rounded(tokens, 0),
        "minutes": _rounded(minutes, 2),
        "money": None if each is None else _rounded(total(each, groups, left), 6),
        "currency": spent.currency or model.currency,
    }


def _money_of_each(costs: Sequence[Cost], model: ModelVersion, spent: Money) -> list[float] | None:
    if spent.amount is None:
        return None
    if spent.by == BY_TOKENS:
        return [
            float(cost_of(model, prompt_tokens=cost.prompt_tokens, completion_tokens=cost.completion_tokens) or 0)
            for cost in costs
        ]
    whole = sum(cost.seconds for cost in costs)
    return [float(spent.amount) * (cost.seconds / whole if whole else 1 / len(costs)) for cost in costs]


def total(values: Sequence[float], groups: Sequence[str], left: Sizes) -> Range:
    """The sum of a value over all items that are ``left``, with its 95 % prediction interval.

    ``values`` and ``groups`` are those of the probed items, chosen at random within each group. The sum over m further
    items of a group with n probed ones is m·mean, with the variance s²·(m + m²/n) (Hahn and Meeker, Statistical
    Intervals, 1991); groups add up (Cochran, Sampling Techniques, 1977, ch. 5), and the degrees of freedom of the sum's
    t are Satterthwaite's (1946). Groups with one probed item or none are taken together (Cochran, 5A.12), where each
    probed item speaks for N/n items of its group.

    A single value says nothing of how far off it is: the interval then goes from nothing to twice the sum.
    """
    if len(values) < LEAST:
        expected = sum(left.values()) * sum(values)
        return Range(0.0, expected, 2 * expected)
    parts = [_part(stratum) for stratum in _strata(values, groups, left) if stratum.whole]
    expected, variance = sum(part.expected for part in parts), sum(part.variance for part in parts)
    if not variance:
        return Range(expected, expected, expected)
    freedom = variance**2 / sum(part.variance**2 / part.freedom for part in parts)
    spread = float(t.ppf((1 + LEVEL) / 2, freedom)) * sqrt(variance)
    return Range(max(expected - spread, 0.0), expected, expected + spread)


@dataclass(frozen=True)
class _Stratum:
    """How many items are ``left`` of each of its groups, and the values of those that were probed."""

    left: Sizes
    probed: Mapping[str, Sequence[float]]

    @property
    def whole(self) -> int:
        return sum(self.left.values())


@dataclass(frozen=True)
class _Part:
    """What a stratum adds to the sum. ``freedom``: degrees of freedom of its variance."""

    expected: float
    variance: float
    freedom: float


def _strata(values: Sequence[float], groups: Sequence[str], left: Sizes) -> list[_Stratum]:
    """Groups with enough probed items by themselves, all others as one; each with ``LEAST`` probed items or more."""
    probed: dict[str, list[float]] = {name: [] for name in left}
    for value, group in zip(values, groups, strict=True):
        probed.setdefault(group, []).append(value)
    names = sorted(probed, key=lambda name: (not left.get(name), len(probed[name]), name))
    few = [name for name in names if left.get(name) and len(probed[name]) < LEAST]
    while few and sum(len(probed[name]) for name in few) < LEAST:
        few.append(names[len(few)])  # a group with few probed items of its own, or none left, lends what it knows
    return [
        *([_stratum(few, probed, left)] if few else []),
        *(_stratum([name], probed, left) for name in names[len(few) :]),
    ]


def _stratum(names: Iterable[str], probed: Mapping[str, list[float]], left: Sizes) -> _Stratum:
    names = list(names)
    return _Stratum({name: left.get(name, 0) for name in names}, {name: probed[name] for name in names})


def _part(stratum: _Stratum) -> _Part:
    """Of one group m·mean and s²·(m + m²/n), n − 1 degrees of freedom. Of several the mean weighted by what each probed
    item speaks for, and s² of the values as they are: residuals from a weighted mean all but vanish where one group
    weighs nearly everything.

    With weights w that add up to 1, the sum is off by the spread within groups times m + m²·Σw², and by that between
    groups times Σ(m_g − m·w_g)², which counts where large groups were not seen. As s² holds both, the larger counts.
    """
    values = np.concatenate([np.asarray(one, float) for one in stratum.probed.values()])
    speaks = {name: stratum.left[name] + len(one) if one else 0 for name, one in stratum.probed.items()}
    shares = {name: size / sum(speaks.values()) for name, size in speaks.items()}
    weights = np.concatenate(
        [np.full(len(one), shares[name] / max(len(one), 1)) for name, one in stratum.probed.items()]
    )
    whole, left = stratum.whole, stratum.left
    within = whole + whole**2 * float((weights**2).sum())
    between = sum((left[name] - whole * shares[name]) ** 2 for name in left)
    return _Part(
        expected=whole * float(weights @ values),
        variance=float(values.var(ddof=1)) * max(within, between),
        freedom=len(values) - 1,
    )


def _rounded(found: Range, places: int) -> list[float]:
    return [round(value, places) for value in (found.low, found.value, found.high)]
