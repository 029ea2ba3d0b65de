"""Bias of labels, from integer counts. Pure: no Django, no data frames, fast enough for every glance.

What is undefined or insufficient is a value of its own (:class:`Estimate`), never NaN and never a false 0 or
1. fairlearn is the oracle of the tests.
"""

from fairness.metrics.counts import (
    GroupCounts,
    OutcomeCounts,
    one_vs_rest,
    outcomes_one_vs_rest,
    without_truth,
)
from fairness.metrics.estimate import Estimate, Reason, Status
from fairness.metrics.gaps import Gaps, gap, human_llm_gaps
from fairness.metrics.intervals import mover_difference, newcombe, wilson
from fairness.metrics.parity import (
    MIN_GROUP,
    EqualizedOdds,
    Parity,
    demographic_parity,
    disparity,
    equal_opportunity,
    equalized_odds,
    false_positive_parity,
    rate,
    selection_rates,
)

__all__ = [
    "MIN_GROUP",
    "EqualizedOdds",
    "Estimate",
    "Gaps",
    "GroupCounts",
    "OutcomeCounts",
    "Parity",
    "Reason",
    "Status",
    "demographic_parity",
    "disparity",
    "equal_opportunity",
    "equalized_odds",
    "false_positive_parity",
    "gap",
    "human_llm_gaps",
    "mover_difference",
    "newcombe",
    "one_vs_rest",
    "outcomes_one_vs_rest",
    "rate",
    "selection_rates",
    "wilson",
    "without_truth",
]
