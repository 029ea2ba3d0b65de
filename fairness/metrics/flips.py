"""Individual fairness on counterfactual families: the same text with one identity swapped for another.

Whoever judges the text and not the identity gives a whole family one label. A family that got more than one
has *flipped*.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fairness.metrics.counts import GroupCounts
from fairness.metrics.estimate import Estimate, Reason
from fairness.metrics.parity import MIN_GROUP, rate

F = TypeVar("F", bound=Hashable)
A = TypeVar("A", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Flips(Generic[F, A]):
    """How often a swap of identity alone changed the label.

    Attributes
    ----------
    rate : share of families with more than one label among those with at least two answers; Wilson's interval.
    by_attribute : the same for the families of each attribute that is swapped.
    flipped : the families with more than one label, in the order given.
    single : families with fewer than two answers, which cannot flip and are in no share.
    """

    rate: Estimate
    by_attribute: Mapping[A, Estimate]
    flipped: tuple[F, ...]
    single: tuple[F, ...]


def flip_rate(
    families: Mapping[F, Sequence[Hashable]],
    *,
    attributes: Mapping[F, A] | None = None,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
) -> Flips[F, A]:
    """Flip rate of one annotator, or of one consensus, over counterfactual families.

    Parameters
    ----------
    families : each family's labels, one for each variant that was answered.
    attributes : what is swapped within each family; families without one are in the overall rate alone.
    min_group : families with two answers that a rate needs to be shown.

    Undefined where no family has two answers, insufficient where fewer than ``min_group`` have.

    Source: Dwork, Hardt, Pitassi, Reingold & Zemel (2012), Fairness through awareness; families of templates as
    in Röttger et al. (2021), HateCheck.
    """
    compared = {family: len(set(labels)) > 1 for family, labels in families.items() if len(labels) > 1}
    attributes = attributes or {}
    by_attribute = {}
    for attribute in dict.fromkeys(attributes[family] for family in families if family in attributes):
        own = [flipped for family, flipped in compared.items() if attributes.get(family) == attribute]
        by_attribute[attribute] = _share(own, min_group, confidence)
    return Flips(
        rate=_share(list(compared.values()), min_group, confidence),
        by_attribute=by_attribute,
        flipped=tuple(family for family, flipped in compared.items() if flipped),
        single=tuple(family for family in families if family not in compared),
    )


def _share(flipped: Sequence[bool], min_group: int, confidence: float) -> Estimate:
    counts = GroupCounts(sum(flipped), len(flipped))
    return rate(counts, min_group=min_group, confidence=confidence, empty=Reason.NO_FAMILIES)
