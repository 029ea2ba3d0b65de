"""What is shown of groups of people who label, as it is stored: rounded, without counts, and only where it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotations.agreement import Coefficient
from fairness.metrics import (
    Estimate,
    RaterGaps,
    Ratings,
    difficulty_strata,
    group_agreement,
    mantel_haenszel,
    rater_gaps,
)
from fairness.services.showing import RATERS, Allowed, Crowd, Given, Member

DRAWS = 500
OTHERS = ""  # everyone who is not of the group; no group of a question has this key


@dataclass(frozen=True)
class Beside:
    """One group against everybody else: a person may be in several where a question allows several answers."""

    crowd: Crowd
    name: str
    inside: list[bool]  # (raters,)

    @classmethod
    def of(cls, crowd: Crowd, name: str, member: Member) -> Beside:
        return cls(crowd, name, [name in member.get(annotator, ()) for annotator in crowd.raters])

    def ratings(self, chosen: Sequence[bool]) -> Ratings[str]:
        sides = [self.name if one else OTHERS for one in self.inside]
        return Ratings.of(self.crowd.item.tolist(), self.crowd.rater.tolist(), chosen, sides)

    def shared(self) -> Any:
        """(labels,): those on items that both sides labelled."""
        return self.crowd.shared(np.array(self.inside, bool)[self.crowd.rater])


def rater_groups(
    given: Given,
    chosen: Sequence[bool],
    member: Member,
    may: Allowed,
    agreed: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """What is shown of each group of people, where it ``may``: its gap, both rates on the same items, the odds ratio at
    equal difficulty, and the gap on items of each group beyond that. ``agreed``: from :func:`agreement_beside`.
    """
    crowd = Crowd.of(given)
    shown = []
    for name in sorted(may.groups):
        beside = Beside.of(crowd, name, member)
        items = [given.groups[item] for item in crowd.items]
        found = _figures(beside.ratings(chosen), name, items, may.groups[name])
        if found is not None:
            shown.append({**found, "odds": _odds(beside, chosen), "agreement": dict((agreed or {}).get(name, {}))})
    return shown


def _figures(
    ratings: Ratings[str], name: str, items: Sequence[dict[str, str]], parts: Sequence[tuple[str, str]]
) -> dict[str, Any] | None:
    """``items``: the groups of each; ``parts``: (attribute, group) of items that the figure may be given on."""
    interactions = []
    gaps: RaterGaps[str, str] | None = None
    for attribute in dict.fromkeys(attribute for attribute, _group in parts or [("", "")]):
        own = {group for one, group in parts if one == attribute}
        of = [group if (group := item.get(attribute)) in own else None for item in items]
        gaps = rater_gaps(ratings, item_groups=of, min_raters=RATERS, draws=DRAWS)
        for (group, item_group), estimate in sorted(gaps.interactions.items()):
            if group == name and estimate.is_ok:
                interactions.append({"attribute": attribute, "group": item_group, **_rounded(estimate)})
    pair = gaps.same_items.get(name) if gaps is not None else None
    if gaps is None or pair is None:
        return None
    rates = {side: _rounded(one) for side, one in zip(("own", "others"), pair, strict=True)}
    return {"group": name, **_rounded(gaps.gaps[name]), "rates": rates, "interactions": interactions}


def _odds(beside: Beside, chosen: Sequence[bool]) -> dict[str, Any] | None:
    """Of the label at equal difficulty, on the items that both sides labelled; None where there is none to show."""
    shared = beside.shared()
    _items, item = np.unique(beside.crowd.item[shared], return_inverse=True)
    sides = [beside.name if one else OTHERS for one in beside.inside]
    rater = beside.crowd.rater[shared].tolist()
    ratings = Ratings.of(item.tolist(), rater, np.asarray(chosen, bool)[shared].tolist(), sides)
    strata = difficulty_strata(ratings)
    found = mantel_haenszel(ratings, beside.name, OTHERS, strata, min_raters=RATERS, draws=DRAWS)
    if not found.odds_ratio.is_ok:
        return None
    return {**_rounded(found.odds_ratio), "size": found.size.value if found.size else None}


def agreement_beside(given: Given, member: Member, may: Allowed) -> dict[str, dict[str, Any]]:
    """Group → agreement of its people among themselves and with everyone else, over all labels of the task."""
    crowd = Crowd.of(given)
    codes = {token: code for code, token in enumerate(dict.fromkeys(given.tokens))}
    labels = [codes[token] for token in given.tokens]
    found = {}
    for name in may.groups:
        ratings = Beside.of(crowd, name, member).ratings([False] * len(labels))
        agreed = group_agreement(ratings, labels, n_labels=len(codes), min_raters=RATERS)
        across = agreed.across.get((name, OTHERS)) or agreed.across.get((OTHERS, name))
        found[name] = {
            "within": _coefficients(agreed.within.get(name)),
            "across": _coefficients(across),
        }
    return found


def _coefficients(pair: tuple[Coefficient, Coefficient] | None) -> dict[str, Any] | None:
    """Raw agreement, and α or κ; None where they may not be shown."""
    return None if pair is None else {one.name.value: _rounded(one) for one in pair}


def _rounded(estimate: Estimate | Coefficient) -> dict[str, float | None]:
    """To two places, without counts."""
    parts = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: None if number is None else round(number, 2) + 0.0 for name, number in parts.items()}
