"""Agreement of two annotators: published values, statsmodels, and what has no value."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from annotations.agreement import (
    CoefficientName,
    Reason,
    cohen_kappa,
    krippendorff_alpha,
    pair_agreement,
    pair_patterns,
    pair_raw_agreement,
)
from annotations.agreement.intervals import student_quantile, wilson
from tests.metrics.published import ABSTRACTORS, TWO_JUDGES

SAS_TABLE = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
matrices = st.integers(2, 4).flatmap(lambda k: hnp.arrays(np.int64, (k, k), elements=st.integers(0, 9)))


def test_fleiss_cohen_and_everitt():
    """κ .429 with a variance of .002885 (Fleiss, Cohen & Everitt 1969)."""
    found = cohen_kappa(TWO_JUDGES)
    assert round(found.value, 3) == 0.429
    assert ((found.high - found.low) / 2 / 1.959964) ** 2 == pytest.approx(0.002885, abs=5e-7)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [(None, (0.4842, 0.2137, 0.7547)), ("linear", (0.4701, 0.1845, 0.7558))],
)
def test_sas_printout(weights, expected):
    """PROC FREQ's κ and limits for this table, as kept in the tests of statsmodels."""
    found = cohen_kappa(SAS_TABLE, weights=weights)
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=5e-5)


def test_abstractors_example_of_irrcac():
    """irrCAC 1.0, package overview, ``cont3x3abstractors``."""
    found = {name: c.value for name, c in pair_agreement(ABSTRACTORS).items()}
    assert found == pytest.approx(
        {
            CoefficientName.RAW_AGREEMENT: 0.89,
            CoefficientName.COHEN_KAPPA: 0.7964094,
            CoefficientName.KRIPPENDORFF_ALPHA: 0.7972585,
            CoefficientName.GWET_AC1: 0.8493305,
        },
        abs=5e-8,
    )
    ac1 = pair_agreement(ABSTRACTORS)[CoefficientName.GWET_AC1]
    error = (ac1.high - ac1.low) / 2 / student_quantile(0.95, 99)
    # Its functions for contingency tables divide by n = 100, those for rated items, like ours, by n - 1.
    assert error * math.sqrt(99 / 100) == pytest.approx(0.04321747, abs=5e-9)


@settings(deadline=None)
@given(matrices, st.sampled_from([None, "linear", "quadratic"]), st.sampled_from([0.9, 0.95]))
def test_kappa_and_its_interval_are_those_of_statsmodels(matrix, weights, confidence):
    rows, columns = matrix.sum(axis=1), matrix.sum(axis=0)
    assume(np.outer(rows, columns).sum() != (rows * columns).sum())
    found = cohen_kappa(matrix, weights=weights, confidence=confidence)
    with np.errstate(invalid="ignore", divide="ignore"):  # its rounding can make a zero variance negative
        theirs = cohens_kappa(matrix, wt=weights)
    assert found.value == pytest.approx(theirs.kappa, abs=1e-12)
    if found.low is None:
        assert theirs.var_kappa == pytest.approx(0, abs=1e-12)
        return
    spread = np.sqrt(theirs.var_kappa) * {0.9: 1.6448536, 0.95: 1.9599640}[confidence]
    assert found.low == pytest.approx(max(-1, theirs.kappa - spread), abs=1e-6)
    assert found.high == pytest.approx(min(1, theirs.kappa + spread), abs=1e-6)


@settings(deadline=None)
@given(matrices, st.sampled_from([None, "linear", "quadratic"]))
def test_kappa_is_that_of_scikit_learn_on_raw_rows(matrix, weights):
    first, second = np.nonzero(matrix)
    times = matrix[first, second]
    first, second = np.repeat(first, times), np.repeat(second, times)
    assume(len(np.unique([first, second])) > 1)
    theirs = cohen_kappa_score(first, second, labels=np.arange(len(matrix)), weights=weights)
    assert cohen_kappa(matrix, weights=weights).value == pytest.approx(theirs, abs=1e-12)


@given(matrices)
def test_patterns_are_items_with_two_labels(matrix):
    counts, items = pair_patterns(matrix)
    assert (counts.sum(axis=1) == 2).all()
    assert items.sum() == matrix.sum()
    assert (counts.T @ items == matrix.sum(axis=0) + matrix.sum(axis=1)).all()


