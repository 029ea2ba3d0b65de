"""Agreement of several annotators: published values, the libraries, and what has no value."""

import math

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss

from annotations.agreement import (
    Coefficient,
    CoefficientName,
    Reason,
    agreement,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    raw_agreement,
)
from annotations.agreement.intervals import student_quantile
from tests.metrics.published import FLEISS_6_RATERS, FLEISS_14_RATERS, krippendorff_counts

ALL = (raw_agreement, fleiss_kappa, krippendorff_alpha, gwet_ac1)
shapes = st.tuples(st.integers(1, 12), st.integers(2, 4))
tables = hnp.arrays(np.int64, shapes, elements=st.integers(0, 4))


def standard_error(found, n_items):
    """What one side of a symmetric interval says the standard error was (the side that was not cut)."""
    return (found.value - found.low) / student_quantile(0.95, n_items - 1)


def test_krippendorffs_example():
    """α .743: Krippendorff (2011); the others: irrCAC 1.0, package overview, ``cac.raw4raters``.

    Fleiss' κ is not among them: irrCAC counts the unit with a single label, we do not.
    """
    found = {name: c.value for name, c in agreement(krippendorff_counts()).items()}
    del found[CoefficientName.FLEISS_KAPPA]
    assert found == pytest.approx(
        {
            CoefficientName.RAW_AGREEMENT: 0.8181818,
            CoefficientName.KRIPPENDORFF_ALPHA: 0.74342,
            CoefficientName.GWET_AC1: 0.77544,
        },
        abs=5e-6,
    )


def test_krippendorffs_example_counts_what_was_compared():
    found = raw_agreement(krippendorff_counts())
    assert (found.n_items, found.n_pairs) == (11, 8 * 6 + 2 * 3 + 1)


def test_fleiss_of_unequal_numbers_is_its_formula_by_hand():
    """Units 1, 10, 11 have 3, 3, 2 labels, the rest 4; unit 12 has one and does not count.

    Shares summed over 11 units: 1: 1 + 1/4 + 3/4 + 1; 2: 3/4 + 1 + 1/4 + 1/4 + 1; 3: 1/4 + 2 + 1/4; 4: 1/4 + 1;
    5: 1. Pairs agree fully but for units 2, 6, 8 (1/2, 0, 1/2).
    """
    prevalence = [3 / 11, 3.25 / 11, 2.5 / 11, 1.25 / 11, 1 / 11]
    p_a, p_e = 9 / 11, sum(p * p for p in prevalence)
    assert fleiss_kappa(krippendorff_counts()).value == pytest.approx((p_a - p_e) / (1 - p_e), abs=1e-12)


def test_single_labels_cannot_push_fleiss_kappa_out_of_range():
    """One compared item, in full disagreement, among many items with the same single label."""
    counts = [[1, 1]] + [[0, 1]] * 50
    assert fleiss_kappa(counts) == fleiss_kappa([[1, 1]])
    assert fleiss_kappa(counts).value == -1.0


def test_fleiss_worked_example():
    assert round(fleiss_kappa(FLEISS_14_RATERS).value, 3) == 0.210


@pytest.mark.parametrize(
    ("function", "value", "error"),
    [(gwet_ac1, 0.4448007, 0.08418757), (fleiss_kappa, 0.4139265, 0.08119291)],
)
def test_value_and_standard_error_of_irrcac(function, value, error):
    """irrCAC 1.0, package overview, ``distrib.6raters``: every item has six labels."""
    found = function(FLEISS_6_RATERS)
    assert found.value == pytest.approx(value, abs=5e-8)
    assert standard_error(found, 15) == pytest.approx(error, abs=5e-9)


def test_alpha_with_equal_numbers_is_fleiss_kappa_shrunk():
    """α = 1 - (1 - 1/n)(1 - κ) for n labels in all, so its interval is κ's in the same proportion."""
    alpha, kappa = krippendorff_alpha(FLEISS_6_RATERS), fleiss_kappa(FLEISS_6_RATERS)
    shrink = 1 - 1 / FLEISS_6_RATERS.sum()
    assert alpha.value == pytest.approx(0.4204384, abs=5e-8)
    assert 1 - alpha.value == pytest.approx(shrink * (1 - kappa.value))
    assert alpha.high - alpha.low == pytest.approx(shrink * (kappa.high - kappa.low))


