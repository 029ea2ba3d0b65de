import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom

from fairness.metrics import confidence_sequence, wilson
from fairness.metrics.sequences import log_likelihood, log_mixture, rate_limits
from tests.metrics.streams import streams

counts = st.integers(0, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
alphas = st.sampled_from([0.2, 0.05, 0.01, 0.001])


def test_the_mixture_is_the_average_likelihood():
    """Integrated by an independent routine: Beta(½, ½) over all rates."""
    for s, n in ((0, 1), (3, 10), (17, 40)):
        # The substitution p = sin² x turns the prior's density into a constant.
        likelihood = lambda x, s=s, n=n: math.sin(x) ** (2 * s) * math.cos(x) ** (2 * (n - s))  # noqa: E731
        mean = quad(likelihood, 0, math.pi / 2)[0] / (math.pi / 2)
        assert log_mixture(s, n) == pytest.approx(math.log(mean))


@given(counts, alphas)
def test_limits_solve_the_equation(pair, alpha):
    s, n = pair
    low, high = confidence_sequence(s, n, alpha)
    for limit, end in ((low, 0.0), (high, 1.0)):
        if limit != end:
            against = log_mixture(s, n) - log_likelihood(s, n, limit)
            # Rounded outwards: never short of what was asked, and at most a rounding error beyond it.
            assert against == pytest.approx(math.log(1 / alpha), abs=1e-6)
            assert against >= math.log(1 / alpha) - 1e-9


@given(counts, alphas)
def test_the_sequence_holds_the_observed_rate_and_widens_with_certainty(pair, alpha):
    s, n = pair
    low, high = confidence_sequence(s, n, alpha)
    if n == 0:
        assert (low, high) == (0.0, 1.0)
        return
    assert 0 <= low <= s / n <= high <= 1
    surer_low, surer_high = confidence_sequence(s, n, alpha / 2)
    assert surer_low <= low
    assert surer_high >= high


def test_it_is_wider_than_an_interval_for_one_look():
    low, high = confidence_sequence(300, 1000)
    fixed_low, fixed_high = wilson(300, 1000)
    assert low < fixed_low < fixed_high < high


@settings(max_examples=25)
@given(st.lists(counts, min_size=1, max_size=50))
def test_arrays_are_their_elements(pairs):
    s, n = (np.array(column) for column in zip(*pairs, strict=True))
    low, high = confidence_sequence(s, n, 0.05)
    assert low.shape == high.shape == s.shape
    for k, (one, all_) in enumerate(pairs):
        assert (low[k], high[k]) == tuple(float(x) for x in confidence_sequence(one, all_, 0.05))


@given(counts, alphas)
def test_the_other_label_has_the_mirrored_limits(pair, alpha):
    s, n = pair
    low, high = confidence_sequence(s, n, alpha)
    assert confidence_sequence(n - s, n, alpha) == (pytest.approx(1 - high, abs=1e-9), pytest.approx(1 - low, abs=1e-9))


def test_ends_are_exact_where_none_or_all_are_selected():
    assert confidence_sequence(0, 50)[0] == 0.0
    assert confidence_sequence(50, 50)[1] == 1.0


def test_a_million_labels_narrow_it():
    low, high = confidence_sequence(300_000, 10**6)
    assert 0.2975 < low < 0.3 < high < 0.3025


def test_extreme_evidence_is_still_an_interval():
    low, high = rate_limits(3, 10, 1e4)
    assert 0 <= low < 1e-12
    assert 1 - 1e-12 < high <= 1


@pytest.mark.parametrize(("s", "n"), [(-1, 5), (6, 5), (1, math.inf), (math.nan, 5), ([1, 9], [2, 3])])
def test_impossible_counts_are_refused(s, n):
    with pytest.raises(ValueError, match="0 <= selected <= n"):
        confidence_sequence(s, n)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 5, math.nan])
def test_an_alpha_is_a_probability(alpha):
    with pytest.raises(ValueError, match="alpha must lie strictly between 0 and 1"):
        confidence_sequence(1, 2, alpha)


def test_no_evidence_asked_for_is_refused():
    with pytest.raises(ValueError, match="evidence asked for must be positive"):
        rate_limits(1, 2, 0.0)


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5])
def test_it_holds_at_all_moments_at_once(p):
    """Looked at after each of 600 labels, 400 seeded runs: the true rate is ever outside in at most alpha of them.
    A fixed-n interval at the same level fails that by far."""
    selected, n = (x[0] for x in streams((p,), runs=400, labels=600, seed=3))
    low, high = confidence_sequence(selected, n, 0.1)
    ever_out = ((low > p) | (high < p)).any(axis=1).mean()
    assert ever_out <= 0.1
    z = 1.645
    share = selected / n
    half = z * np.sqrt(share * (1 - share) / n)
    wald_out = (np.abs(share - p) > half)[:, 29:].any(axis=1).mean()
    assert wald_out > 0.3


def test_the_mixture_is_a_martingale():
    """Its mean under any rate stays 1: summed over all outcomes of n labels, with scipy's binomial."""
    for n in (1, 5, 30):
        for p in (0.1, 0.5):
            s = np.arange(n + 1)
            evidence = np.exp(log_mixture(s, n) - log_likelihood(s, n, p))
            assert (binom.pmf(s, n, p) * evidence).sum() == pytest.approx(1.0)
