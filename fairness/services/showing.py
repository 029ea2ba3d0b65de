"""Which figures about groups of people may be shown, decided before any is computed.

A figure must rest on ``K`` people or more on either side of its comparison, inside and outside the items that it is
about. And nothing that can be made of the figures by adding and subtracting may be about fewer: not what all groups
leave of a question's people, nor what is left of them on the items of one group, or on the items of none. For this the
numbers of all labels on each group of items, which the page tells, are taken as known. Two attributes of items are
held against each other pair by pair of their groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from accounts.demographics.anonymity import K
from fairness.metrics import MIN_GROUP, MIN_RATERS, kept_apart, people_in

Array = np.ndarray[Any, Any]
RATERS = max(K, MIN_RATERS)
MOST_PARTS = 12  # groups of items of an attribute, the largest, that figures are made of
Member = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class Given:
    """Labels of the people of one project: columns of equal length; ``groups`` holds each item's own groups."""

    items: Sequence[int]
    people: Sequence[int]
    tokens: Sequence[str]
    groups: dict[int, dict[str, str]]


@dataclass(frozen=True)
class Crowd:
    """The same as codes from 0: ``item``, ``rater`` (labels,); ``items``, ``raters``: what the codes stand for."""

    item: Array
    rater: Array
    items: list[int]
    raters: list[int]

    @classmethod
    def of(cls, given: Given) -> Crowd:
        items = {item: code for code, item in enumerate(dict.fromkeys(given.items))}
        raters = {rater: code for code, rater in enumerate(dict.fromkeys(given.people))}
        return cls(
            np.array([items[item] for item in given.items], np.int64),
            np.array([raters[rater] for rater in given.people], np.int64),
            list(items),
            list(raters),
        )

    def inside(self, name: str, member: Member) -> Array:
        """(labels,): whether a person of the group gave it."""
        own = np.array([name in member.get(rater, ()) for rater in self.raters], bool)
        return own[self.rater]

    def shared(self, inside: Array) -> Array:
        """(labels,): whether both sides labelled its item."""
        sides = (np.bincount(self.item[side], minlength=len(self.items)) > 0 for side in (inside, ~inside))
        return np.logical_and(*sides)[self.item]

    def people(self, labels: Array) -> int:
        return len(np.unique(self.rater[labels]))


@dataclass(frozen=True)
class Allowed:
    """Groups of people, each with the groups of items, as (attribute, group), on which it may be shown."""

    groups: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def allowed(given: Given, member: Member, attributes: Sequence[str]) -> Allowed:
    """What may be shown of one question's groups; they are taken by size, the largest first, ties by name."""
    crowd = Crowd.of(given)
    sides = {name: crowd.inside(name, member) for name in sorted({g for own in member.values() for g in own})}
    shared = {name: crowd.shared(inside) for name, inside in sides.items()}
    large = [
        name
        for name, inside in sides.items()
        if inside.sum() >= MIN_GROUP and _enough(crowd, inside, [np.ones_like(inside), shared[name]])
    ]
    large.sort(key=lambda name: (-crowd.people(sides[name]), name))
    kept = kept_apart({name: sides[name] for name in large}, _sizes(crowd, [shared[name] for name in large]), K)
    return Allowed(_on_items(crowd, given, {n: sides[n] for n in kept}, {n: shared[n] for n in kept}, attributes))


def _sizes(crowd: Crowd, shared: Sequence[Array]) -> Any:
    """People with labels, and people whose labels count in some comparison."""
    compared = np.logical_or.reduce(shared) if shared else np.zeros(len(crowd.rater), bool)
    return people_in(crowd.rater, np.ones(len(crowd.rater), bool), compared)


def _enough(crowd: Crowd, inside: Array, parts: Sequence[Array]) -> bool:
    """Whether on each part of the labels there are enough people on both sides."""
    return all(crowd.people(side & part) >= RATERS for part in parts for side in (inside, ~inside))


def _on_items(
    crowd: Crowd, given: Given, sides: Mapping[str, Array], shared: Mapping[str, Array], attributes: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in sides}
    about: dict[tuple[str, str], Array] = {}
    for attribute in attributes:
        parts = _parts(crowd, given, attribute)
        about |= {(attribute, group): labels for group, labels in parts.items()}
        candidates = {
            (name, group): sides[name] & labels
            for group, labels in sorted(parts.items(), key=lambda part: (-int(part[1].sum()), part[0]))[:MOST_PARTS]
            for name in sides
            if len(np.unique(crowd.item[labels])) >= MIN_GROUP
            and _enough(crowd, sides[name], [labels & shared[name], ~labels & shared[name]])
            and all(_beside(crowd, sides[name], shared[name], labels, about[one]) for one in found[name])
        }
        known = [*sides.values(), *parts.values()]
        for name, group in kept_apart(candidates, _sizes(crowd, list(shared.values())), K, known=known):
            found[name].append((attribute, group))
    return found


def _parts(crowd: Crowd, given: Given, attribute: str) -> dict[str, Array]:
    """The labels on items of each group of the attribute."""
    values = np.array([given.groups[item].get(attribute) or "" for item in crowd.items], object)
    of = values[crowd.item] if len(crowd.items) else values
    return {str(group): of == group for group in sorted(set(values)) if group}


def _beside(crowd: Crowd, inside: Array, shared: Array, one: Array, other: Array) -> bool:
    """Whether the same group may be shown on two groups of items that overlap."""
    sizes = people_in(crowd.rater, inside & shared, ~inside & shared)
    return len(kept_apart({1: one, 2: other}, sizes, K)) == 2
