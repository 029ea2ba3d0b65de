"""Every two people as a square of Cohen's κ: each cell says its number, the shade only repeats it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from django.utils.translation import gettext as _

from annotations.agreement import CoefficientName
from annotations.measuring.reading import figure
from annotations.measuring.selectors import PairAgreement

STEPS = (0.2, 0.4, 0.6, 0.8)  # κ from which the next darker shade is taken


@dataclass(frozen=True)
class Cell:
    """``shade`` is empty where there is no number; ``note`` then says why in words."""

    value: str
    note: str
    shade: str


@dataclass(frozen=True)
class HeatRow:
    name: str
    cells: tuple[Cell, ...]


def heat_map(pairs: Sequence[PairAgreement]) -> list[HeatRow]:
    """One row and one column per person with a comparable pair, the highest mean κ first."""
    known = {
        key: pair for pair in pairs if pair.enough for key in ((pair.first, pair.second), (pair.second, pair.first))
    }
    values: dict[str, list[float]] = defaultdict(list)
    for (name, _other), pair in known.items():
        values[name] += [] if (kappa := _kappa(pair)) is None else [kappa]
    names = sorted(values, key=lambda name: (-fmean(values[name]) if values[name] else 2.0, name))
    return [HeatRow(row, tuple(_cell(row, column, known) for column in names)) for row in names]


def _kappa(pair: PairAgreement) -> float | None:
    return pair.coefficients[CoefficientName.COHEN_KAPPA].value


def _cell(row: str, column: str, known: dict[tuple[str, str], PairAgreement]) -> Cell:
    if row == column:
        return Cell("", _("the same person"), "")
    pair = known.get((row, column))
    if pair is None:
        return Cell("", _("too few shared items"), "")
    shown, kappa = figure(pair.coefficients[CoefficientName.COHEN_KAPPA]), _kappa(pair)
    if kappa is None:
        return Cell("", shown.missing, "")
    return Cell(shown.value, "", f"heat-{sum(kappa >= step for step in STEPS)}")
