"""Every value that fairlearn 0.15 computes on raw rows, from the counts of those rows, exactly."""

import fairlearn.metrics as oracle
import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fairness.metrics import (
    Reason,
    demographic_parity,
    equal_opportunity,
    equalized_odds,
    false_positive_parity,
    one_vs_rest,
    outcomes_one_vs_rest,
    selection_rates,
    without_truth,
)
from tests.metrics.raw_rows import (
    LABELS,
    filled_groups,
    outcome_tables,
    rows_of_counts,
    rows_of_outcomes,
    rows_of_table,
    same,
    truth_tables,
)

exactly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@exactly
@given(filled_groups)
def test_demographic_parity(counts):
    rows = rows_of_counts(counts)
    ours = demographic_parity(counts, min_group=1)
    assert same(ours.difference.value, oracle.demographic_parity_difference(**rows))
    assert same(ours.ratio.value, oracle.demographic_parity_ratio(**rows))
    assert ours.excluded == ()


@exactly
@given(filled_groups)
def test_selection_rates(counts):
    frame = oracle.MetricFrame(metrics=oracle.selection_rate, **rows_of_counts(counts))
    ours = selection_rates(counts, min_group=1)
    assert {g: e.value for g, e in ours.items()} == frame.by_group.to_dict()


@exactly
@given(outcome_tables)
def test_equal_opportunity_and_equalized_odds(outcomes):
    assume(all(o.true_positive.n and o.false_positive.n for o in outcomes.values()))
    rows = rows_of_outcomes(outcomes)
    odds = equalized_odds(outcomes, min_group=1)
    assert same(odds.difference.value, oracle.equalized_odds_difference(**rows))
    assert same(odds.true_positive.difference.value, oracle.equal_opportunity_difference(**rows))
    assert same(odds.true_positive.ratio.value, oracle.equal_opportunity_ratio(**rows))
    if odds.true_positive.ratio.is_ok and odds.false_positive.ratio.is_ok:
        assert same(odds.ratio.value, oracle.equalized_odds_ratio(**rows))
    else:
        # fairlearn's answer here depends on which of the two ratios it happens to compare first.
        assert odds.ratio.reason is Reason.ALL_ZERO
    rates = oracle.MetricFrame(metrics=oracle.false_positive_rate, **rows)
    assert same(odds.false_positive.difference.value, rates.difference())


@exactly
@given(outcome_tables)
def test_groups_without_a_rate_are_left_out_instead_of_counted_as_zero(outcomes):
    kept = {g: o for g, o in outcomes.items() if o.true_positive.n}
    ours = equal_opportunity(outcomes, min_group=1)
    assert set(ours.excluded) == set(outcomes) - set(kept)
    if len(kept) < 2:
        assert ours.difference.reason is Reason.ONE_GROUP
        return
    # fairlearn, asked about the groups that have positives only, finds the same.
    assert same(ours.difference.value, oracle.equal_opportunity_difference(**rows_of_outcomes(kept)))


@exactly
@given(outcome_tables)
def test_false_positive_parity_leaves_out_groups_without_negatives(outcomes):
    kept = {g: o for g, o in outcomes.items() if o.false_positive.n}
    assume(len(kept) >= 2)
    # fairlearn takes the largest label of the rows for the positive one: rows without any 1 mislead it.
    assume(any(o.tp + o.fp + o.fn for o in kept.values()))
    rates = oracle.MetricFrame(metrics=oracle.false_positive_rate, **rows_of_outcomes(kept))
    ours = false_positive_parity(outcomes, min_group=1)
    assert same(ours.difference.value, rates.difference())
    assert set(ours.excluded) == set(outcomes) - set(kept)


@exactly
@given(truth_tables, st.sampled_from(LABELS))
def test_one_vs_rest(table, label):
    rows = rows_of_table(table)
    counts = one_vs_rest(without_truth(table), label)
    kept = {g: c for g, c in counts.items() if c.n}
    assume(len(kept) >= 2)
    groups = np.array([g for g, _, _ in rows])
    given_label = np.array([int(value == label) for _, _, value in rows])
    ours = demographic_parity(counts, min_group=1)
    theirs = oracle.demographic_parity_difference(given_label, given_label, sensitive_features=groups)
    assert same(ours.difference.value, theirs)


@exactly
@given(truth_tables, st.sampled_from(LABELS))
def test_one_vs_rest_against_the_truth(table, label):
    outcomes = outcomes_one_vs_rest(table, label)
    known = [(g, y, value) for g, y, value in rows_of_table(table) if y is not None]
    assert sum(o.n for o in outcomes.values()) == len(known)
    having = {g for g, o in outcomes.items() if o.true_positive.n}
    assume(len(having) >= 2)
    rows = [(int(y == label), int(value == label), g) for g, y, value in known if g in having]
    truth, labels, groups = (np.array(column) for column in zip(*rows, strict=True))
    ours = equal_opportunity(outcomes, min_group=1)
    theirs = oracle.equal_opportunity_difference(truth, labels, sensitive_features=groups)
    assert same(ours.difference.value, theirs)
    assert set(ours.excluded) == set(outcomes) - having


def test_fairlearn_reports_a_false_difference_where_a_group_has_no_positives():
    """The trap itself: it must still be one, or the exception in our rule is no longer needed."""
    rows = {
        "y_true": np.array([1, 1, 1, 0, 0, 0]),
        "y_pred": np.array([1, 1, 1, 0, 0, 0]),
        "sensitive_features": np.array(list("aaabbb")),
    }
    assert oracle.equal_opportunity_difference(**rows) == 1.0
