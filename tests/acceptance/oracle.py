"""What the fairness numbers have to be, worked out from exported rows by fairlearn, scikit-learn and statsmodels.

Nothing of Evenhand is used here. ``expected`` answers in the shape of ``GET projects/{id}/fairness/``, so that every
number of that answer is compared and a new one cannot slip in uncompared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    selection_rate,
)
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

ALPHA = 0.05
# Words, ids that never leave the platform, and what belongs to the moment of asking: not functions of the rows.
# Words and moments; and what has tests of its own: what holds at every moment, readings of chosen and checked items,
# labels held against the truth, groups of people who label.
WORDS = frozenset({"explanation", "name", "annotator", "version", "folded_at", "labels_per_minute"})
NOT_COMPARED = WORDS | {
    "band", "certain_difference", "difference_at_most", "labels_per_item", "withheld", "disparate_impact",
    "certain_gap_spread", "chosen", "errors_found", "against_truth", "counting_truth", "groups_of_people", "answers",
}  # fmt: skip

Row = dict[str, Any]
Estimate = dict[str, Any]


@dataclass(frozen=True)
class Exported:
    """The tables of a project as they were downloaded, and its rules."""

    items: list[Row]
    annotations: list[Row]
    consensus: list[Row]
    cases: list[Row]
    attribute: str
    labels: list[str]
    redundancy: int
    min_support: int
    min_group: int

    @property
    def group(self) -> str:
        return f"group_{self.attribute}"

    @property
    def people(self) -> pd.DataFrame:
        return self._labels(kind="human")

    @property
    def models(self) -> dict[str, pd.DataFrame]:
        """Each model's labels, by its name."""
        return {str(name): rows for name, rows in self._labels(kind="model").groupby("model")}

    def _labels(self, *, kind: str) -> pd.DataFrame:
        rows = pd.DataFrame(self.annotations)
        return rows[rows["annotator_kind"] == kind]

    @property
    def labels_per_item(self) -> int:
        """The most labels by people that an item has or is asked for: so many count as one in intervals."""
        return max(self.redundancy, int(self.people.groupby("item_id").size().max()))

    @property
    def decided(self) -> pd.DataFrame:
        """Items with a consensus, those left out that an expert settled without a label."""
        return pd.DataFrame(self.consensus).dropna(subset=["label"])

    @property
    def majority(self) -> dict[int, str]:
        """What people by themselves agree on: a strict majority, with enough labels for it."""
        agreed = {}
        for item, given in self.people.groupby("item_id")["label"]:
            counts = given.value_counts()
            if counts.iloc[0] >= self.min_support and 2 * counts.iloc[0] > len(given):
                agreed[int(item)] = str(counts.index[0])  # type: ignore[arg-type]
        return agreed


def expected(exported: Exported, *, label: str) -> Row:
    """The fairness answer for one label, but with ``models`` by name."""
    people = _source("people", exported.people, exported, label, alike=exported.labels_per_item)
    consensus = _source("consensus", exported.decided, exported, label)
    return {
        "attribute": exported.attribute,
        "label": label,
        "attributes": [exported.attribute],
        "labels": exported.labels,
        "min_group": exported.min_group,
        "people": people,
        "consensus": consensus,
        "models": {name: _model(rows, people, exported, label) for name, rows in exported.models.items()},
        "progress": _progress(exported),
    }


# --- rates and parity -------------------------------------------------------------------------------------------------
def _source(kind: str, rows: pd.DataFrame, exported: Exported, label: str, alike: int = 1) -> Row:
    rows = rows.dropna(subset=[exported.group])
    groups, selected = rows[exported.group], (rows["label"] == label).astype(int)
    frame = MetricFrame(
        metrics=selection_rate, y_true=selected, y_pred=selected, sensitive_features=groups
    ).by_group.sort_index()
    counts = {str(group): (int(part.sum()), len(part)) for group, part in selected.groupby(groups)}
    rates = {group: _rate(*counts[group], float(frame[group]), exported.min_group, alike) for group in sorted(counts)}
    usable = {group: rate["value"] for group, rate in rates.items() if rate["value"] is not None}
    shown = groups.isin(list(usable))
    return {
        "kind": kind,
        "groups": [
            {"group": group, "selected": counts[group][0], "n": counts[group][1], "selection_rate": rate}
            for group, rate in rates.items()
        ],
        **_parity(counts, usable, selected[shown], groups[shown], alike),
    }