@settings(deadline=None)
@given(tables)
def test_alpha_is_that_of_the_krippendorff_library(counts):
    found = krippendorff_alpha(counts)
    compared = counts[counts.sum(axis=1) >= 2]
    if not len(compared):
        assert found.undefined_reason is Reason.NO_PAIRS
    elif np.count_nonzero(compared.sum(axis=0)) == 1:
        assert found.undefined_reason is Reason.ONE_LABEL_USED
    else:
        theirs = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
        assert found.value == pytest.approx(theirs, abs=1e-12)


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(2, 4), st.integers(1, 12), st.randoms(use_true_random=False))
def test_fleiss_with_equal_numbers_is_that_of_statsmodels(raters, n_labels, n_items, random):
    counts = np.zeros((n_items, n_labels), dtype=np.int64)
    for row in counts:
        for label in random.choices(range(n_labels), k=raters):
            row[label] += 1
    found = fleiss_kappa(counts)
    if np.count_nonzero(counts.sum(axis=0)) == 1:
        assert found.undefined_reason is Reason.ONE_LABEL_USED
    else:
        assert found.value == pytest.approx(statsmodels_fleiss(counts), abs=1e-12)


@settings(deadline=None)
@given(tables)
def test_ac1_is_its_formula_item_by_item(counts):
    assume((counts.sum(axis=1) >= 2).any())
    agreeing, shares = [], []
    for row in counts.tolist():
        r = sum(row)
        if r >= 2:
            agreeing.append(sum(k * (k - 1) for k in row) / (r * (r - 1)))
        if r >= 1:
            shares.append([k / r for k in row])
    p_a = sum(agreeing) / len(agreeing)
    pi = [sum(column) / len(shares) for column in zip(*shares, strict=True)]
    p_e = sum(p * (1 - p) for p in pi) / (len(pi) - 1)
    assert gwet_ac1(counts).value == pytest.approx((p_a - p_e) / (1 - p_e), abs=1e-12)


@pytest.mark.parametrize("function", ALL)
def test_standard_errors_are_those_of_the_jackknife(function):
    """Leaving one item out at a time needs no algebra, and agrees to a few percent on 400 items.

    Items have one to five labels, so that the share of comparable items varies too.
    """
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 3, 400)
    counts = np.zeros((400, 3), dtype=np.int64)
    for row, label in zip(counts, truth, strict=True):
        for _ in range(rng.integers(1, 6)):
            row[label if rng.random() < 0.6 else rng.integers(0, 3)] += 1
    found = function(counts)
    without = np.array([function(np.delete(counts, i, axis=0)).value for i in range(400)])
    jackknife = math.sqrt(399 / 400 * ((without - without.mean()) ** 2).sum())
    assert standard_error(found, found.n_items) == pytest.approx(jackknife, rel=0.03)


@settings(deadline=None)
@given(tables, st.data())
def test_a_row_may_stand_for_many_items(counts, data):
    times = data.draw(hnp.arrays(np.int64, len(counts), elements=st.integers(0, 5)))
    expanded = np.repeat(counts, times, axis=0)
    for ours, theirs in zip(agreement(counts, items=times).values(), agreement(expanded).values(), strict=True):
        assert (ours.n_items, ours.n_pairs) == (theirs.n_items, theirs.n_pairs)
        assert ours.undefined_reason is theirs.undefined_reason
        for a, b in ((ours.value, theirs.value), (ours.low, theirs.low), (ours.high, theirs.high)):
            assert a == pytest.approx(b, abs=1e-9)


@given(tables)
def test_items_without_labels_change_nothing(counts):
    padded = np.vstack([counts, np.zeros((3, counts.shape[1]), dtype=np.int64)])
    assert agreement(padded) == agreement(counts)


