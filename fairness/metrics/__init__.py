"""Bias of labels, from integer counts. Pure: no Django, no data frames, fast enough for every glance.

What is undefined or insufficient is a value of its own (:class:`Estimate`), never NaN and never a false 0 or
1. fairlearn is the oracle of the tests.
"""

from fairness.metrics.apart import kept_apart, people_in
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
from fairness.metrics.consistency import NEIGHBOURS, Consistency, nearest, neighbour_consistency
from fairness.metrics.counts import (
    GroupCounts,
    OutcomeCounts,
    one_vs_rest,
    outcomes_one_vs_rest,
    without_truth,
)
from fairness.metrics.dif import STRATA, Dif, Size, difficulty_strata, mantel_haenszel
from fairness.metrics.estimate import Estimate, Reason, Status
from fairness.metrics.flips import Flips, flip_rate
from fairness.metrics.gaps import Gaps, gap, human_llm_gaps
from fairness.metrics.impact import FOUR_FIFTHS, Impact, Verdict, disparate_impact, ratio_interval
from fairness.metrics.intersections import Intersections, cross, crossed_rates, margin, own_limits
from fairness.metrics.intervals import each_of, mover_difference, mover_ratio, newcombe, wilson
from fairness.metrics.ordering import log_order_evidence
from fairness.metrics.parity import (
    MIN_GROUP,
    EqualizedOdds,
    Parity,
    demographic_parity,
    disparity,
    equal_opportunity,
    equalized_odds,
    false_positive_parity,
    no_comparison,
    odds_of,
    parity_of,
    raised,
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
from fairness.metrics.raters import GroupAgreement, RaterGaps, group_agreement, rater_gaps
from fairness.metrics.ratings import MIN_RATERS, Ratings
from fairness.metrics.sequences import confidence_sequence
from fairness.metrics.span import CertifiedSpan, certified_span
from fairness.metrics.stereotypes import Answer, StereotypeBias, stereotype_bias
from fairness.metrics.weighted import (
    ActiveParity,
    active_parity,
    effective_size,
    horvitz_thompson,
    inverse_weights,
    sequential_weights,
    weighted_parity,
    weighted_rate,
)

__all__ = [
    "ALPHA",
    "FOUR_FIFTHS",
    "MIN_GROUP",
    "MIN_RATERS",
    "MOST_GROUPS",
    "NEIGHBOURS",
    "STRATA",
    "ActiveParity",
    "Answer",
    "Band",
    "Certified",
    "CertifiedGaps",
    "CertifiedOdds",
    "CertifiedRate",
    "CertifiedSpan",
    "Consistency",
    "Dif",
    "EqualizedOdds",
    "Estimate",
    "Flips",
    "Gaps",
    "GroupAgreement",
    "GroupCounts",
    "Impact",
    "Intersections",
    "Method",
    "OutcomeCounts",
    "PairedCounts",
    "Parity",
    "RaterGaps",
    "Ratings",
    "Reason",
    "Size",
    "Status",
    "StereotypeBias",
    "Verdict",
    "active_parity",
    "certified",
    "certified_by_sequences",
    "certified_gaps",
    "certified_odds",
    "certified_paired_gaps",
    "certified_span",
    "confidence_sequence",
    "cross",
    "crossed_rates",
    "demographic_parity",
    "difficulty_strata",
    "disparate_impact",
    "disparity",
    "each_of",
    "effective_size",
    "equal_opportunity",
    "equalized_odds",
    "false_positive_parity",
    "flip_rate",
    "gap",
    "group_agreement",
    "horvitz_thompson",
    "human_llm_gaps",
    "inverse_weights",
    "kappa_below",
    "kept_apart",
    "log_order_evidence",
    "mantel_haenszel",
    "margin",
    "mover_difference",
    "mover_ratio",
    "nearest",
    "neighbour_consistency",
    "newcombe",
    "no_comparison",
    "odds_of",
    "one_vs_rest",
    "outcomes_one_vs_rest",
    "own_limits",
    "parity_of",
    "people_in",
    "raised",
    "rate",
    "rate_above",
    "rate_bands",
    "rate_below",
    "rater_gaps",
    "ratio_interval",
    "selection_rates",
    "sequential_weights",
    "stereotype_bias",
    "weighted_parity",
    "weighted_rate",
    "wilson",
    "without_truth",
]