def _rate(selected: int, n: int, value: float, min_group: int, alike: int) -> Estimate:
    if n < min_group:
        return _missing("insufficient", "small_group", n)
    return _ok(value, n, proportion_confint(selected / alike, n / alike, alpha=ALPHA, method="wilson"))


def _parity(
    counts: dict[str, tuple[int, int]], usable: dict[str, float], selected: pd.Series, groups: pd.Series, alike: int
) -> Row:
    names = ("demographic_parity_difference", "demographic_parity_ratio")
    if len(usable) < 2:
        few = len(counts) < 2
        n = sum(n for _selected, n in counts.values())
        missing = _missing("undefined", "one_group", n) if few else _missing("insufficient", "small_groups", n)
        return dict.fromkeys(names, missing) | dict.fromkeys(("highest", "lowest", "beyond_chance", "pair_confidence"))
    lowest = min(usable, key=usable.__getitem__)
    highest = max(reversed(usable), key=usable.__getitem__)
    n = len(selected)
    asked = {"y_true": selected, "y_pred": selected, "sensitive_features": groups}
    alpha = ALPHA / math.comb(len(usable), 2)
    interval = _newcombe(counts[highest], counts[lowest], alpha, (alike, alike))
    nothing_selected = usable[highest] == 0
    ratio = _missing("undefined", "all_zero", n) if nothing_selected else _ok(demographic_parity_ratio(**asked), n)
    return {
        names[0]: _ok(demographic_parity_difference(**asked), n, interval),
        names[1]: ratio,
        "highest": highest,
        "lowest": lowest,
        "beyond_chance": bool(interval[0] > 0),
        "pair_confidence": 1 - alpha,
    }


def _newcombe(
    one: tuple[int, int], other: tuple[int, int], alpha: float = ALPHA, alike: tuple[int, int] = (1, 1)
) -> tuple[float, float]:
    """``alike``: of either, so many labels count as one."""
    sides = [number / k for pair, k in zip((one, other), alike, strict=True) for number in pair]
    low, high = confint_proportions_2indep(*sides, method="newcomb", compare="diff", alpha=alpha)
    return float(low), float(high)


# --- a model beside the people ----------------------------------------------------------------------------------------
def _model(rows: pd.DataFrame, people: Row, exported: Exported, label: str) -> Row:
    model = _source("model", rows, exported, label)
    by_group = {entry["group"]: entry for entry in model["groups"]}
    said = {entry["group"]: entry for entry in people["groups"]}
    alike = (1, exported.labels_per_item)
    gaps = {group: _gap(by_group.get(group), said.get(group), alike, ALPHA) for group in sorted(by_group | said)}
    usable = [group for group, gap in gaps.items() if gap["value"] is not None]
    each = ALPHA / max(1, math.comb(len(usable), 2))
    raised = {group: _gap(by_group.get(group), said.get(group), alike, each) for group in gaps}
    return {
        **model,
        "gaps": [{"group": group, "gap": gap} for group, gap in gaps.items()],
        "gap_spread": _spread(raised),
        "kappa": _kappa(rows, exported),
    }


def _gap(model: Row | None, people: Row | None, alike: tuple[int, int], alpha: float) -> Estimate:
    n = sum(side["n"] for side in (model, people) if side)
    if model is None or people is None:
        return _missing("undefined", "no_labels", n)
    sides = (model["selection_rate"], people["selection_rate"])
    if any(side["value"] is None for side in sides):
        return _missing("insufficient", "small_group", n)
    interval = _newcombe((model["selected"], model["n"]), (people["selected"], people["n"]), alpha, alike)
    return _ok(sides[0]["value"] - sides[1]["value"], n, interval)


