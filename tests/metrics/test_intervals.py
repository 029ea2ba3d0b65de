import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from annotations.agreement.intervals import normal_quantile, student_quantile
from fairness.metrics import GroupCounts, mover_difference, newcombe, wilson

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
confidences = st.sampled_from([0.8, 0.9, 0.95, 0.99])


@settings(deadline=None)
@given(counts, confidences)
def test_wilson_is_statsmodels(pair, confidence):
    selected, n = pair
    theirs = proportion_confint(selected, n, alpha=1 - confidence, method="wilson")
    assert wilson(selected, n, confidence) == pytest.approx(theirs, abs=1e-12)


@given(counts)
def test_wilson_holds_the_share_and_stays_inside(pair):
    selected, n = pair
    low, high = wilson(selected, n)
    assert 0 <= low <= selected / n <= high <= 1


@pytest.mark.parametrize("n", [1, 7, 30, 10**6])
def test_wilson_ends_are_exact(n):
    assert wilson(0, n)[0] == 0.0
    assert wilson(n, n)[1] == 1.0


@pytest.mark.parametrize(("selected", "n"), [(0, 0), (-1, 5), (6, 5), (1, -1)])
def test_wilson_refuses_impossible_counts(selected, n):
    with pytest.raises(ValueError, match="0 <= selected <= n and n > 0"):
        wilson(selected, n)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5])
def test_a_confidence_is_a_share(confidence):
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        wilson(1, 2, confidence)


def test_newcombe_published_example():
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, contrast (a), method 10."""
    low, high = newcombe(GroupCounts(56, 70), GroupCounts(48, 80))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


@settings(deadline=None)
@given(counts, counts)
def test_newcombe_is_statsmodels(first, second):
    theirs = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert newcombe(GroupCounts(*first), GroupCounts(*second)) == pytest.approx(theirs, abs=1e-9)


def test_newcombe_refuses_an_empty_group():
    with pytest.raises(ValueError, match="n > 0"):
        newcombe(GroupCounts(1, 2), GroupCounts(0, 0))


def test_mover_of_symmetric_intervals_adds_in_squares():
    assert mover_difference((0.5, 0.47, 0.53), (0.2, 0.16, 0.24)) == pytest.approx((0.25, 0.35))


def test_quantiles():
    """Any table of the normal and of Student's t distribution."""
    assert normal_quantile(0.95) == pytest.approx(1.959964, abs=5e-7)
    assert student_quantile(0.95, 10) == pytest.approx(2.228139, abs=5e-7)
    assert student_quantile(0.95, 10**6) == pytest.approx(normal_quantile(0.95), abs=1e-5)
    assert math.isclose(student_quantile(0.95, 1), 12.7062047, abs_tol=1e-6)
