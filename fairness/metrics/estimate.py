"""The value that every bias metric returns: a number, or in so many words that there is none."""

import math
from dataclasses import dataclass
from enum import StrEnum

from annotations.agreement.reasons import ReasonCode, gettext_noop


class Status(StrEnum):
    """Whether an estimate can be read.

    ``UNDEFINED``: the formula has no value (a rate over nothing, a ratio of zeros).
    ``INSUFFICIENT``: it has one, but from so few labels that showing it would mislead.
    """

    OK = "ok"
    UNDEFINED = "undefined"
    INSUFFICIENT = "insufficient"


class Reason(ReasonCode):
    """Why an estimate cannot be read."""

    NO_LABELS = ("no_labels", gettext_noop("This group has no labels yet."))
    NO_POSITIVES = (
        "no_positives",
        gettext_noop("No item of this group truly has the label, so there is no rate of finding it."),
    )
    NO_NEGATIVES = (
        "no_negatives",
        gettext_noop("Every item of this group truly has the label, so there is no rate of false alarms."),
    )
    SMALL_GROUP = (
        "small_group",
        gettext_noop("Insufficient data: a rate from so few labels would mostly show chance."),
    )
    ONE_GROUP = (
        "one_group",
        gettext_noop("A comparison needs at least two groups for which the rate exists."),
    )
    SMALL_GROUPS = (
        "small_groups",
        gettext_noop("Insufficient data: fewer than two groups have enough labels to be compared."),
    )
    ALL_ZERO = (
        "all_zero",
        gettext_noop("The rate is zero in every group, so the ratio would divide zero by zero."),
    )
    NO_FAMILIES = (
        "no_families",
        gettext_noop("No family of variants has two answers yet, so none could have been answered in two ways."),
    )
    NO_NEIGHBOURS = (
        "no_neighbours",
        gettext_noop("There are too few items for each to have the neighbours that it would be compared with."),
    )
    FEW_RATERS = (
        "few_raters",
        gettext_noop("Insufficient data: a group of so few people is not shown, for their sake and for accuracy's."),
    )
    NO_SHARED_ITEMS = (
        "no_shared_items",
        gettext_noop("The groups have labelled no item in common, so they cannot be compared on the same items."),
    )
    NO_STRATA = (
        "no_strata",
        gettext_noop("At no level of difficulty did both groups answer and both answers occur."),
    )
    ONE_SIDED = (
        "one_sided",
        gettext_noop("At every level of difficulty all differences point one way, so the odds ratio is 0 or infinite."),
    )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate, difference or ratio with its interval, or the reason why there is none.

    Attributes
    ----------
    value : the number; ``None`` exactly where ``status`` is not ``OK``. Never NaN or infinite.
    status : see :class:`Status`.
    n : observations that it rests on (for a comparison, of all groups compared).
    low, high : limits of the confidence interval; both ``None`` where the metric has none.
    reason : why there is no value; ``None`` where there is one.
    """

    value: float | None
    status: Status
    n: int
    low: float | None = None
    high: float | None = None
    reason: Reason | None = None

    def __post_init__(self) -> None:
        ok = self.status is Status.OK
        if ok is (self.value is None) or ok is (self.reason is not None):
            raise ValueError("An estimate has either a value or a reason why it has none.")
        if any(x is not None and not math.isfinite(x) for x in (self.value, self.low, self.high)):
            raise ValueError("An estimate and its limits are finite numbers or None.")
        if (self.low is None) != (self.high is None) or (not ok and self.low is not None):
            raise ValueError("An interval has both limits and belongs to a value.")

    @classmethod
    def ok(cls, value: float, n: int, interval: tuple[float, float] | None = None) -> "Estimate":
        low, high = interval or (None, None)
        return cls(value, Status.OK, n, low, high)

    @classmethod
    def undefined(cls, reason: Reason, n: int = 0) -> "Estimate":
        return cls(None, Status.UNDEFINED, n, reason=reason)

    @classmethod
    def insufficient(cls, reason: Reason, n: int) -> "Estimate":
        return cls(None, Status.INSUFFICIENT, n, reason=reason)

    @property
    def is_ok(self) -> bool:
        return self.status is Status.OK
