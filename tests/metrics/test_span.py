"""How far apart groups can be, from their bands."""

import numpy as np
import pytest

from fairness.metrics import Band, GroupCounts, Verdict, certified_span, rate_bands


def test_by_hand():
    found = certified_span({"a": Band(0.1, 0.2), "b": Band(0.4, 0.5)})
    assert found.difference == pytest.approx(0.4)
    assert (found.ratio.low, found.ratio.high) == (pytest.approx(0.2), pytest.approx(0.5))
    assert found.impact is Verdict.BELOW


@pytest.mark.parametrize(
    ("bands", "verdict"),
    [
        ({"a": Band(0.45, 0.5), "b": Band(0.46, 0.5)}, Verdict.ABOVE),
        ({"a": Band(0.3, 0.5), "b": Band(0.4, 0.5)}, Verdict.UNCLEAR),
        ({"a": Band(0.0, 0.0), "b": Band(0.0, 0.0)}, Verdict.ABOVE),  # all rates are 0, and equal
        ({"a": Band(0.0, 1.0)}, Verdict.INSUFFICIENT),
        ({}, Verdict.INSUFFICIENT),
    ],
)
def test_what_is_said_of_four_fifths(bands, verdict):
    assert certified_span(bands).impact is verdict


def test_nothing_is_known_without_labels():
    found = certified_span(rate_bands({"a": GroupCounts(0, 0), "b": GroupCounts(9, 10)}))
    assert found.difference > 0.9
    assert found.ratio.low == 0
    assert found.impact is Verdict.UNCLEAR


@pytest.mark.parametrize("threshold", [0, 1.1, -0.2])
def test_a_threshold_that_is_none(threshold):
    with pytest.raises(ValueError, match="threshold must lie in"):
        certified_span({}, threshold=threshold)


def test_true_rates_within_the_bands_are_never_outside_what_is_said():
    random = np.random.default_rng(5)
    for _ in range(200):
        ends = np.sort(random.random((4, 2)), axis=1)
        rates = random.uniform(ends[:, 0], ends[:, 1])
        found = certified_span({n: Band(*end) for n, end in enumerate(ends)})
        assert rates.max() - rates.min() <= found.difference
        assert found.ratio.low <= rates.min() / rates.max() <= found.ratio.high + 1e-12
