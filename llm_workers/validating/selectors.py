"""Reading what a validator has done, and how it compares with what is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from annotations.agreement.intervals import wilson
from annotations.models import Project
from llm_workers.validating.comparing import Counts
from llm_workers.validating.limits import Used, used
from llm_workers.validating.models import (
    Rating,
    RatingStatus,
    Validator,
    ValidatorComparison,
    ValidatorRules,
    Verdict,
)
from llm_workers.validating.services import current_validator, validator_rules_of

ENOUGH = 30  # ratings of labels that are known to be right, and as many of wrong ones, before a share is shown


@dataclass(frozen=True)
class Share:
    """``count`` of ``total``, with the 95 % interval (Wilson) of the share; None below ``ENOUGH``."""

    count: int
    total: int

    @property
    def share(self) -> float | None:
        return self.count / self.total if self.total >= ENOUGH else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(self.count, self.total) if self.total >= ENOUGH else None


@dataclass(frozen=True)
class Compared:
    """Ratings of labels that are known to be right or wrong. ``attribute`` and ``group`` are empty for all items.

    ``right`` and ``wrong``: verdict → ratings, of right and of wrong labels.
    """

    attribute: str = ""
    group: str = ""
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    @property
    def passed(self) -> Share:
        """Right labels that it agreed with."""
        return Share(self.right[Verdict.AGREE], self.right.total())

    @property
    def caught(self) -> Share:
        """Wrong labels that it disagreed with."""
        return Share(self.wrong[Verdict.DISAGREE], self.wrong.total())


@dataclass(frozen=True)
class ValidatorShown:
    """``left``: labels that wait or are being asked about. ``validator`` is None until it has had its first turn,
    ``compared_at`` (what ``overall`` and ``groups`` are as of) until its ratings were compared for the first time."""

    rules: ValidatorRules
    validator: Validator | None
    left: int
    verdicts: dict[str, int]
    used: Used
    overall: Compared
    groups: list[Compared]
    compared_at: datetime | None = None


def validator_shown(project: Project) -> ValidatorShown:
    rules = validator_rules_of(project)
    validator = current_validator(rules) if rules.model_id else None
    if validator is None:
        return ValidatorShown(rules, None, 0, {}, used(project.pk), Compared(), [])
    ratings = Rating.objects.filter(validator=validator)
    # Each by the index of its state; counted together they would be looked for among all ratings.
    left = sum(ratings.filter(status=status).count() for status in (RatingStatus.PENDING, RatingStatus.LEASED))
    comparison = ValidatorComparison.objects.filter(validator=validator).first()
    overall, groups = _compared(comparison.counts if comparison else [])
    verdicts = {
        Verdict.AGREE.value: validator.agreed,
        Verdict.DISAGREE.value: validator.disagreed,
        Verdict.UNSURE.value: validator.rated - validator.agreed - validator.disagreed,
    }
    as_of = comparison.counted_at if comparison else None
    return ValidatorShown(rules, validator, left, verdicts, used(project.pk), overall, groups, as_of)


def _compared(counts: Counts) -> tuple[Compared, list[Compared]]:
    found: dict[tuple[str, str], Compared] = {("", ""): Compared()}
    for attribute, group, is_right, verdict, count in counts:
        one = found.setdefault((attribute, group), Compared(attribute, group))
        (one.right if is_right else one.wrong)[verdict] += count
    return found.pop(("", "")), [found[key] for key in sorted(found)]


def ratings_of(project: Project) -> QuerySet[Rating]:
    """Ratings by the project's current validator that have ended, newest first."""
    rules = validator_rules_of(project)
    validator = current_validator(rules) if rules.model_id else None
    if validator is None:
        return Rating.objects.none()
    ended = Rating.objects.filter(validator=validator, finished_at__isnull=False)
    return ended.select_related("item").order_by("-id")


def ratings_of_item(item_id: int, project: Project) -> list[Rating]:
    """What the current validator says of the labels of one item."""
    done = ratings_of(project).filter(item_id=item_id, status=RatingStatus.DONE)
    return list(done.select_related("validator__schema").order_by("id"))
