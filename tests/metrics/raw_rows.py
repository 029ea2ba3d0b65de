"""Count tables as the raw rows that an outside library reads, and strategies that draw such tables."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from fairness.metrics import GroupCounts, OutcomeCounts

LABELS = ("allow", "hide", "remove")

group_counts = st.integers(0, 40).flatmap(lambda n: st.builds(GroupCounts, selected=st.integers(0, n), n=st.just(n)))
#: Two to five groups, all with labels.
filled_groups = st.dictionaries(
    st.sampled_from("abcde"), group_counts.filter(lambda c: c.n > 0), min_size=2, max_size=5
)
cell = st.integers(0, 12)
outcome_counts = st.builds(OutcomeCounts, tp=cell, fp=cell, fn=cell, tn=cell)
outcome_tables = st.dictionaries(st.sampled_from("abcde"), outcome_counts, min_size=2, max_size=5)
given_labels = st.fixed_dictionaries({label: st.integers(0, 6) for label in LABELS})
#: N[g][y][ŷ] over three labels; the truth may be unknown, and a group may lack any of them.
truth_tables = st.dictionaries(
    st.sampled_from("abcd"),
    st.fixed_dictionaries({}, optional=dict.fromkeys((*LABELS, None), given_labels)),
    min_size=2,
    max_size=4,
)


def rows_of_counts(counts: Mapping[str, GroupCounts]) -> dict[str, Any]:
    """fairlearn's arguments for label-only counts: one row per label, in a shuffled order."""
    selected, groups = [], []
    for group, c in counts.items():
        selected += [1] * c.selected + [0] * (c.n - c.selected)
        groups += [group] * c.n
    order = np.random.default_rng(0).permutation(len(selected))
    labels = np.array(selected)[order]
    return {"y_true": labels, "y_pred": labels, "sensitive_features": np.array(groups)[order]}


def rows_of_outcomes(outcomes: Mapping[str, OutcomeCounts]) -> dict[str, Any]:
    """fairlearn's arguments for counts against the truth: one row per label, in a shuffled order."""
    truth, given, groups = [], [], []
    for group, o in outcomes.items():
        for y, label, count in ((1, 1, o.tp), (0, 1, o.fp), (1, 0, o.fn), (0, 0, o.tn)):
            truth += [y] * count
            given += [label] * count
            groups += [group] * count
    order = np.random.default_rng(0).permutation(len(truth))
    return {
        "y_true": np.array(truth)[order],
        "y_pred": np.array(given)[order],
        "sensitive_features": np.array(groups)[order],
    }


def rows_of_table(table: Mapping[str, Mapping[str | None, Mapping[str, int]]]) -> list[tuple[str, Any, str]]:
    """(group, truth, label) of every label of a truth table."""
    return [
        (group, truth, label)
        for group, by_truth in table.items()
        for truth, given in by_truth.items()
        for label, count in given.items()
        for _ in range(count)
    ]


def same(ours: float | None, theirs: float) -> bool:
    """Equal to 1e-12, where fairlearn's NaN is our absent value."""
    if ours is None:
        return math.isnan(theirs)
    return math.isclose(ours, theirs, rel_tol=0, abs_tol=1e-12)
