"""Reading what a validator has done, and how it compares with what is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import QuerySet

from annotations.agreement.intervals import wilson
from annotations.models import Project
from llm_workers.validating.limits import Used, used
from llm_workers.validating.models import Rating, RatingStatus, Validator, ValidatorRules, Verdict
from llm_workers.validating.services import current_validator, validator_rules_of

ENOUGH = 30  # ratings of labels that are known to be right, and as many of wrong ones, before a share is shown

# Ratings of labels whose item's label is known: an expert settled it, or it is gold. Found from what is known, which is
# little, and not from the ratings. Once for all items together (the group null), once for each group.
COMPARED = """
WITH known AS (
    SELECT closed.item_id, settled.value FROM annotations_case closed
    JOIN annotations_settlement settled ON settled.case_id = closed.id
    WHERE closed.project_id = %(project)s AND closed.status = 'settled' AND settled.value IS NOT NULL
    UNION ALL
    SELECT item.id, item.gold FROM annotations_item item
    WHERE item.project_id = %(project)s AND item.gold IS NOT NULL AND NOT EXISTS (
        SELECT FROM annotations_case closed WHERE closed.item_id = item.id AND closed.status = 'settled')
)
SELECT part.attribute, part.name, (rated.value = known.value) AS is_right, rated.verdict, count(*)
FROM known
JOIN llm_workers_rating rated ON rated.item_id = known.item_id AND rated.validator_id = %(validator)s
JOIN annotations_item item ON item.id = known.item_id
CROSS JOIN LATERAL (
    SELECT NULL::text AS attribute, NULL::text AS name
    UNION ALL SELECT pair.key, pair.value FROM jsonb_each_text(item.groups) pair
) part
WHERE rated.status = 'done'
GROUP BY 1, 2, 3, 4
"""


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
    """``left``: labels that wait or are being asked about. ``validator`` is None until it has had its first turn."""

    rules: ValidatorRules
    validator: Validator | None
    left: int
    verdicts: dict[str, int]
    used: Used
    overall: Compared
    groups: list[Compared]


def validator_shown(project: Project) -> ValidatorShown:
    rules = validator_rules_of(project)
    validator = current_validator(rules) if rules.model_id else None
    if validator is None:
        return ValidatorShown(rules, None, 0, {}, used(project.pk), Compared(), [])
    ratings = Rating.objects.filter(validator=validator)
    # Each by the index of its state; counted together they would be looked for among all ratings.
    left = sum(ratings.filter(status=status).count() for status in (RatingStatus.PENDING, RatingStatus.LEASED))
    overall, groups = _compared(validator)
    verdicts = {
        Verdict.AGREE.value: validator.agreed,
        Verdict.DISAGREE.value: validator.disagreed,
        Verdict.UNSURE.value: validator.rated - validator.agreed - validator.disagreed,
    }
    return ValidatorShown(rules, validator, left, verdicts, used(project.pk), overall, groups)


def _compared(validator: Validator) -> tuple[Compared, list[Compared]]:
    found: dict[tuple[str, str], Compared] = {("", ""): Compared()}
    with connection.cursor() as cursor:
        cursor.execute(COMPARED, {"validator": validator.pk, "project": validator.project_id})
        for attribute, group, is_right, verdict, count in cursor.fetchall():
            key = (attribute or "", group or "")
            one = found.setdefault(key, Compared(*key))
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
