"""The methods of consensus by name, and what each leaves for the time between fits."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from enum import StrEnum

import numpy as np

from annotations.aggregation.dawid_skene import Start, dawid_skene
from annotations.aggregation.fitted import Fitted
from annotations.aggregation.glad import glad
from annotations.aggregation.labels import Labels
from annotations.aggregation.mace import mace
from annotations.aggregation.posterior import Skills
from annotations.aggregation.voting import majority, wawa, weighted_majority


class Method(StrEnum):
    MAJORITY = "majority"
    WEIGHTED = "weighted_majority"
    WAWA = "wawa"
    DAWID_SKENE = "dawid_skene"
    GLAD = "glad"
    MACE = "mace"


FITS: Mapping[Method, Callable[[Labels], Fitted]] = {
    Method.MAJORITY: majority,
    Method.WEIGHTED: weighted_majority,
    Method.WAWA: wawa,
    Method.DAWID_SKENE: dawid_skene,
    Method.GLAD: glad,
    Method.MACE: mace,
}


def fit(labels: Labels, method: Method, *, start: Start | None = None) -> Fitted:
    """Fit by one method. ``start``, an earlier fit, is taken up by Dawid and Skene's; the others begin anew."""
    if method is Method.DAWID_SKENE:
        return dawid_skene(labels, start=start)
    return FITS[method](labels)


def skills_of(fitted: Fitted, annotators: Sequence[Hashable], names: Sequence[str]) -> Skills:
    """What ``posterior`` needs between fits, with the annotators' and the labels' own names."""
    common = fitted.confusion.mean(axis=0)
    return Skills(
        labels=tuple(names),
        prior=tuple(float(p) for p in fitted.prior),
        common=common.tolist(),
        matrices=dict(zip(annotators, fitted.confusion.tolist(), strict=True)),
        worth=dict(zip(annotators, fitted.worth.tolist(), strict=True)) if fitted.worth is not None else None,
        ability=dict(zip(annotators, fitted.ability.tolist(), strict=True)) if fitted.ability is not None else None,
        common_worth=float(np.mean(fitted.worth)) if fitted.worth is not None else 1.0,
        common_ability=float(np.mean(fitted.ability)) if fitted.ability is not None else 1.0,
    )
