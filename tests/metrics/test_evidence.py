import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from fairness.metrics import evidence
from fairness.metrics.evidence import log_evidence
from fairness.metrics.sequences import log_likelihood, log_mixture

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
taus = st.sampled_from([0.0, 0.05, 0.2])


def martingale(s, n, u, m, p, q):
    """All parts under the rates ``p`` and ``q``, written out a second time; here both directions count."""
    learnt = log_mixture(s, n) + log_mixture(u, m) - log_likelihood(s, n, p) - log_likelihood(u, m, q)
    parts = [math.log(0.3) + learnt]
    for up, down, weight in zip(evidence._UP, evidence._DOWN, evidence._LOG_WEIGHTS, strict=True):
        for a, b in ((up, down), (down, up)):
            shifted = a * s - n * math.log(1 + p * math.expm1(a)) + b * u - m * math.log(1 + q * math.expm1(b))
            parts.append(weight + shifted)
    return np.logaddexp.reduce(parts)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (7, 4), (20, 3)])
@pytest.mark.parametrize(("p", "q"), [(0.3, 0.3), (0.5, 0.45), (0.02, 0.1)])
def test_every_part_has_mean_one_whatever_the_rates(n, m, p, q):
    """What Ville's inequality needs, summed over every outcome with scipy's binomial."""
    s, u = (x.ravel() for x in np.meshgrid(np.arange(n + 1), np.arange(m + 1)))
    chance = binom.pmf(s, n, p) * binom.pmf(u, m, q)
    assert (chance * np.exp(martingale(s, n, u, m, p, q))).sum() == pytest.approx(1.0)


@settings(deadline=None)
@given(counts, counts, taus, st.floats(0.001, 0.999), st.floats(-1, 1))
def test_evidence_is_never_above_what_any_allowed_rates_leave(first, second, tau, p, position):
    """At the likeliest rates and at any other two that are no further apart than tau: the rigorous part."""
    q = p + tau * position
    assume(0 < q < 1)
    (found,) = log_evidence(*first, *second, tau=tau)
    assert found <= martingale(*first, *second, p, q) + 1e-9


large = st.integers(1, 3_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None, max_examples=300)
@given(large, large, st.sampled_from([1e-6, 0.001, 0.05, 0.3, 0.9]), st.sampled_from([1, 4]))
def test_the_likeliest_allowed_rates_are_where_the_slope_turns(first, second, tau, times):
    """The closed form beside halvings of the slope of the likelihood, in standard errors."""
    assume(first[0] / first[1] - second[0] / second[1] > tau)
    (s, n), (u, m) = ((x / times for x in side) for side in (first, second))

    def rises(q):
        terms = [(s, q + tau), (u, q)], [(n - s, 1 - q - tau), (m - u, 1 - q)]
        up, down = (sum(k / p if p > 0 else math.inf for k, p in side if k) for side in terms)
        return up > down

    low, high = 0.0, 1.0 - tau
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rises(middle) else (low, middle)
    (found,) = evidence._nearest(np.array([[s], [n]]), np.array([[u], [m]]), tau)
    assert abs(found - low) < 1e-6 * (max(low * (1 - low), 1e-12) / (n + m)) ** 0.5


CLEARLY_APART = [((40, 100), (20, 100)), ((400, 1000), (250, 1000)), ((60, 200), (900, 1800)), ((100, 100), (60, 100))]


@pytest.mark.parametrize("tau", [0.0, 0.05, 0.1])
@pytest.mark.parametrize(("first", "second"), CLEARLY_APART)
def test_the_cells_lose_little(first, second, tau):
    """Beside a fine search of the same function without any lower bounds."""
    (found,) = log_evidence(*first, *second, tau=tau)
    (s, n), (u, m) = (first, second) if first[0] / first[1] > second[0] / second[1] else (second, first)
    q = np.linspace(1e-6, 1 - tau - 1e-6, 4001)
    one = np.array([[s], [n]], dtype=float), np.array([[u], [m]], dtype=float)
    learnt = evidence._learnt(*one, q[None, :], tau)
    smallest = evidence._mixed(*one, q[None, :] + tau, q[None, :], learnt).min()
    assert found <= smallest + 1e-6
    assert found >= smallest - 0.3


@settings(deadline=None)
@given(counts, counts, taus)
def test_neither_the_order_of_the_groups_nor_of_the_labels_matters(first, second, tau):
    here, there = log_evidence(*first, *second, tau=tau), log_evidence(*second, *first, tau=tau)
    assert here == pytest.approx(there)
    (s, n), (u, m) = first, second
    assert here == pytest.approx(log_evidence(n - s, n, m - u, m, tau=tau), abs=0.3)


@pytest.mark.parametrize(("first", "second"), CLEARLY_APART)
def test_more_is_allowed_with_less_evidence(first, second):
    found = [log_evidence(*first, *second, tau=tau)[0] for tau in (0, 0.02, 0.05, 0.1, 0.5)]
    assert all(more > less for more, less in itertools.pairwise(found))


def test_rates_no_further_apart_than_allowed_are_no_evidence():
    assert log_evidence(30, 100, 35, 100, tau=0.05)[0] == -math.inf
    assert log_evidence(30, 100, 30, 100)[0] == -math.inf
    assert log_evidence(0, 0, 30, 100)[0] == -math.inf


def test_extremes_are_finite():
    found = log_evidence(
        [0, 10**6, 1, 10**6], [10**6, 10**6, 1, 10**6], [10**6, 0, 0, 0], [10**6, 10**6, 1, 1], tau=0.2
    )
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(found[1])
    assert found[0] > 10**5


def test_a_quick_no_is_a_no():
    """Where enough cannot be reached, what comes back is below it and above the evidence itself."""
    s, n = np.arange(0, 60), np.full(60, 100)
    exact = log_evidence(s, n, 30, 100)
    quick = log_evidence(s, n, 30, 100, enough=4.0)
    assert ((quick >= 4.0) == (exact >= 4.0)).all()
    assert (quick >= exact - 1e-12).all()
    assert (quick[quick >= 4.0] == exact[quick >= 4.0]).all()


def test_many_pairs_are_worked_off_in_chunks(monkeypatch):
    s = np.arange(50)
    whole = log_evidence(s, 50, 10, 50)
    monkeypatch.setattr(evidence, "_CHUNK", 7)
    assert (log_evidence(s, 50, 10, 50) == whole).all()


@pytest.mark.parametrize("tau", [-0.1, 1, math.nan])
def test_tau_is_a_difference(tau):
    with pytest.raises(ValueError, match=r"tau must lie in \[0, 1\)"):
        log_evidence(1, 2, 1, 2, tau=tau)
