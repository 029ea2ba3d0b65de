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
from fairness.metrics.consistency import Consistency, nearest, neighbour_consistency
from fairness.metrics.counts import (
    GroupCounts,
    OutcomeCounts,
    one_vs_rest,
    outcomes_one_vs_rest,
    without_truth,
)
from fairness.metrics.estimate import Estimate, Reason, Status
from fairness.metrics.flips import Flips, flip_rate
from fairness.metrics.gaps import Gaps, gap, human_llm_gaps
from fairness.metrics.impact import FOUR_FIFTHS, Impact, Verdict, disparate_impact, ratio_interval
from fairness.metrics.intersections import Intersections, cross, crossed_rates, margin
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
from fairness.metrics.pausing import (
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
from fairness.metrics.sequences import confidence_sequence

__all__ = [
    "ALPHA",
    "FOUR_FIFTHS",
    "MIN_GROUP",
    "MOST_GROUPS",
    "Band",
    "Certified",
    "CertifiedGaps",
    "CertifiedOdds",
    "CertifiedRate",
    "Consistency",
    "EqualizedOdds",
    "Estimate",
    "Flips",
    "Gaps",
    "GroupCounts",
    "Impact",
    "Intersections",
    "Method",
    "OutcomeCounts",
    "PairedCounts",
    "Parity",
    "Reason",
    "Status",
    "Verdict",
    "certified",
    "certified_by_sequences",
    "certified_gaps",
    "certified_odds",
    "certified_paired_gaps",
    "confidence_sequence",
    "cross",
    "crossed_rates",
    "demographic_parity",
    "disparate_impact",
    "disparity",
    "equal_opportunity",
    "equalized_odds",
    "false_positive_parity",
    "flip_rate",
    "gap",
    "human_llm_gaps",
    "kappa_below",
    "margin",
    "mover_difference",
    "nearest",
    "neighbour_consistency",
    "newcombe",
    "one_vs_rest",
    "outcomes_one_vs_rest",
    "rate",
    "rate_above",
    "rate_bands",
    "rate_below",
    "ratio_interval",
    "selection_rates",
    "wilson",
    "without_truth",
]