@settings(deadline=None, max_examples=300)
@given(tables)
def test_every_coefficient_is_a_finite_number_or_a_reason(counts):
    for found in agreement(counts).values():
        if found.is_defined:
            assert -1 - 1e-12 <= found.value <= 1 + 1e-12
            assert found.low is None or -1 <= found.low <= found.value + 1e-12
            assert found.high is None or found.value - 1e-12 <= found.high <= 1
        else:
            assert found.undefined_reason.sentence.endswith(".")


def test_one_label_used_by_everyone():
    """κ and α divide by zero; AC1 does not and raw agreement is what it is."""
    counts = [[3, 0], [2, 0], [4, 0]]
    found = agreement(counts)
    assert found[CoefficientName.FLEISS_KAPPA].undefined_reason is Reason.ONE_LABEL_USED
    assert found[CoefficientName.KRIPPENDORFF_ALPHA].undefined_reason is Reason.ONE_LABEL_USED
    assert found[CoefficientName.GWET_AC1].value == 1.0
    assert found[CoefficientName.RAW_AGREEMENT].value == 1.0


def test_complete_agreement_has_no_interval_that_shrinks_to_a_point():
    for found in agreement([[3, 0], [0, 3]]).values():
        assert (found.value, found.low, found.high) == (1.0, None, None)


def test_a_single_item_has_a_value_and_no_interval():
    found = raw_agreement([[2, 1]])
    assert (found.value, found.low, found.high) == (pytest.approx(1 / 3), None, None)


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("counts", [[[1, 0], [0, 1]], [[0, 0]], np.zeros((0, 2), dtype=int)])
def test_nothing_to_compare(function, counts):
    found = function(counts)
    assert (found.value, found.undefined_reason, found.n_pairs) == (None, Reason.NO_PAIRS, 0)


def test_a_schema_of_one_label_leaves_no_choice():
    assert gwet_ac1([[3], [2]]).undefined_reason is Reason.ONE_LABEL_OFFERED
    assert fleiss_kappa([[3], [2]]).undefined_reason is Reason.ONE_LABEL_USED


def test_ac1_counts_the_labels_offered_not_only_those_used():
    assert gwet_ac1([[2, 1], [3, 0]]).value != gwet_ac1([[2, 1, 0], [3, 0, 0]]).value


def test_small_integer_types_do_not_overflow():
    """As a database or a memory-saving caller may hand them over."""
    counts = np.array([[200, 3], [100, 100]])
    assert agreement(counts.astype(np.uint8)) == agreement(counts)


def test_an_undefined_coefficient_still_says_what_was_compared():
    found = krippendorff_alpha([[3, 0], [2, 0], [1, 0]])
    assert (found.n_items, found.n_pairs) == (2, 4)


@pytest.mark.parametrize(
    ("counts", "items", "message"),
    [
        ([[1, -1]], None, "counts must not be negative"),
        ([[0.5, 1.0]], None, "counts must hold whole numbers"),
        ([1, 2], None, "counts must have 2 dimension"),
        ([[1, 2]], [1, 1], "one entry per row of counts, got 2 for 1"),
        ([[1, 2]], [-1], "items must not be negative"),
    ],
)
def test_impossible_counts(counts, items, message):
    with pytest.raises(ValueError, match=message):
        agreement(counts, items=items)


@pytest.mark.parametrize(
    "broken",
    [
        {"value": None},
        {"value": 0.5, "undefined_reason": Reason.NO_PAIRS},
        {"value": math.nan},
        {"value": 0.5, "low": 0.1},
        {"value": None, "undefined_reason": Reason.NO_PAIRS, "low": 0.1, "high": 0.2},
    ],
)
def test_a_coefficient_cannot_contradict_itself(broken):
    fields = {"low": None, "high": None, "n_items": 1, "n_pairs": 1, **broken}
    with pytest.raises(ValueError, match=r"coefficient|interval"):
        Coefficient(CoefficientName.GWET_AC1, **fields)