@given(matrices)
def test_the_pair_has_the_alpha_of_its_items(matrix):
    counts, items = pair_patterns(matrix)
    rows = np.repeat(counts, items, axis=0).reshape(-1, len(matrix))
    found, alpha = pair_agreement(matrix)[CoefficientName.KRIPPENDORFF_ALPHA], krippendorff_alpha(rows)
    assert found.undefined_reason is alpha.undefined_reason
    assert found.value == pytest.approx(alpha.value, abs=1e-12)
    assert found.low == pytest.approx(alpha.low, abs=1e-9)


def test_raw_agreement_has_wilsons_interval():
    found = pair_raw_agreement([[40, 3], [2, 5]])
    assert found.value == 0.9
    assert (found.low, found.high) == wilson(45, 50)
    assert pair_raw_agreement([[5, 0], [0, 5]]).low == pytest.approx(wilson(10, 10)[0])


def test_ordered_labels_get_the_weighted_coefficients_too():
    found = pair_agreement(SAS_TABLE, ordered=True)
    assert found[CoefficientName.LINEAR_KAPPA] == cohen_kappa(SAS_TABLE, weights="linear")
    assert found[CoefficientName.QUADRATIC_KAPPA] == cohen_kappa(SAS_TABLE, weights="quadratic")
    assert CoefficientName.LINEAR_KAPPA not in pair_agreement(SAS_TABLE)


def test_several_pairs_of_one_item_widen_the_interval_and_keep_the_value():
    """Five identical annotators against a model know no more than one of them does."""
    one, five = np.array(ABSTRACTORS), np.array(ABSTRACTORS) * 5
    for name, alone in pair_agreement(one).items():
        clustered = pair_agreement(five, n_items=100)[name]
        naive = pair_agreement(five)[name]
        assert clustered.value == pytest.approx(alone.value, abs=2e-3)  # α knows the sample is larger
        assert clustered.high - clustered.low == pytest.approx(alone.high - alone.low, rel=0.01)
        assert naive.high - naive.low < (alone.high - alone.low) / 2
        assert (clustered.n_items, clustered.n_pairs) == (100, 500)


def test_both_always_said_the_same_one_label():
    found = pair_agreement([[0, 0], [0, 12]])
    kappa = found[CoefficientName.COHEN_KAPPA]
    assert (kappa.value, kappa.undefined_reason) == (None, Reason.ONE_LABEL_USED)
    assert (kappa.n_items, kappa.n_pairs) == (12, 12)
    assert "same one label" in kappa.undefined_reason.sentence
    assert found[CoefficientName.RAW_AGREEMENT].value == 1.0
    assert found[CoefficientName.GWET_AC1].value == 1.0


def test_one_side_that_never_varies_has_kappa_zero():
    """It agrees exactly as often as chance would; there is no variation to take an interval from."""
    found = cohen_kappa([[7, 0], [5, 0]])
    assert found.value == pytest.approx(0, abs=1e-12)
    assert found.low is None


def test_always_different_labels_are_defined():
    assert cohen_kappa([[0, 9], [0, 0]]).value == 0.0


def test_complete_agreement_on_two_labels():
    found = cohen_kappa([[4, 0], [0, 6]])
    assert (found.value, found.low, found.high) == (1.0, None, None)


def test_no_pairs():
    for found in pair_agreement(np.zeros((3, 3), dtype=int), ordered=True).values():
        assert (found.value, found.undefined_reason, found.n_pairs) == (None, Reason.NO_PAIRS, 0)


@pytest.mark.parametrize(
    ("matrix", "options", "message"),
    [
        ([[1, 2, 3], [1, 2, 3]], {}, r"A confusion matrix is square, got \(2, 3\)."),
        ([[1, -2], [1, 3]], {}, "matrix must not be negative"),
        ([[1, 2], [1, 3]], {"n_items": 8}, "between 1 and the 7 pairs of the matrix, got 8"),
        ([[1, 2], [1, 3]], {"n_items": 0}, "between 1 and the 7 pairs of the matrix, got 0"),
        (
            [[1, 2], [1, 3]],
            {"weights": "cubic"},
            "weights must be None, 'linear' or 'quadratic', got 'cubic'",
        ),
    ],
)
def test_impossible_questions(matrix, options, message):
    with pytest.raises(ValueError, match=message):
        cohen_kappa(matrix, **options)
