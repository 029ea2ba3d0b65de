"""Counters that only ever add and take away one label at a time, against all rows counted anew and fairlearn on them.

Histories of insertions, revisions, undos, exclusions of a person and corrections of an item's truth: whatever happened,
the counts are those of the rows that stand, and every metric with them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import fairlearn.metrics as oracle
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.metrics import (
    GroupCounts,
    Reason,
    certified,
    cross,
    crossed_rates,
    demographic_parity,
    disparate_impact,
    equal_opportunity,
    equalized_odds,
    margin,
    one_vs_rest,
    outcomes_one_vs_rest,
    without_truth,
)
from tests.metrics.raw_rows import LABELS, same

SEXES, AGES = ("f", "m"), ("old", "young", None)
PEOPLE = tuple(range(4))

Row = tuple[int, int]  # item, person

items, people, labels = st.integers(0, 11), st.sampled_from(PEOPLE), st.sampled_from(LABELS)
given_labels = st.tuples(st.just("label"), items, people, labels)
truths = st.lists(st.sampled_from((*LABELS, None)), min_size=12, max_size=12).map(
    lambda drawn: [("truth", item, truth) for item, truth in enumerate(drawn)]
)
changes = st.one_of(
    given_labels,
    st.tuples(st.just("undo"), items, people),
    st.tuples(st.just("exclude"), people),
    st.tuples(st.just("include"), people),
    st.tuples(st.just("truth"), items, st.sampled_from((*LABELS, None))),
)
#: From an empty project, and from one with truths and labels.
events = st.one_of(
    st.lists(changes, max_size=20),
    st.builds(
        lambda known, first, then: [*known, *first, *then],
        truths,
        st.lists(given_labels, min_size=12, max_size=40),
        st.lists(changes, max_size=40),
    ),
)


@dataclass
class History:
    """Rows as they stand, and counters that were told only of what changed."""

    labels: dict[Row, str] = field(default_factory=dict)
    truths: dict[int, str | None] = field(default_factory=dict)
    excluded: set[int] = field(default_factory=set)
    cells: Counter = field(default_factory=Counter)  # (group, truth, label)

    @staticmethod
    def group(item: int) -> tuple[str, str | None]:
        return SEXES[item % 2], AGES[item % 3]

    def counted(self, row: Row) -> tuple | None:
        if row not in self.labels or row[1] in self.excluded:
            return None
        return self.group(row[0]), self.truths.get(row[0]), self.labels[row]

    def happen(self, event: tuple) -> None:
        kind, *what = event
        touched = {
            "label": lambda item, person, _label: [(item, person)],
            "undo": lambda item, person: [(item, person)],
            "exclude": lambda person: [row for row in self.labels if row[1] == person],
            "include": lambda person: [row for row in self.labels if row[1] == person],
            "truth": lambda item, _truth: [row for row in self.labels if row[0] == item],
        }[kind](*what)
        before = [self.counted(row) for row in touched]
        self.change(kind, *what)
        for row, old in zip(touched, before, strict=True):
            for cell, sign in ((old, -1), (self.counted(row), 1)):
                if cell is not None:
                    self.cells[cell] += sign

    def change(self, kind: str, *what) -> None:
        if kind == "label":
            self.labels[what[0], what[1]] = what[2]
        elif kind == "undo":
            self.labels.pop((what[0], what[1]), None)
        elif kind == "exclude":
            self.excluded.add(what[0])
        elif kind == "include":
            self.excluded.discard(what[0])
        else:
            self.truths[what[0]] = what[1]

    def table(self, position: int | None = None) -> dict:
        """N[g][y][ŷ] of the counters, by one attribute or by both."""
        table: dict = {}
        for (group, truth, label), count in self.cells.items():
            key = group if position is None else group[position]
            row = table.setdefault(key, {}).setdefault(truth, {})
            row[label] = row.get(label, 0) + count
        return table

    def rows(self) -> list[tuple]:
        """Every label that counts: (sex, age), truth, label."""
        return [cell for row in self.labels if (cell := self.counted(row)) is not None]


def played(happened) -> History:
    history = History()
    for event in happened:
        history.happen(event)
    return history


@settings(deadline=None)
@given(events)
def test_counters_are_the_rows_that_stand(happened):
    history = played(happened)
    assert +history.cells == Counter(history.rows())
    assert min(history.cells.values(), default=0) >= 0


@settings(deadline=None)
@given(events, st.sampled_from(LABELS))
def test_every_metric_is_that_of_the_rows(happened, label):
    history = played(happened)
    scratch = History()
    scratch.cells = Counter(history.rows())
    for position in (0, None):
        kept, anew = (source.table(position) for source in (history, scratch))
        counts, recounted = (one_vs_rest(without_truth(table), label) for table in (kept, anew))
        counts = {group: counts[group] for group in counts if counts[group].n}
        recounted = {group: recounted[group] for group in counts}
        for metric in (demographic_parity, disparate_impact, certified):
            arguments = {} if metric is certified else {"min_group": 1}
            assert metric(counts, **arguments) == metric(recounted, **arguments)
        ours, theirs = (outcomes_one_vs_rest(table, label) for table in (kept, anew))
        ours = {group: ours[group] for group in ours if ours[group].n}
        theirs = {group: theirs[group] for group in ours}
        assert equalized_odds(ours, min_group=1) == equalized_odds(theirs, min_group=1)


@settings(deadline=None, max_examples=60)
@given(events, st.sampled_from(LABELS))
def test_parity_after_any_history_is_fairlearns_on_the_rows(happened, label):
    history = played(happened)
    rows = history.rows()
    counts = one_vs_rest(without_truth(history.table(0)), label)
    found = demographic_parity(counts, min_group=1)
    groups = {group[0] for group, _, _ in rows}
    if len(groups) < 2:
        assert found.difference.reason is Reason.ONE_GROUP
        return
    given_label = np.array([int(value == label) for _, _, value in rows])
    sex = np.array([group[0] for group, _, _ in rows])
    asked = {"y_true": given_label, "y_pred": given_label, "sensitive_features": sex}
    assert same(found.difference.value, oracle.demographic_parity_difference(**asked))
    if found.ratio.is_ok:
        assert same(found.ratio.value, oracle.demographic_parity_ratio(**asked))
    else:
        assert not given_label.any()


@settings(deadline=None, max_examples=60)
@given(events, st.sampled_from(LABELS))
def test_crossed_groups_after_any_history_are_fairlearns(happened, label):
    """Over both attributes at once, and each by its margin."""
    history = played(happened)
    rows = [row for row in history.rows() if None not in row[0]]
    table = {group: truths for group, truths in history.table().items() if None not in group}
    counts = {group: c for group, c in one_vs_rest(without_truth(table), label).items() if c.n}
    chosen = [value == label for _, _, value in rows]
    columns = [[group[k] for group, _, _ in rows] for k in (0, 1)]
    assert counts == cross(columns, chosen)
    assert margin(counts, [0]) == cross(columns[:1], chosen)
    if not rows:
        return
    features = pd.DataFrame({"sex": columns[0], "age": columns[1]})
    labels = np.array(chosen, dtype=int)
    frame = oracle.MetricFrame(metrics=oracle.selection_rate, y_true=labels, y_pred=labels, sensitive_features=features)
    ours = crossed_rates(counts, shrinkage=0, min_group=1)
    assert {cell: e.value for cell, e in ours.rates.items()} == pytest.approx(frame.by_group.dropna().to_dict())


@settings(deadline=None, max_examples=60)
@given(events, st.sampled_from(LABELS))
def test_true_positive_rates_of_crossed_groups_are_fairlearns_or_undefined(happened, label):
    """Where a group has no positives, fairlearn says 0; we say that there is none."""
    history = played(happened)
    known = [row for row in history.rows() if row[1] is not None and None not in row[0]]
    table = {group: truths for group, truths in history.table().items() if None not in group}
    outcomes = {group: o for group, o in outcomes_one_vs_rest(table, label).items() if o.n}
    ours = equal_opportunity(outcomes, min_group=1)
    if not known:
        assert ours.difference.reason is Reason.ONE_GROUP
        return
    truth = np.array([int(y == label) for _, y, _ in known])
    given_label = np.array([int(value == label) for _, _, value in known])
    features = pd.DataFrame([group for group, _, _ in known], columns=["sex", "age"])

    def found(y_true, y_pred):
        return oracle.true_positive_rate(y_true, y_pred, pos_label=1)

    frame = oracle.MetricFrame(metrics=found, y_true=truth, y_pred=given_label, sensitive_features=features)
    theirs = frame.by_group.dropna().to_dict()
    for group, estimate in ours.rates.items():
        if outcomes[group].true_positive.n:
            assert estimate.value == pytest.approx(theirs[group])
        else:
            assert (estimate.reason, theirs[group]) == (Reason.NO_POSITIVES, 0.0)


def test_a_counter_that_has_drifted_is_noticed():
    """A label taken away twice: no metric reads a negative count as a small one."""
    history = played([("label", 0, 0, "hide")])
    history.cells[history.group(0), None, "hide"] -= 2
    with pytest.raises(ValueError, match="must not be negative, got -1: the counters need a recount"):
        one_vs_rest(without_truth(history.table(0)), "hide")
    with pytest.raises(ValueError, match="must not exceed n"):
        GroupCounts(2, 1)
