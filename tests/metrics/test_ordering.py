"""Evidence that labels come in an order that knows groups."""

from __future__ import annotations

from itertools import combinations
from math import comb, exp

import pytest

from fairness.metrics import log_order_evidence


@pytest.mark.parametrize(("n", "m"), [(3, 4), (1, 6), (5, 5)])
def test_its_mean_over_all_orders_is_one_until_a_group_may_be_full_and_never_more(n, m):
    for drawn in range(n + m + 1):
        mean = 0.0
        for s in range(max(0, drawn - m), min(n, drawn) + 1):
            chance = comb(n, s) * comb(m, drawn - s) / comb(n + m, drawn)
            mean += chance * exp(float(log_order_evidence(s, n, drawn - s, m)))
        assert mean == pytest.approx(1.0) if drawn <= min(n, m) else mean < 1


def test_the_next_label_leaves_its_mean_as_it_is():
    """Whatever was given: the mean over the next label by the shares of what is missing. Of a full group it falls."""
    n, m = 4, 6
    assert log_order_evidence(n, n, 3, m) > log_order_evidence(n, n, 4, m)
    for s, f in ((s, f) for s in range(n) for f in range(m)):
        now = exp(float(log_order_evidence(s, n, f, m)))
        first = (n - s) / (n + m - s - f)
        later = [exp(float(log_order_evidence(*x))) for x in ((s + 1, n, f, m), (s, n, f + 1, m))]
        assert first * later[0] + (1 - first) * later[1] == pytest.approx(now)


def test_it_is_the_same_whichever_group_is_named_first_and_less_where_labels_come_together():
    for (s, n), (f, m) in combinations([(60, 120), (3, 120), (30, 30)], 2):
        one = log_order_evidence(s, n, f, m)
        assert one == pytest.approx(log_order_evidence(f, m, s, n))
        assert log_order_evidence(s, n, f, m, labels_per_item=3) < one


@pytest.mark.parametrize("counts", [(5, 4, 1, 4), (-1, 4, 1, 4)])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(ValueError, match="counts"):
        log_order_evidence(*counts)
    with pytest.raises(ValueError, match="labels_per_item"):
        log_order_evidence(1, 4, 1, 4, labels_per_item=0)
