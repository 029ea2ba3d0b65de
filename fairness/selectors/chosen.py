"""What labels say of a project whose items were chosen: weighted by their chances, beside those drawn at random.

Only people's items are chosen; a model's run takes items in random order. Where groups are served in balance, an item's
chance is that of its group: within it items are drawn at random, so the part of the group that is labelled is the
chance of each of its items. By priority there is no chance: what comes next is fixed by the item's number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotations.models import (
    AnnotationStatus,
    Assignment,
    GroupSurvey,
    Project,
    ServingRules,
    Strategy,
    Stream,
    StreamRules,
)
from annotations.task_types import task_type
from fairness.metrics import ActiveParity, GroupCounts, active_parity, inverse_weights
from fairness.selectors.live import Question
from ledger.models import LedgerEvent

MOST = 20_000  # newest labels of chosen and audited items that are read


@dataclass(frozen=True)
class Balanced:
    """Labels of items that were served in balance over the groups of ``attribute``, since that was last set.

    ``parity``: with each label weighted by its group's items for each label of it; None without a question, or where
    the groups were never counted. ``is_own``: the question compares these very groups, whose own rates need no weights.
    ``since``: when that was; None where it was never set anew.
    """

    attribute: str
    labels: int
    parity: ActiveParity[str] | None
    is_own: bool
    since: datetime | None = None


@dataclass(frozen=True)
class ChosenView:
    """``known`` and ``unknown``: labels of chosen items whose chance was logged, or that have none (by priority, or of
    an order that was changed since); ``balanced``: those whose chance is their group's; ``audited``: of the uniform
    audit stream. ``parity`` is None without a question, or without any label of a known chance. ``cut``: there are more
    labels than were read, the newest ones. ``by_priority``: items are served by priority now. ``audit_share``: the
    share of finished items that the project draws uniformly for a check by an expert. ``oldest``: the lease that the
    oldest label that was read was given for.
    """

    known: int
    unknown: int
    audited: int
    parity: ActiveParity[str] | None
    cut: bool
    balanced: Balanced | None = None
    by_priority: bool = False
    audit_share: float = 0.0
    oldest: int = 0

    @property
    def read(self) -> int:
        return self.known + self.unknown + self.audited + (self.balanced.labels if self.balanced else 0)


@dataclass(frozen=True)
class Given:
    """A label of a chosen or audited item, and the lease that it was given for."""

    lease: int
    stream: str
    chance: float | None
    at: datetime
    groups: Mapping[str, str]
    value: Any


def chosen_view(project: Project, question: Question | None) -> ChosenView | None:
    """None where no item was ever chosen, which one look-up in an empty index tells."""
    given = Assignment.objects.filter(project=project, stream__in=[Stream.CHOSEN, Stream.AUDIT])
    if not given.exists():
        return None
    labelled = given.filter(annotations__status=AnnotationStatus.CURRENT).order_by("-id")
    names = ("id", "stream", "probability", "leased_at", "item__groups", "annotations__value")
    found = [Given(*row) for row in labelled.values_list(*names)[: MOST + 1]]
    cut, rows = len(found) > MOST, found[:MOST]
    rules = ServingRules.objects.filter(project=project).first()
    audit = [row for row in rows if row.stream == Stream.AUDIT]
    known = [row for row in rows if row.stream == Stream.CHOSEN and row.chance is not None]
    others = [row for row in rows if row.stream == Stream.CHOSEN and row.chance is None]
    since = _balanced_since(project, rules) if others else None
    in_balance = _in_balance(rules, since, others)
    drawn = StreamRules.objects.filter(project=project).values_list("share", flat=True).first()
    return ChosenView(
        known=len(known),
        unknown=len(others) - len(in_balance),
        audited=len(audit),
        parity=_parity(project, question, known, [row.chance or 1.0 for row in known], audit) if known else None,
        cut=cut,
        balanced=_balanced(project, question, rules, since, in_balance, audit) if rules and in_balance else None,
        by_priority=rules is not None and rules.strategy == Strategy.PRIORITY,
        audit_share=drawn or 0.0,
        oldest=rows[-1].lease if rows else 0,
    )


def _balanced_since(project: Project, rules: ServingRules | None) -> datetime | None:
    """When the order was last set, where it is a balanced one; None also where it was never set anew."""
    if rules is None or rules.strategy != Strategy.STRATIFIED:
        return None
    events = LedgerEvent.objects.filter(
        project_id=project.pk, subject=f"project:{project.pk}", kind="serving.rules_changed"
    ).order_by("-id")
    return events.values_list("created_at", flat=True).first()


def _in_balance(rules: ServingRules | None, since: datetime | None, rows: Sequence[Given]) -> list[Given]:
    """Those that the order which holds now has given out, where it is a balanced one."""
    if rules is None or rules.strategy != Strategy.STRATIFIED or not rows:
        return []
    return [row for row in rows if since is None or row.at >= since]


def _balanced(
    project: Project,
    question: Question | None,
    rules: ServingRules,
    since: datetime | None,
    rows: Sequence[Given],
    audit: Sequence[Given],
) -> Balanced:
    chances = _chances_by_group(project, rules.column, rows)
    usable = [(row, chance) for row, chance in zip(rows, chances, strict=True) if chance is not None]
    parity = _parity(project, question, [row for row, _chance in usable], [one for _row, one in usable], audit)
    is_own = question is not None and question.attribute == rules.column
    return Balanced(rules.column, len(rows), parity if usable else None, is_own, since)


def _chances_by_group(project: Project, attribute: str, rows: Sequence[Given]) -> list[float | None]:
    """Labels of an item's group for each item of it, of which only the relation between groups matters: the largest is
    1. None where the group was not counted."""
    survey = GroupSurvey.objects.filter(project=project).first()
    items: Counter[str] = Counter()
    for _value, group, n in (survey.counts.get(attribute, {}) if survey else {}).get("values", []):
        items[str(group)] += int(n)
    labels = Counter(row.groups.get(attribute, "") for row in rows)
    share = {group: count / items[group] for group, count in labels.items() if items[group]}
    largest = max(share.values(), default=1.0)
    found = [share.get(row.groups.get(attribute, "")) for row in rows]
    return [None if one is None else one / largest for one in found]


def _parity(
    project: Project,
    question: Question | None,
    rows: Sequence[Given],
    chances: Sequence[float],
    audited: Sequence[Given],
) -> ActiveParity[str] | None:
    if question is None:
        return None
    task = task_type(project.schemas.get(is_current=True).task_type)

    def hit(row: Given) -> bool:
        return question.label in task.decisions(task.token(row.value))

    audit: dict[str, list[bool]] = defaultdict(list)
    for row in audited:
        if question.attribute in row.groups:
            audit[row.groups[question.attribute]].append(hit(row))
    own = [(row, chance) for row, chance in zip(rows, chances, strict=True) if question.attribute in row.groups]
    counts = {group: GroupCounts(sum(hits), len(hits)) for group, hits in audit.items()}
    groups = [row.groups[question.attribute] for row, _chance in own]
    return active_parity(groups, [hit(row) for row, _ in own], inverse_weights([one for _, one in own]), counts)
