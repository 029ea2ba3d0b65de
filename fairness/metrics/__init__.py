"""Bias of labels, from integer counts. Pure: no Django, no data frames, fast enough for every glance.

What is undefined or insufficient is a value of its own (:class:`Estimate`), never NaN and never a false 0 or
1. fairlearn is the oracle of the tests.
"""

from fairness.metrics.bounds import (
    CertifiedGaps,
    CertifiedRate,
    PairedCounts,
    certified_gaps,
    certified_paired_gaps,
    kappa_below,
    rate_above,
    rate_below,
)
from fairness.metrics.certified import (
    ALPHA,
    MOST_GROUPS,
    Band,
    Certified,
    CertifiedOdds,
    Method,
    certified,
    certified_by_sequences,
    certified_odds,
    rate_bands,
)
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
from fairness.metrics.sequences import confidence_sequence

__all__ = [
    "ALPHA",
    "MIN_GROUP",
    "MOST_GROUPS",
    "Band",
    "Certified",
    "CertifiedGaps",
    "CertifiedOdds",
    "CertifiedRate",
    "EqualizedOdds",
    "Estimate",
    "Gaps",
    "GroupCounts",
    "Method",
    "OutcomeCounts",
    "PairedCounts",
    "Parity",
    "Reason",
    "Status",
    "certified",
    "certified_by_sequences",
    "certified_gaps",
    "certified_odds",
    "certified_paired_gaps",
    "confidence_sequence",
    "demographic_parity",
    "disparity",
    "equal_opportunity",
    "equalized_odds",
    "false_positive_parity",
    "gap",
    "human_llm_gaps",
    "kappa_below",
    "mover_difference",
    "newcombe",
    "one_vs_rest",
    "outcomes_one_vs_rest",
    "rate",
    "rate_above",
    "rate_bands",
    "rate_below",
    "selection_rates",
    "wilson",
    "without_truth",
]
