"""Bias on the side of the people who label: do groups of them label the *same* items differently?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Generic

import numpy as np

from annotations.agreement import (
    Coefficient,
    cohen_kappa,
    cross_confusion,
    krippendorff_alpha,
    pair_raw_agreement,
    raw_agreement,
    value_counts,
)
from fairness.metrics.counts import G
from fairness.metrics.estimate import Estimate, Reason
from fairness.metrics.ratings import (
    DRAWS,
    MIN_RATERS,
    Floats,
    H,
    Integers,
    Ratings,
    chunks,
    draws_of,
    shared_items,
    spread_of,
)


@dataclass(frozen=True, slots=True)
class RaterGaps(Generic[G, H]):
    """How each group of people labels, beside everyone else on the same items.

    Attributes
    ----------
    rates : share of the group's labels that are the one in question. Over whatever items it was served, so
        only the gaps compare like with like.
    same_items : the group's rate and everyone else's on the items that both labelled, weighted alike; ``None`` where
        there is no gap.
    gaps : the first of these minus the second, in [-1, 1].
    interactions : for each group of people and group of items, the gap on those items minus the gap on all
        others, in [-2, 2]: above 0 where these people give the label more often to these items than their
        general leaning explains.
    excluded : groups without a gap; ``gaps`` says why.

    All intervals are from a bootstrap over people.
    """

    rates: Mapping[G, Estimate]
    gaps: Mapping[G, Estimate]
    interactions: Mapping[tuple[G, H], Estimate]
    excluded: tuple[G, ...]
    same_items: Mapping[G, tuple[Estimate, Estimate] | None]


@dataclass(frozen=True, slots=True)
class _Figures:
    """Rate, rate and that of the others on the same items, (draws,) each, and interactions (draws, item groups); NaN
    where there is none."""

    rate: Floats
    ours: Floats
    theirs: Floats
    interactions: Floats

    @property
    def gap(self) -> Floats:
        return self.ours - self.theirs


@dataclass(frozen=True, slots=True)
class _Part:
    """How many people a figure rests on, of the side where they are fewer: of the gap, and (item groups,) of each
    interaction, inside and outside its items."""

    gap: int
    interactions: Integers


def rater_gaps(
    ratings: Ratings[G],
    *,
    item_groups: Sequence[H | None] = (),
    min_raters: int = MIN_RATERS,
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> RaterGaps[G, H]:
    """Rates, gaps and interactions of every group of people.

    The gap is the Mantel-Haenszel difference with each item as a stratum: an item with ``n`` labels of the
    group and ``m`` of the others weighs ``nm / (n + m)``, so it does not matter who was served which items.

    Parameters
    ----------
    item_groups : (items,) the group of each item, ``None`` for none; empty for no interactions.
    min_raters : people that a group, and everyone else together, must have **in the figure**: with a label on an item
        that the other side labelled too, and for an interaction so both inside and outside its items. Below, a
        figure is insufficient and not even the number of labels is told.
    draws, seed : of the bootstrap; people are drawn within the group and within the others.

    Raises
    ------
    ValueError
        Where ``item_groups`` is given and does not cover the items.

    Sources: Greenland & Robins (1985), Biometrics 41, 55-68 (the difference); Davison & Hinkley (1997),
    Bootstrap methods and their application, section 3.8 (drawing clusters).
    """
    if item_groups and len(item_groups) < ratings.n_items:
        raise ValueError(f"item_groups must cover all {ratings.n_items} items, got {len(item_groups)}.")
    comparison = _Comparison(ratings, item_groups, draws, confidence, min_raters)
    rates: dict[G, Estimate] = {}
    gaps: dict[G, Estimate] = {}
    same_items: dict[G, tuple[Estimate, Estimate] | None] = dict.fromkeys(ratings.groups)
    interactions: dict[tuple[G, H], Estimate] = {}
    for number, group in enumerate(ratings.groups):
        people, others = ratings.active(group), ratings.active(group, others=True)
        few = Estimate.insufficient(Reason.FEW_RATERS, 0) if len(people) else Estimate.undefined(Reason.NO_LABELS)
        rates[group] = gaps[group] = few
        interactions |= {(group, name): few for name in comparison.names}
        if len(people) < max(1, min_raters):
            continue
        found = comparison.of(people, others, np.random.default_rng([seed, number]))
        rates[group] = found[0]
        if len(others) >= min_raters:
            gaps[group], ours, theirs = found[1:4]
            same_items[group] = (ours, theirs) if gaps[group].is_ok else None
            interactions |= {(group, name): one for name, one in zip(comparison.names, found[4:], strict=True)}
    excluded = tuple(group for group in ratings.groups if not gaps[group].is_ok)
    return RaterGaps(rates, gaps, interactions, excluded, same_items)


class _Comparison(Generic[G, H]):
    """One group of people against everyone else, on the same items."""

    def __init__(
        self, ratings: Ratings[G], item_groups: Sequence[H | None], draws: int, confidence: float, min_raters: int
    ) -> None:
        self.every, self.selected = ratings.by_rater(ratings.item, ratings.n_items)
        self.names: list[H] = list(dict.fromkeys(g for g in item_groups if g is not None))
        code = {name: k for k, name in enumerate(self.names)}
        self.members = np.zeros((ratings.n_items, len(self.names)))  # (items, item groups): 1 where it is in it
        for item, group in enumerate(item_groups[: ratings.n_items]):
            if group is not None:
                self.members[item, code[group]] = 1
        self.size, self.draws, self.confidence = len(ratings.rater_groups), draws, confidence
        self.min_raters = min_raters

    def of(self, people: Integers, others: Integers, chance: np.random.Generator) -> list[Estimate]:
        """The rate, the gap, both rates on the same items, and the interaction with each group of items."""
        ones = np.zeros((2, 1, self.size))
        ones[0, 0, people] = ones[1, 0, others] = 1
        whole, drawn = self._figures(ones[0], ones[1]), self._drawn(people, others, chance)
        n, part = int(self.every[people].sum()), self._part(people, others)
        shared = n + int(self.every[others].sum())
        found = [self._estimate(whole.rate[0], drawn.rate, n, len(people), (0.0, 1.0))]
        found.append(self._compared(whole.gap[0], drawn.gap, shared, part.gap, (-1.0, 1.0)))
        found.append(self._compared(whole.ours[0], drawn.ours, shared, part.gap, (0.0, 1.0)))
        found.append(self._compared(whole.theirs[0], drawn.theirs, shared, part.gap, (0.0, 1.0)))
        for k, fewest in enumerate(part.interactions):
            figure = whole.interactions[0, k], drawn.interactions[:, k]
            found.append(self._compared(*figure, shared, int(fewest), (-2.0, 2.0)))
        return found

    def _part(self, people: Integers, others: Integers) -> _Part:
        """Who is in each figure: those with a label on an item that both sides labelled."""
        both = shared_items(self.every, people, others)
        inside, outside = (self.every @ (members * both[:, None]) > 0 for members in (self.members, 1 - self.members))
        counts = [part[side].sum(axis=0) for part in (inside, outside) for side in (people, others)]
        gap = self.every @ both > 0
        fewest = np.min(counts, axis=0) if self.names else np.zeros(0)
        return _Part(min(int(gap[side].sum()) for side in (people, others)), fewest.astype(np.int64))

    def _drawn(self, people: Integers, others: Integers, chance: np.random.Generator) -> _Figures:
        parts = []
        for draws in chunks(self.draws, self.every.shape[1]):
            ours, theirs = (draws_of(who, self.size, draws, chance) for who in (people, others))
            parts.append(self._figures(ours, theirs))
        return _Figures(
            np.concatenate([part.rate for part in parts]),
            np.concatenate([part.ours for part in parts]),
            np.concatenate([part.theirs for part in parts]),
            np.concatenate([part.interactions for part in parts]),
        )

    def _figures(self, ours: Floats, theirs: Floats) -> _Figures:
        """With each person counted as often as ``ours`` and ``theirs`` (draws, raters) say."""
        n, s = ours @ self.every, ours @ self.selected
        m, u = theirs @ self.every, theirs @ self.selected
        both = np.maximum(n + m, 1)
        own, other, weight = s * m / both, u * n / both, n * m / both  # (draws, items)
        above, total = (own - other).sum(axis=1), weight.sum(axis=1)
        inside = (own - other) @ self.members, weight @ self.members
        outside = above[:, None] - inside[0], total[:, None] - inside[1]
        return _Figures(
            _ratio(s.sum(axis=1), n.sum(axis=1)),
            _ratio(own.sum(axis=1), total),
            _ratio(other.sum(axis=1), total),
            _ratio(*inside) - _ratio(*outside),
        )

    def _compared(self, value: float, drawn: Floats, n: int, people: int, limits: tuple[float, float]) -> Estimate:
        """As :meth:`_estimate`, of ``people`` or more on both sides."""
        if 0 < people < self.min_raters:
            return Estimate.insufficient(Reason.FEW_RATERS, 0)
        return self._estimate(value, drawn, n, people, limits)

    def _estimate(self, value: float, drawn: Floats, n: int, people: int, limits: tuple[float, float]) -> Estimate:
        if not np.isfinite(value):
            return Estimate.undefined(Reason.NO_SHARED_ITEMS)
        half = spread_of(drawn, people, self.confidence)
        if half is None:
            return Estimate.ok(float(value), n)
        return Estimate.ok(float(value), n, (max(limits[0], float(value) - half), min(limits[1], float(value) + half)))


def _ratio(above: Floats, below: Floats) -> Floats:
    """``above / below``, NaN where nothing is below; weights under 1e-9 are rounding of none."""
    return np.where(below > 1e-9, above / np.where(below > 1e-9, below, 1), np.nan)


@dataclass(frozen=True, slots=True)
class GroupAgreement(Generic[G]):
    """Agreement of people within their group and across groups.

    Attributes
    ----------
    within : each group's raw agreement and Krippendorff's α.
    across : raw agreement and Cohen's κ of the labels of one group with those of the other, over every pair of
        labels of an item.
    excluded : groups with too few people.

    A group is in neither, and a pair not in ``across``, where too few people have labels that are compared: of their
    own group on an item with two labels of it, of both groups on an item that both labelled. Intervals are over items.
    """

    within: Mapping[G, tuple[Coefficient, Coefficient]]
    across: Mapping[tuple[G, G], tuple[Coefficient, Coefficient]]
    excluded: tuple[G, ...]


def group_agreement(
    ratings: Ratings[G], labels: Sequence[int], *, n_labels: int, min_raters: int = MIN_RATERS, confidence: float = 0.95
) -> GroupAgreement[G]:
    """Agreement within and across groups of people, of all labels and not of one against the rest.

    Parameters
    ----------
    labels : (n,) codes from 0 of the labels in the rows of ``ratings``.

    Where people agree more with their own group than with others, a single truth for all may not exist:
    Prabhakaran et al. (2024), GRASP: a disagreement analysis framework to assess group associations.
    """
    groups = ratings.groups
    shown = [group for group in groups if len(ratings.active(group)) >= min_raters]
    codes = np.asarray(labels)
    if codes.shape != ratings.item.shape:
        raise ValueError(f"Needs a label for each of {len(ratings.item)} rows, got {codes.shape}.")
    counts = {}
    for group in shown:
        own = np.isin(ratings.rater, ratings.active(group))
        counts[group] = value_counts(ratings.item[own], codes[own], n_items=ratings.n_items, n_labels=n_labels)
    within = {
        group: (raw_agreement(c, confidence=confidence), krippendorff_alpha(c, confidence=confidence))
        for group, c in counts.items()
        if _behind(ratings, group, c.sum(axis=1) > 1) >= min_raters
    }
    across = {}
    for first, second in combinations(shown, 2):
        both = (counts[first].sum(axis=1) > 0) & (counts[second].sum(axis=1) > 0)
        if 0 < min(_behind(ratings, group, both) for group in (first, second)) < min_raters:
            continue
        matrix, n_items = cross_confusion(counts[first], counts[second])
        across[first, second] = (
            pair_raw_agreement(matrix, n_items=n_items, confidence=confidence),
            cohen_kappa(matrix, n_items=n_items, confidence=confidence),
        )
    return GroupAgreement(within, across, tuple(group for group in groups if group not in shown))


def _behind(ratings: Ratings[G], group: G, items: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
    """How many people of the group labelled one of these ``items`` (items,) of bool."""
    rows = np.isin(ratings.rater, ratings.active(group)) & items[ratings.item]
    return len(np.unique(ratings.rater[rows]))