def _spread(gaps: dict[str, Estimate]) -> Estimate:
    """Largest minus smallest gap; the interval is that of Zou and Donner (2008) for a difference of differences, of
    ``gaps`` at a confidence raised for the number of pairs."""
    usable = [gap for gap in gaps.values() if gap["value"] is not None]
    if len(usable) < 2:
        existing = [gap for gap in gaps.values() if gap["status"] != "undefined"]
        n = sum(gap["n"] for gap in existing)
        few = len(existing) < 2
        return _missing("undefined", "one_group", n) if few else _missing("insufficient", "small_groups", n)
    small, large = min(usable, key=lambda gap: gap["value"]), max(usable, key=lambda gap: gap["value"])
    value = large["value"] - small["value"]
    below = math.hypot(large["value"] - large["low"], small["high"] - small["value"])
    above = math.hypot(large["high"] - large["value"], small["value"] - small["low"])
    interval = max(-2.0, value - below), min(2.0, value + above)
    return _ok(value, sum(gap["n"] for gap in usable), interval)


def _kappa(rows: pd.DataFrame, exported: Exported) -> Row:
    agreed = exported.majority
    both = rows[rows["item_id"].isin(agreed)]
    people, model = both["item_id"].map(agreed), both["label"]
    table = pd.crosstab(people, model).reindex(index=exported.labels, columns=exported.labels, fill_value=0)
    interval = cohens_kappa(table.to_numpy())
    value = cohen_kappa_score(people, model)
    return {
        "value": value,
        "low": interval["kappa_low"],
        "high": interval["kappa_upp"],
        "n_items": len(both),
        "reason": None,
    }


def _progress(exported: Exported) -> Row:
    given = exported.people.groupby("item_id").size()
    settled = {row["item_id"] for row in exported.consensus if row["method"] == "settled"}
    full = set(given[given >= exported.redundancy].index)
    needed = exported.redundancy * len(exported.items)
    counted = int(given.clip(upper=exported.redundancy).sum())
    spared = sum(exported.redundancy - min(int(given.get(item, 0)), exported.redundancy) for item in settled)
    return {
        "items": len(exported.items),
        "labels_given": counted,
        "labels_spared": spared,
        "labels_needed": needed,
        "completeness": (counted + spared) / needed,
        "complete": len(full | settled),
        "decided": len(exported.consensus),
    }


# --- estimates, and how two answers differ ----------------------------------------------------------------------------
def _ok(value: float, n: int, interval: tuple[float, float] | None = None) -> Estimate:
    low, high = interval if interval is not None else (None, None)
    return {"value": float(value), "low": low, "high": high, "n": n, "status": "ok", "reason": None}


def _missing(status: str, reason: str, n: int) -> Estimate:
    return {"value": None, "low": None, "high": None, "n": n, "status": status, "reason": reason}


def by_name(answer: Row) -> Row:
    """The fairness answer with ``models`` by name, as ``expected`` gives them."""
    return answer | {"models": {model["name"]: model for model in answer["models"]}}


def differences(found: Any, right: Any, where: str = "") -> Iterator[str]:
    """Every place where two answers differ. Numbers agree to 12 digits; words and moments are left out."""
    if isinstance(found, dict) and isinstance(right, dict):
        keys = {*found, *right} - NOT_COMPARED
        for key in sorted(keys):
            if key not in found or key not in right:
                yield f"{where}.{key} is only in {'the answer' if key in found else 'what is expected'}"
            else:
                yield from differences(found[key], right[key], f"{where}.{key}")
    elif isinstance(found, list) and isinstance(right, list) and len(found) == len(right):
        for number, (one, other) in enumerate(zip(found, right, strict=True)):
            yield from differences(one, other, f"{where}[{number}]")
    elif not _same(found, right):
        yield f"{where}: {found!r}, expected {right!r}"


def _same(found: Any, right: Any) -> bool:
    plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (found, right))
    return math.isclose(found, right, rel_tol=1e-12, abs_tol=1e-12) if plain else found == right


def numbers(answer: Any) -> int:
    """How many numbers an answer holds that ``differences`` compares."""
    if isinstance(answer, dict):
        return sum(numbers(value) for key, value in answer.items() if key not in NOT_COMPARED)
    if isinstance(answer, list):
        return sum(map(numbers, answer))
    return isinstance(answer, int | float) and not isinstance(answer, bool)
